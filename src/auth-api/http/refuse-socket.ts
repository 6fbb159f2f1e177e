/**
 * Refuses on a bare socket, where Node has no response object for us: broken HTTP, timeouts, CONNECT. Node would answer
 * these by itself, without the error headers that every other answer of ours carries.
 */
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { problemBody, problemHeaders } from '../outcome/problem.ts';
import { Refusal, type RefusalCode, refusalKinds } from '../outcome/refusals.ts';

const lingerMs = 1_000;

/** Answers the error id, or null when nothing could be written. The socket is closed in any case. */
export function refuseSocket(socket: Duplex, code: RefusalCode): string | null {
  if (!socket.writable) {
    socket.destroy();
    return null;
  }
  const errorId = randomUUID();
  const refusal = new Refusal(code);
  const { status } = refusalKinds[code];
  const body = problemBody(refusal, errorId);
  const headers = problemHeaders(refusal, errorId);
  headers.push('content-length', String(Buffer.byteLength(body)), 'connection', 'close');
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`;
  for (let at = 0; at < headers.length; at += 2) head += `${headers[at]}: ${headers[at + 1]}\r\n`;
  socket.on('error', () => socket.destroy());
  socket.end(`${head}\r\n${body}`);
  setTimeout(() => socket.destroy(), lingerMs).unref();
  return errorId;
}

/** What a parser or timeout error of Node means; null: the peer is gone, and no response can reach it. */
export function refusalOfClientError(error: NodeJS.ErrnoException): RefusalCode | null {
  switch (error.code) {
    case 'ECONNRESET':
    case 'EPIPE':
      return null;
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 'request_timeout';
    case 'HPE_HEADER_OVERFLOW':
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return 'headers_too_large';
    default:
      return 'request_malformed';
  }
}
