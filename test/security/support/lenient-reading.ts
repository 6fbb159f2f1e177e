/**
 * Two sloppy parsers of a stream of requests, like those of old or careless services. They disagree with each other and
 * with RFC 9112 wherever it leaves room for request smuggling: which framing wins, what a line end is, what `chunked`
 * looks like, what a number is. Attack tests parse what reached a service in both ways.
 */

export const leniencies = ['length-first', 'chunked-first'] as const;
export type Leniency = (typeof leniencies)[number];

export interface LenientRequest {
  readonly method: string;
  readonly target: string;
  /** As written, in order, without spaces around name and value. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly trailers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  /** The bytes of the header block, as received. */
  readonly head: string;
}

/** The first request in the bytes and its length; null while it is incomplete for this parser. */
export function readLenient(bytes: Buffer, leniency: Leniency): { request: LenientRequest; length: number } | null {
  let at = 0;
  while (bytes[at] === 13 || bytes[at] === 10) at += 1;
  const block = readBlock(bytes, at, leniency);
  if (block === null) return null;
  const [requestLine = '', ...lines] = block.lines;
  const words = requestLine.split(/[ \t\v\f]+/).filter((word) => word !== '');
  const headers = readFields(lines, leniency);
  const body = readBody(bytes, block.end, headers, leniency);
  if (body === null) return null;
  const versioned = words.length > 2 && /^http\//i.test(words.at(-1) ?? '');
  return {
    length: body.end,
    request: {
      method: words[0] ?? '',
      target: words.slice(1, versioned ? -1 : undefined).join(' '),
      headers,
      trailers: body.trailers,
      body: body.body,
      head: bytes.toString('latin1', at, block.end),
    },
  };
}

/** Lines up to an empty one. `length-first` also accepts a bare CR as a line end. */
function readBlock(bytes: Buffer, from: number, leniency: Leniency): { lines: string[]; end: number } | null {
  const lines: string[] = [];
  let start = from;
  for (let at = from; at < bytes.length; at += 1) {
    const byte = bytes[at];
    const lone = byte === 13 && bytes[at + 1] !== 10;
    if (byte !== 10 && !(lone && leniency === 'length-first' && at + 1 < bytes.length)) continue;
    const line = bytes.toString('latin1', start, at).replace(/\r$/, '');
    start = at + 1;
    if (line === '') return { lines, end: start };
    lines.push(line);
  }
  return null;
}

/** A folded line continues the previous one; for `chunked-first` it is also a field of its own. */
function readFields(lines: readonly string[], leniency: Leniency): (readonly [string, string])[] {
  const fields: [string, string][] = [];
  for (const line of lines) {
    const last = fields.at(-1);
    if (/^[ \t]/.test(line) && last !== undefined) {
      last[1] += ` ${line.trim()}`;
      if (leniency === 'length-first') continue;
    }
    const colon = line.indexOf(':');
    const name = colon === -1 ? line : line.slice(0, colon);
    fields.push([stripBlanks(name), colon === -1 ? '' : stripBlanks(line.slice(colon + 1))]);
  }
  return fields;
}

/** Spaces as tolerant languages see them: including control characters, NUL and no-break space. */
function stripBlanks(text: string): string {
  return text.replace(/^[\s\0-\x20\x7f\xa0]+|[\s\0-\x20\x7f\xa0]+$/g, '');
}

function readBody(bytes: Buffer, from: number, headers: LenientRequest['headers'], leniency: Leniency) {
  const values = (name: string) =>
    headers.filter(([own]) => own.toLowerCase().replaceAll('_', '-') === name).map(([, value]) => value);
  const lengths = values('content-length');
  const codings = values('transfer-encoding');
  const length = Number.parseInt((leniency === 'length-first' ? lengths[0] : lengths.at(-1)) ?? '', 10) || 0;
  const chunked =
    leniency === 'length-first'
      ? codings.some((coding) => coding.toLowerCase() === 'chunked') && lengths.length === 0
      : codings.some((coding) => /chunked/i.test(coding));
  if (chunked) return readChunked(bytes, from, leniency);
  const end = from + Math.max(length, 0);
  return end > bytes.length ? null : { body: bytes.subarray(from, end), trailers: [], end };
}

function readChunked(bytes: Buffer, from: number, leniency: Leniency) {
  const parts: Buffer[] = [];
  let at = from;
  for (;;) {
    const lineEnd = bytes.indexOf('\n', at);
    if (lineEnd === -1) return null;
    const line = bytes.toString('latin1', at, lineEnd).trim();
    const plain = /^[0-9a-f]+/i.exec(line)?.[0] ?? '0';
    const size = Number.parseInt(leniency === 'length-first' ? plain : line, 16) || 0;
    at = lineEnd + 1;
    if (size <= 0) break;
    if (bytes.length < at + size) return null;
    parts.push(bytes.subarray(at, at + size));
    at += size;
    if (bytes[at] === 13) at += 1;
    if (bytes[at] === 10) at += 1;
    else if (at >= bytes.length) return null;
  }
  const trailer = readBlock(bytes, at, leniency);
  if (trailer === null) return null;
  return { body: Buffer.concat(parts), trailers: readFields(trailer.lines, leniency), end: trailer.end };
}
