/** Text as a JSON string of bounded length in pure ASCII: no control character, C1 and bidirectional ones included, reaches a terminal. */

const escapes = /[\x7f-\uffff]/g;

/** What cannot stand between quotes as it is. */
const toEscape = /[^ !#-[\]-~]/;

/** Quotes `text`; what is beyond `maxLength` UTF-16 units is cut off and replaced by "...". */
export function jsonText(text: string, maxLength: number): string {
  if (text.length > maxLength) return quote(`${text.slice(0, maxLength)}...`);
  return toEscape.test(text) ? quote(text) : `"${text}"`;
}

/** Escapes everything outside ASCII in JSON that is already written: outside strings, JSON has none. */
export function asciiJson(json: string): string {
  return json.replace(escapes, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function quote(text: string): string {
  return asciiJson(JSON.stringify(text));
}
