/**
 * A request as Node's parser has read it, read once more by the grammar of the gateway: what both read alike is decided. It takes
 * the raw lines, as `headers` has dropped repeated ones.
 */
import type { IncomingMessage } from 'node:http';
import { type HeadFault, type RequestHead, readRequestHead } from '../http1/grammar/request-head.ts';
import type { Request } from '../http1/server/request.ts';

/** `body` is null: it is the application's to read. */
export interface ReadRequest {
  readonly request: Request;
  /** Why it is refused, whatever the rules say; null: it is valid. */
  readonly fault: HeadFault | null;
}

export function readRequest(message: IncomingMessage): ReadRequest {
  const { method = '', url: target = '', httpVersionMajor, httpVersionMinor } = message;
  const rawHeaders = [...message.rawHeaders];
  const minor = httpVersionMinor === 0 ? 0 : 1;
  let text = `${method} ${target} HTTP/${httpVersionMajor}.${httpVersionMinor}`;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) text += `\r\n${rawHeaders[i]}: ${rawHeaders[i + 1]}`;
  const head = readRequestHead(text);
  if (typeof head !== 'string') return { request: { ...head, body: null }, fault: null };
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
  return { request: { ...unread, body: null }, fault: head };
}
