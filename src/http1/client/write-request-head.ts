/** The request line and fields of a request, as one text of bytes. */
import { countLines } from '../grammar/fields.ts';
import type { OutgoingRequest } from './connection.ts';

export interface WrittenHead {
  /** Latin-1. */
  readonly text: string;
  /** The body goes out in chunks. */
  readonly chunked: boolean;
}

/** Methods whose missing body is announced (RFC 9110 section 8.6). */
const usuallyWithBody: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/**
 * Null when it would not be valid HTTP. Everything in it was checked where it was read; a line more or less than expected
 * would be a field that was not, so the lines are counted once more.
 */
export function writeRequestHead(request: OutgoingRequest, host: string, oneRequest: boolean): WrittenHead | null {
  const { method, path, headers, body, upgrade } = request;
  let text = `${method} ${path} HTTP/1.1\r\n`;
  let lines = 3;
  let framed = false;
  // An HTTP/1.0 client may name no host.
  if (headers[0] !== 'host') {
    text += `host: ${host}\r\n`;
    lines += 1;
  }
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!;
    if (name.length === 14 && name.toLowerCase() === 'content-length') {
      // The length of a body that is here is known, and zero is announced below where it has a meaning.
      if (body === null || Buffer.isBuffer(body)) continue;
      framed = true;
    }
    text += `${name}: ${headers[i + 1]!}\r\n`;
    lines += 1;
  }
  const chunked = body !== null && !framed && !Buffer.isBuffer(body);
  if (Buffer.isBuffer(body)) text += `content-length: ${body.length}\r\n`;
  else if (chunked) text += 'transfer-encoding: chunked\r\n';
  else if (body === null && usuallyWithBody.has(method)) text += 'content-length: 0\r\n';
  else lines -= 1;
  if (upgrade) text += 'connection: Upgrade\r\n\r\n';
  else text += oneRequest ? 'connection: close\r\n\r\n' : 'connection: keep-alive\r\n\r\n';
  return countLines(text) === lines + 1 && path.indexOf(' ') < 0 ? { text, chunked } : null;
}
