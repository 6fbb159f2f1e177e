/** The request line and fields of a request, as one Latin-1 text. */
import { isNamed, isSendable } from '../grammar/fields.ts';
import type { OutgoingRequest } from './request.ts';

export interface WrittenHead {
  /** Latin-1. */
  readonly text: string;
  /** The body goes out in chunks. */
  readonly chunked: boolean;
}

/** Methods that announce a missing body (RFC 9110 section 8.6). */
const usuallyWithBody: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/** Null if it would not be one request: everything was checked when it was parsed, and line ends are looked for again. */
export function writeRequestHead(request: OutgoingRequest, host: string, oneRequest: boolean): WrittenHead | null {
  const { method, path, headers, body, upgrade } = request;
  // One check of all parts costs less than one of each.
  let parts = method + path;
  let text = `${method} ${path} HTTP/1.1\r\n`;
  let framed = false;
  // An HTTP/1.0 client may send no host.
  if (headers[0] !== 'host') text += `host: ${host}\r\n`;
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!;
    const value = headers[i + 1]!;
    parts += name + value;
    if (isNamed(name, 'content-length')) {
      // The length of a complete body is known, and zero is announced below if it has a meaning.
      if (body === null || Buffer.isBuffer(body)) continue;
      framed = true;
    }
    text += `${name}: ${value}\r\n`;
  }
  if (!isSendable(parts) || path.includes(' ')) return null;
  const chunked = body !== null && !framed && !Buffer.isBuffer(body);
  if (Buffer.isBuffer(body)) text += `content-length: ${body.length}\r\n`;
  else if (chunked) text += 'transfer-encoding: chunked\r\n';
  else if (body === null && usuallyWithBody.has(method)) text += 'content-length: 0\r\n';
  if (upgrade) text += 'connection: Upgrade\r\n\r\n';
  else text += oneRequest ? 'connection: close\r\n\r\n' : 'connection: keep-alive\r\n\r\n';
  return { text, chunked };
}
