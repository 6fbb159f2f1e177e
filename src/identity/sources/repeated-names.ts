/** Whether JSON says one thing twice, before anything of it is believed. */

/** A text with what makes it a name, and what opens and closes. The colon may come after any number of blanks. */
const tokens = /("[^"\\]*(?:\\.[^"\\]*)*")[ \t\r\n]*(:?)|[{}[\]]/g;

/**
 * Whether an object in the JSON has a name twice, however it is written (`"r\u006fle"`). Readers differ in which of the two
 * counts, so that one service could see another user than the next (RFC 7519 section 4, RFC 8259 section 4). `json` is valid.
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
