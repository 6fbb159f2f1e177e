/**
 * Why a response is not valid HTTP, and where, for the log: `field_value at line 3, column 12`. Lines and columns count from 1, columns in
 * bytes. Nothing that the service sent is repeated, because it may be a secret.
 */

/** What each rule demands. */
export const responseRules = {
  status_line: '`HTTP/1.0` or `HTTP/1.1`, a space, three digits, and nothing or a space and a text.',
  line_end: 'Every line ends with CR LF, and neither occurs alone.',
  folded_line: 'No line begins with a space or a tab.',
  field_name: 'A header line begins with a name and a colon. Spaces and most punctuation are not part of names.',
  field_value: 'No value contains a control character.',
  field_count: 'At most 1,000 header lines.',
  content_length: 'At most one `content-length`, a number below 2^53 without sign and leading zeros.',
  transfer_encoding: 'At most one `transfer-encoding`, with the value `chunked`, and not in HTTP/1.0.',
  one_framing: 'Either `content-length` or `transfer-encoding`, not both.',
  unrequested_switch: 'No 101, unless the client requested another protocol.',
  handshake_key:
    'The 101 has the `sec-websocket-accept` that belongs to the key of the client, and `upgrade: websocket`.',
  chunk_size: 'A chunk begins with its size, at most 12 hexadecimal digits, and CR LF.',
  chunk_extension: 'Extensions after the size have the form `;name=value`.',
  chunk_end: 'A chunk has as many bytes as its size, and CR LF after them.',
  trailer_line: 'Trailers have the form of header lines. Trailers and extensions have at most 16 KiB together.',
  early_bytes: 'Nothing is sent before the request has arrived.',
} as const;

export type ResponseRule = keyof typeof responseRules;

const lf = 0x0a;
const cr = 0x0d;
const space = 0x20;
const tab = 0x09;
const protocol = 'HTTP/1.';

/** In the line of this number. */
export function faultInLine(rule: ResponseRule, line: number): string {
  return `${rule} at line ${line}`;
}

/** A status line that was refused, without its end. */
export function statusLineFault(line: string): string {
  const lineEnd = line.search(/[\r\n]/);
  if (lineEnd >= 0) return `line_end at line 1, column ${lineEnd + 1}`;
  return faultInLine('status_line', 1);
}

/** The first byte of the fields that was refused. */
export function fieldFault(bytes: Buffer, at: number): string {
  const lineStart = bytes.lastIndexOf(lf, at - 1) + 1;
  return faultAt(fieldRule(bytes, lineStart, at), bytes, at);
}

function fieldRule(bytes: Buffer, lineStart: number, at: number): ResponseRule {
  const byte = bytes[at];
  if (at === lineStart && (byte === space || byte === tab)) return 'folded_line';
  const inName = !bytes.subarray(lineStart, at).includes(':');
  if (byte === lf || (byte === cr && bytes[at + 1] !== lf)) return 'line_end';
  return inName ? 'field_name' : 'field_value';
}

/**
 * What is wrong with a head that has not arrived completely, and might never end; null: nothing so far. The first `checked` bytes were
 * checked before.
 */
export function unfinishedHeadFault(bytes: Buffer, checked: number): string | null {
  if (checked < protocol.length && !protocol.startsWith(bytes.toString('latin1', 0, protocol.length)))
    return faultInLine('status_line', 1);
  for (let at = bytes.indexOf(lf, checked); at >= 0; at = bytes.indexOf(lf, at + 1)) {
    if (bytes[at - 1] !== cr) return faultAt('line_end', bytes, at);
  }
  return null;
}

function faultAt(rule: ResponseRule, bytes: Buffer, at: number): string {
  const column = at - bytes.lastIndexOf(lf, at - 1);
  return `${rule} at line ${lineOf(bytes, at)}, column ${column}`;
}

/** The number of the line that this byte belongs to. */
export function lineOf(bytes: Buffer, at: number): number {
  let line = 1;
  for (let end = bytes.indexOf(lf); end >= 0 && end < at; end = bytes.indexOf(lf, end + 1)) line += 1;
  return line;
}
