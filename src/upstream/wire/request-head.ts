/** The request line and headers of a request to a target, as one text of bytes. */
import { countLines } from '../../core/forwarding/count-lines.ts';
import type { HopRequest } from './connection.ts';

export interface RequestHead {
  /** Latin-1. */
  readonly text: string;
  /** The body goes out in chunks. */
  readonly chunked: boolean;
}

/** Methods whose missing body is said to be none (RFC 9110 section 8.6). */
const usuallyWithBody: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/**
 * Null when it would be no valid HTTP. Everything in it has been checked where it was read; a line more or less than
 * expected would be a header that nobody checked, so the lines are counted once more.
 */
export function requestHead(request: HopRequest, host: string, oneRequest: boolean): RequestHead | null {
  const { method, path, headers, body } = request;
  let text = `${method} ${path} HTTP/1.1\r\n`;
  let lines = 2;
  let framed = false;
  // An HTTP/1.0 client may name no host.
  if (headers[0] !== 'host') {
    text += `host: ${host}\r\n`;
    lines += 1;
  }
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!;
    if (name.length === 14 && name.toLowerCase() === 'content-length') {
      // Without a body it says zero, which is said below where it has a meaning; that of bytes is known.
      if (body === null || Buffer.isBuffer(body)) continue;
      framed = true;
    }
    text += `${name}: ${headers[i + 1]!}\r\n`;
    lines += 1;
  }
  const whole = Buffer.isBuffer(body);
  const chunked = body !== null && !framed && !whole;
  if (whole) {
    text += `content-length: ${body.length}\r\n`;
    lines += 1;
  } else if (chunked) {
    text += 'transfer-encoding: chunked\r\n';
    lines += 1;
  } else if (body === null && usuallyWithBody.has(method)) {
    text += 'content-length: 0\r\n';
    lines += 1;
  }
  text += oneRequest ? 'connection: close\r\n\r\n' : 'connection: keep-alive\r\n\r\n';
  lines += 1;
  return countLines(text) === lines ? { text, chunked } : null;
}
