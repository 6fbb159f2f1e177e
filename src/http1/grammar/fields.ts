/**
 * Header fields on the wire (RFC 9112 section 5), for both directions. Strict: two readers must never read one message
 * differently, so nothing is repaired. Folded lines, bare CR or LF, a blank before the colon and control characters are
 * malformed. Bytes beyond ASCII are kept as Latin-1.
 */

/** RFC 9110 section 5.6.2. */
export const tokenPattern: RegExp = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** RFC 9110 section 8.6, without the leading zeros that some implementations read as octal. */
const lengthPattern = /^(?:0|[1-9]\d{0,15})$/;

/**
 * The fields of a head: alternating names as received and trimmed values. `text` is the head without its last CR LF; `at` is the position
 * of the CR LF that ends the start line, or -1 if no field follows. Null: malformed.
 */
export function readFields(text: string, at: number): string[] | null {
  const fields: string[] = [];
  let lineEnd = at;
  while (lineEnd >= 0) {
    const start = lineEnd + 2;
    const next = text.indexOf('\r\n', start);
    const end = next < 0 ? text.length : next;
    const colon = text.indexOf(':', start);
    if (colon < 0 || colon >= end) return null;
    const name = text.slice(start, colon);
    if (!tokenPattern.test(name) || !isFieldContent(text, colon + 1, end)) return null;
    fields.push(name, trimmed(text, colon + 1, end));
    lineEnd = next;
  }
  return fields;
}

/** Visible characters, blanks and bytes beyond ASCII (RFC 9110 section 5.5): no CR, LF or NUL that another reader could act on. */
function isFieldContent(text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i += 1) {
    const code = text.charCodeAt(i);
    if ((code < 0x20 && code !== 0x09) || code === 0x7f) return false;
  }
  return true;
}

/** The value of a `Content-Length` field; -1: not a valid one. */
export function readLength(value: string): number {
  if (!lengthPattern.test(value)) return -1;
  const length = Number(value);
  return Number.isSafeInteger(length) ? length : -1;
}

/** Whether a comma-separated list (RFC 9110 section 5.6.1) has the member, in any case. `member` is in lower case. */
export function listHas(value: string, member: string): boolean {
  const list = value.toLowerCase();
  if (list === member) return true;
  if (!list.includes(member)) return false;
  return list.split(',').some((part) => trimmed(part, 0, part.length) === member);
}

/** Anything that a recipient could read as a line end (RFC 9110 section 5.5), or that is not a byte. */
const unsendable = /[^\t\x20-\x7e\x80-\xff]/;

/** Whether a name, a value or the rest of a start line may be sent. A line end in one would add fields or split the message. */
export function isSendable(part: string): boolean {
  return !unsendable.test(part);
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
