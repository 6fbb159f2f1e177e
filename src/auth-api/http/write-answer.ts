/** Writes responses: what an operation returned, or the problem of a refusal. */
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { problemBody, problemHeaders } from '../outcome/problem.ts';
import { type Refusal, refusalKinds } from '../outcome/refusals.ts';
import type { Served } from './served.ts';

/** No cache may keep a response: it holds secrets, or depends on a credential. */
export function writeServed(response: ServerResponse, served: Served): void {
  const { status, body, type = 'application/json', setCookie } = served;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, [
    'content-type',
    type,
    'content-length',
    String(Buffer.byteLength(text)),
    'cache-control',
    'no-store',
    ...(setCookie === undefined ? [] : ['set-cookie', setCookie]),
  ]);
  response.end(text);
}

/** Returns the error id under which the log has the refusal. */
export function writeRefusal(response: ServerResponse, refusal: Refusal): string {
  const errorId = randomUUID();
  const { status, closes } = refusalKinds[refusal.code] as { status: number; closes?: true };
  const body = problemBody(refusal, errorId);
  // Node then says `Connection: close` and does it.
  if (closes === true) response.shouldKeepAlive = false;
  response.writeHead(status, [...problemHeaders(refusal, errorId), 'content-length', String(Buffer.byteLength(body))]);
  if (closes === true && !response.req.complete) lingerThenEnd(response, body);
  else response.end(body);
  return errorId;
}

/** How long, and for how many bytes, the rest of a refused body is still taken. */
const lingerMs = 1_000;
const lingerBytes = 1024 * 1024;

/**
 * Closing at once, with a body still on its way, would make the kernel reset the connection, and the client could lose
 * the answer. So the answer goes out whole, the rest of the body is thrown away for a while, and then the end follows.
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
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > lingerBytes) end();
  });
  request.on('close', end);
  request.on('end', end);
  request.on('error', end);
  request.resume();
}
