/** JSON in ASCII: no control character, including C1 and bidirectional ones, reaches a terminal. */

/** Escapes everything outside ASCII in JSON; outside strings, JSON has none. */
export function asciiJson(json: string): string {
  return json.replace(/[\x7f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A string as ASCII JSON; text beyond `length` UTF-16 units is replaced by "...". */
export function boundedJson(text: string, length: number): string {
  return asciiJson(JSON.stringify(text.length > length ? `${text.slice(0, length)}...` : text));
}
