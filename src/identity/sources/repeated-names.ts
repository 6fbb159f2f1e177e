/** Checks JSON for duplicate names, before any of it is trusted. */

/** A string with the colon that makes it a name, and brackets. Any number of blanks may precede the colon. */
const tokens = /("[^"\\]*(?:\\.[^"\\]*)*")[ \t\r\n]*(:?)|[{}[\]]/g;

/**
 * Whether an object in the JSON has a duplicate name, in any spelling (`"r\u006fle"`). Parsers differ in which of the two they use, so two
 * services could see different users (RFC 7519 section 4, RFC 8259 section 4). `json` is valid.
 */
export function repeatsName(json: string): boolean {
  const open: (Set<string> | null)[] = [];
  for (const [token, text, colon] of json.matchAll(tokens)) {
    if (text !== undefined) {
      if (colon !== ':') continue;
      const names = open.at(-1);
      const name = String(JSON.parse(text));
      if (names?.has(name) === true) return true;
      names?.add(name);
    } else if (token === '{') open.push(new Set());
    else if (token === '[') open.push(null);
    else open.pop();
  }
  return false;
}
