/**
 * Parses HTTP/1.1 responses from raw bytes, strictly enough to detect a truncated one: `complete` is true if the
 * framing (RFC 9112 section 6.3) was satisfied.
 */

export interface RawAnswer {
  readonly status: number;
  readonly statusText: string;
  /** Names and values alternating, as received. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly rawTrailers: readonly string[];
  /**
   * Whether the complete response arrived. A response delimited by the end of the connection counts once that has
   * closed.
   */
  readonly complete: boolean;
  /** First value of a header by its case-insensitive name. */
  header(name: string): string | undefined;
  /** All values of a header. */
  headers(name: string): string[];
  text(): string;
}

export interface ReadAnswer {
  readonly answer: RawAnswer;
  /** Bytes of the input that belong to the response. */
  readonly length: number;
}

/**
 * Parses one response at the start of the bytes; null while its header block is incomplete. `method` is that of the
 * request: the response to HEAD has no body. `closed`: no more bytes will come. Throws if the bytes are not an HTTP
 * response.
 */
export function readAnswer(bytes: Buffer, method: string, closed: boolean): ReadAnswer | null {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd === -1) return null;
  const [statusLine = '', ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n');
  const match = /^HTTP\/1\.[01] (\d{3})(?: (.*))?$/.exec(statusLine);
  if (match === null) throw new Error(`Not an HTTP answer: ${JSON.stringify(statusLine.slice(0, 80))}`);
  const status = Number(match[1]);
  const rawHeaders = lines.flatMap(splitField);
  const start = headEnd + 4;
  const rest = bytes.subarray(start);
  const framed = readBody(rest, { status, method, rawHeaders, closed });
  const values = (name: string) =>
    rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name.toLowerCase());
  return {
    length: start + framed.length,
    answer: {
      status,
      statusText: match[2] ?? '',
      rawHeaders,
      body: framed.body,
      rawTrailers: framed.trailers,
      complete: framed.complete,
      header: (name) => values(name)[0],
      headers: values,
      text: () => framed.body.toString('utf8'),
    },
  };
}

interface Framed {
  readonly body: Buffer;
  readonly trailers: readonly string[];
  readonly complete: boolean;
  readonly length: number;
}

function readBody(
  rest: Buffer,
  of: { status: number; method: string; rawHeaders: readonly string[]; closed: boolean },
): Framed {
  const none: Framed = { body: Buffer.alloc(0), trailers: [], complete: true, length: 0 };
  if (of.method === 'HEAD' || of.status < 200 || of.status === 204 || of.status === 304) return none;
  const field = (name: string) =>
    of.rawHeaders.find((_, index) => index % 2 === 1 && of.rawHeaders[index - 1]?.toLowerCase() === name);
  if (field('transfer-encoding')?.toLowerCase().endsWith('chunked') === true) return readChunked(rest);
  const length = field('content-length');
  if (length !== undefined) {
    const body = rest.subarray(0, Number(length));
    return { body, trailers: [], complete: body.length === Number(length), length: body.length };
  }
  return { body: rest, trailers: [], complete: of.closed, length: rest.length };
}

function readChunked(rest: Buffer): Framed {
  const parts: Buffer[] = [];
  let at = 0;
  const cut = (): Framed => ({ body: Buffer.concat(parts), trailers: [], complete: false, length: rest.length });
  for (;;) {
    const lineEnd = rest.indexOf('\r\n', at);
    if (lineEnd === -1) return cut();
    const size = Number.parseInt(rest.subarray(at, lineEnd).toString('latin1'), 16);
    if (Number.isNaN(size)) throw new Error('Not a chunk size');
    at = lineEnd + 2;
    if (size === 0) break;
    parts.push(rest.subarray(at, at + size));
    if (rest.length < at + size + 2) return cut();
    at += size + 2;
  }
  const trailers: string[] = [];
  for (;;) {
    const lineEnd = rest.indexOf('\r\n', at);
    if (lineEnd === -1) return cut();
    const line = rest.subarray(at, lineEnd).toString('latin1');
    at = lineEnd + 2;
    if (line === '') return { body: Buffer.concat(parts), trailers, complete: true, length: at };
    trailers.push(...splitField(line));
  }
}

function splitField(line: string): [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')];
}
