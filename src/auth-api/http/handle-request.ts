/** The straight line of one request: target, host, operation, body, the operation itself, answer. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AuthApiLog } from '../events.ts';
import type { MailState } from '../outbox/mail-events.ts';
import { Refusal, refusalKinds } from '../outcome/refusals.ts';
import type { Services } from '../services.ts';
import { OwnerGoneError, StoreUnavailableError } from '../store/store-errors.ts';
import { answerHealth } from './answer-health.ts';
import { clientAddress, type ForwardedTrust } from './client-address.ts';
import type { MatchOperation } from './match-operation.ts';
import type { Served } from './served.ts';
import { writeRefusal, writeServed } from './write-answer.ts';

export interface RequestHandling {
  readonly match: MatchOperation;
  readonly services: Services;
  readonly log: AuthApiLog;
  readonly trust: ForwardedTrust;
  /** Null: no mail is sent. */
  readonly mailState: () => MailState | null;
}

/** Longest user agent that is kept; the rest is cut off. */
const maxUserAgentLength = 512;

/** Never rejects. */
export async function handleRequest(
  request: IncomingMessage,
  response: ServerResponse,
  handling: RequestHandling,
): Promise<void> {
  let operationName = 'none';
  try {
    const served = await serve(request, handling, (name) => {
      operationName = name;
    });
    if (served === null || response.destroyed) return;
    if (!(served instanceof Refusal)) return writeServed(response, served);
    const errorId = writeRefusal(response, served);
    const { status } = refusalKinds[served.code];
    handling.log.info({ errorId, operation: operationName, code: served.code, status }, 'request refused');
  } catch (error) {
    failRequest(response, handling, operationName, error);
  }
}

/** Null: the client left before its request was whole. */
async function serve(
  request: IncomingMessage,
  handling: RequestHandling,
  entered: (operation: string) => void,
): Promise<Served | Refusal | null> {
  const { rawHeaders, method = '' } = request;
  const peer = request.socket.remoteAddress ?? '';
  if (!hasOneHost(request)) return new Refusal('host_invalid');
  const body = await readRequestBody(request);
  if (body === null || body instanceof Refusal) return body;
  const target = readTarget(request.url ?? '');
  if (target instanceof Refusal) return target;
  const { path, query } = target;
  const { store } = handling.services;
  const health = await answerHealth(path, method, { store, mailState: handling.mailState });
  if (health !== null) return health;
  const matched = handling.match(method, path);
  if (matched instanceof Refusal) return matched;
  const { operation, params } = matched;
  entered(operation.name);
  const client = {
    ip: clientAddress(peer, rawHeaders, handling.trust),
    userAgent: (request.headers['user-agent'] ?? '').slice(0, maxUserAgentLength),
  };
  const presented = { rawHeaders, method, authority: request.headers.host ?? '' };
  const answer = await operation.run({ presented, params, query, body, client }, handling.services);
  if (answer instanceof Refusal) return answer;
  return { ...answer, status: operation.status };
}

/** RFC 9112 section 3.2: an HTTP/1.1 request has exactly one Host. Node keeps the first of several. */
function hasOneHost(request: IncomingMessage): boolean {
  const hosts = request.rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host').length;
  return hosts === 1 || (hosts === 0 && request.httpVersion === '1.0');
}

function failRequest(response: ServerResponse, handling: RequestHandling, operation: string, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    handling.log.error({ operation, err: error }, 'request failed while it was answered');
    return;
  }
  const refusal = refusalOf(error);
  const { status } = refusalKinds[refusal.code];
  const errorId = writeRefusal(response, refusal);
  if (status < 500) handling.log.info({ errorId, operation, code: refusal.code, status }, 'request refused');
  else handling.log.error({ errorId, operation, code: refusal.code, status, err: error }, 'request failed');
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof StoreUnavailableError) return new Refusal('store_unavailable', { retryAfterS: 2 });
  // Whose credential was good when the request came, and whose account went before it was served.
  if (error instanceof OwnerGoneError) return new Refusal('credential_rejected');
  return new Refusal('internal_error');
}

/** Takes a request target apart without a general URL parser, which would read `//host/path` as something else. */
export interface Target {
  readonly path: string;
  /** What follows `?`, undecoded; empty without one. */
  readonly query: string;
}

/** Origin form (RFC 9112 section 3.2.1) or absolute form, whose authority is dropped; anything else is refused (400). */
export function readTarget(target: string): Target | Refusal {
  const origin = target.startsWith('/') ? target : absoluteForm.exec(target)?.[1];
  if (origin === undefined || origin.includes('#')) return new Refusal('target_invalid');
  const mark = origin.indexOf('?');
  return mark < 0 ? { path: origin, query: '' } : { path: origin.slice(0, mark), query: origin.slice(mark + 1) };
}

const absoluteForm = /^https?:\/\/[^/?#@\\]+(\/.*)$/i;

/** Reads a request's body into memory, within a bound. */
export const maxBodyBytes = 16 * 1024;

const empty = Buffer.alloc(0);

/**
 * Refuses a body beyond the bound (413) as soon as that is known. Null: the client left, or its framing broke, and there
 * is no one left to respond to; the server refuses broken framing by itself.
 */
export async function readRequestBody(request: IncomingMessage): Promise<Buffer | Refusal | null> {
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
  if (coding === undefined && (length === undefined || length === '0')) return empty;
  if (length !== undefined && Number(length) > maxBodyBytes) return new Refusal('body_too_large');
  const chunks: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve) => {
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBodyBytes) chunks.push(chunk);
      else resolve(new Refusal('body_too_large'));
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', () => resolve(null));
    request.on('close', () => resolve(null));
  });
}
