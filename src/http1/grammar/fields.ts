/**
 * Header fields on the wire (RFC 9112 section 5), for both directions. Strict: two readers must never read one message
 * differently, so nothing is repaired. Folded lines, bare CR or LF, a blank before the colon and control characters are
 * malformed. Bytes beyond ASCII are kept as Latin-1.
 */

/** RFC 9110 section 5.6.2. */
const isToken = tableOf(/[!#$%&'*+\-.^_`|~0-9A-Za-z]/);
/** Visible characters, blanks and bytes beyond ASCII (RFC 9110 section 5.5): no CR, LF or NUL that another reader could act on. */
const isContent = tableOf(/[\t\x20-\x7e\x80-\xff]/);
const cr = 0x0d;
const lf = 0x0a;
const colon = 0x3a;

/** 1 for each byte that the pattern matches. */
function tableOf(pattern: RegExp): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => Number(pattern.test(String.fromCharCode(byte))));
}

/**
 * The fields of a head: alternating names as received and trimmed values. `bytes` ends with the CR LF of the last line, and `text` is the
 * same as Latin-1. `at`: where the first field begins. A number: where the first malformed byte is.
 */
export function readFields(bytes: Buffer, text: string, at: number): string[] | number {
  const fields: string[] = [];
  let next = at;
  while (next < bytes.length) {
    const start = next;
    while (isToken[bytes[next]!] === 1) next += 1;
    const nameEnd = next;
    if (nameEnd === start || bytes[nameEnd] !== colon) return nameEnd;
    next += 1;
    while (isContent[bytes[next]!] === 1) next += 1;
    if (bytes[next] !== cr || bytes[next + 1] !== lf) return next;
    fields.push(text.slice(start, nameEnd), trimmed(text, nameEnd + 1, next));
    next += 2;
  }
  return fields;
}

/** Whether a name or another token is `wanted`, which is in lower case. */
export function isNamed(text: string, wanted: string): boolean {
  return text.length === wanted.length && text.toLowerCase() === wanted;
}

/** RFC 9110 section 8.6, without the leading zeros that some implementations read as octal. */
const lengthPattern = /^(?:0|[1-9]\d{0,15})$/;

/** The value of a `Content-Length` field; -1: not a valid one. */
export function readLength(value: string): number {
  if (!lengthPattern.test(value)) return -1;
  const length = Number(value);
  return Number.isSafeInteger(length) ? length : -1;
}

/** Whether a comma-separated list (RFC 9110 section 5.6.1) has the member, in any case. `member` is in lower case. */
export function listHas(value: string, member: string): boolean {
  if (!value.includes(',')) return isNamed(trimmed(value, 0, value.length), member);
  return value.split(',').some((part) => isNamed(trimmed(part, 0, part.length), member));
}

/** NUL, CR and LF (RFC 9110 section 5.5), other characters at which some readers end a line (VT, FF, FS, GS, RS), and what is not a byte. */
const unsendable = /[\0\n-\r\x1c-\x1e\u0100-\uffff]/;

/** Whether names, values or the rest of a start line may be sent. A line end in one would add fields or split the message. */
export function isSendable(parts: string): boolean {
  return !unsendable.test(parts);
}

/** Without the surrounding spaces and tabs (RFC 9110 section 5.5); `trim()` would also remove NBSP and other blanks. */
function trimmed(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
