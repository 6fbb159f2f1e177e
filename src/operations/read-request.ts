/** Reads parts of a request: every copy of a header, the body within a bound, a JSON object in it. */
import type { IncomingMessage } from 'node:http';

/** Node's `headers` would join or drop copies. `name` in lower case; `rawHeaders`: alternating names and values. */
export function headerValues(rawHeaders: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    if (rawHeaders[index]!.toLowerCase() === name) values.push(rawHeaders[index + 1]!);
  }
  return values;
}

/** The value of a header that occurs once; null: it is missing or repeated. */
export function singleHeader(rawHeaders: readonly string[], name: string): string | null {
  const values = headerValues(rawHeaders, name);
  return values.length === 1 ? values[0]! : null;
}

/** In lower case and without parameters; empty unless there is exactly one `Content-Type`. */
export function mediaType(rawHeaders: readonly string[]): string {
  return (singleHeader(rawHeaders, 'content-type') ?? '').split(';', 1)[0]!.trim().toLowerCase();
}

/** RFC 9112 section 3.2: an HTTP/1.1 request has exactly one Host, and one of HTTP/1.0 at most one. */
export function hasValidHostCount({ rawHeaders, httpVersion }: IncomingMessage): boolean {
  const { length } = headerValues(rawHeaders, 'host');
  return length === 1 || (length === 0 && httpVersion === '1.0');
}

/**
 * `too_large` as soon as that is known. `broken`: the client left, or its framing is invalid, which the server refuses by itself. The
 * server limits the time.
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | 'too_large' | 'broken'> {
  if (Number(request.headers['content-length']) > maxBytes) return Promise.resolve('too_large');
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    request.on('data', (part: Buffer) => {
      bytes += part.length;
      if (bytes <= maxBytes) parts.push(part);
      else resolve('too_large');
    });
    request.once('end', () => resolve(Buffer.concat(parts)));
    request.once('error', () => resolve('broken'));
    request.once('close', () => resolve('broken'));
  });
}

/** The body as a JSON object in UTF-8, or null. */
export function parseObject(body: Uint8Array): Readonly<Record<string, unknown>> | null {
  try {
    // `JSON.parse` makes `__proto__` an ordinary own property.
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
