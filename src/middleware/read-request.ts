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
