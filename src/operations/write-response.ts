/** Writes whole responses, to a request or to the bare socket of one that could not be parsed. */
import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { statusTexts } from '../http1/grammar/node-http.ts';

export interface OutgoingResponse {
  readonly status: number;
  /** Alternating names and values, without the length of the body and `Connection`. */
  readonly headers: readonly string[];
  readonly body: string;
  /** The connection is closed after it. */
  readonly closes: boolean;
}

/** For how long, and how many bytes, the rest of a request is still read before the connection is closed. */
const lingerMs = 1_000;
const lingerBytes = 1024 * 1024;

export function writeResponse(response: ServerResponse, { status, headers, body, closes }: OutgoingResponse): void {
  // Node then writes `Connection: close` and does it.
  if (closes) response.shouldKeepAlive = false;
  response.writeHead(status, [...headers, 'content-length', String(Buffer.byteLength(body))]);
  if (closes && !response.req.complete) lingerThenEnd(response, body);
  else response.end(body);
}

/**
 * Closing while a body is still arriving would make the kernel reset the connection, and the client could lose the response. So the
 * response is sent completely, the rest of the body is dropped for a while, and then the connection ends.
 */
function lingerThenEnd(response: ServerResponse, body: string): void {
  const request = response.req;
  response.write(body);
  let bytes = 0;
  const end = () => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, lingerMs);
  request.on('data', (part: Buffer) => {
    bytes += part.length;
    if (bytes > lingerBytes) end();
  });
  for (const event of ['close', 'end', 'error']) request.on(event, end);
  request.resume();
}

/** On a bare socket, where Node has no response object: broken HTTP, timeouts, CONNECT. The socket is closed. */
export function writeToSocket(socket: Duplex, { status, headers, body }: OutgoingResponse): void {
  const fields = [...headers, 'content-length', String(Buffer.byteLength(body)), 'connection', 'close'];
  fields.push('date', new Date().toUTCString());
  let head = `HTTP/1.1 ${status} ${statusTexts[status] ?? ''}\r\n`;
  for (let at = 0; at < fields.length; at += 2) head += `${fields[at]}: ${fields[at + 1]}\r\n`;
  socket.end(`${head}\r\n${body}`);
  setTimeout(() => socket.destroy(), lingerMs).unref();
}
