/**
 * Parses a request again with the gateway's grammar after Node's parser: only a request that both read alike is decided. It uses the raw
 * lines, because `headers` drops repeated ones.
 */
import type { IncomingMessage } from 'node:http';
import { type HeadFault, type RequestHead, readRequestHead } from '../http1/grammar/request-head.ts';
import type { Request } from '../http1/server/request.ts';

/** `body` is null: the application reads it. */
export interface ReadRequest {
  readonly request: Request;
  /** Why it is refused, regardless of the rules; null: it is valid. */
  readonly fault: HeadFault | null;
}

/** Characters that Node cannot have read from bytes. As Latin-1, each would be cut to its low byte, which may be a line end. */
const notLatin1 = /[^\0-\xff]/;

export function readRequest(message: IncomingMessage): ReadRequest {
  const { method = '', url: target = '', httpVersionMajor, httpVersionMinor } = message;
  const rawHeaders = [...message.rawHeaders];
  const minor = httpVersionMinor === 0 ? 0 : 1;
  let text = `${method} ${target} HTTP/${httpVersionMajor}.${httpVersionMinor}\r\n`;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) text += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`;
  const head = notLatin1.test(text) ? 'malformed' : readRequestHead(Buffer.from(text, 'latin1'));
  // A line end in a value would be one more header.
  if (typeof head !== 'string' && head.rawHeaders.length === rawHeaders.length)
    return { request: { ...head, body: null }, fault: null };
  const unread: RequestHead = {
    method,
    target,
    minor,
    rawHeaders,
    bodyLength: -1,
    keepAlive: false,
    expect: 'none',
    upgrade: 'none',
  };
  return { request: { ...unread, body: null }, fault: typeof head === 'string' ? head : 'malformed' };
}
