/** The steps of one request: target, host, operation, body, the operation itself, response. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { hasValidHostCount, readBody } from '../../operations/read-request.ts';
import { writeResponse } from '../../operations/write-response.ts';
import type { MailState } from '../outbox/mail-events.ts';
import { Refusal } from '../outcome/refusals.ts';
import type { Services } from '../services.ts';
import { OwnerGoneError, StoreUnavailableError } from '../store/store-errors.ts';
import { clientAddress, gatewayOf } from './client-address.ts';
import { respondToHealth } from './health.ts';
import type { MatchOperation } from './match-operation.ts';
import { type NotesOptions, RequestNotes } from './request-notes.ts';
import { refusalResponse, type Served, servedResponse } from './responses.ts';

export interface RequestHandling extends NotesOptions {
  readonly match: MatchOperation;
  readonly services: Services;
  /** Null: no mail is sent. */
  readonly mailState: () => MailState | null;
  readonly redisConnected: () => boolean | null;
}

const maxBodyBytes = 16 * 1024;
/** Maximum length of a stored user agent; the rest is cut off. */
const maxUserAgentLength = 512;

/** Never rejects. */
export async function handleRequest(
  request: IncomingMessage,
  response: ServerResponse,
  handling: RequestHandling,
): Promise<void> {
  const notes = new RequestNotes(request, handling);
  try {
    const served = await serve(request, handling, notes);
    if (served === null || response.destroyed) return notes.left();
    if (served instanceof Refusal) {
      const refusal = refusalResponse(served);
      writeResponse(response, refusal);
      return notes.refused(served, refusal);
    }
    writeResponse(response, servedResponse(served));
    notes.served(served.status);
  } catch (error) {
    failRequest(response, notes, error);
  }
}

/** Null: the client left before its request was complete. */
async function serve(
  request: IncomingMessage,
  handling: RequestHandling,
  notes: RequestNotes,
): Promise<Served | Refusal | null> {
  const { rawHeaders, method = '' } = request;
  const peer = request.socket.remoteAddress ?? '';
  if (!hasValidHostCount(request)) return new Refusal('host_invalid');
  const body = await readBody(request, maxBodyBytes);
  if (body === 'broken') return null;
  if (body === 'too_large') return new Refusal('body_too_large');
  const target = readTarget(request.url ?? '');
  if (target instanceof Refusal) return target;
  const { path, query } = target;
  const { mailState, redisConnected } = handling;
  const { store } = handling.services;
  const health = await respondToHealth(
    path,
    method,
    { store, mailState, redisConnected },
    gatewayOf(rawHeaders, handling.trust),
  );
  if (health !== null) return health;
  const matched = handling.match(method, path);
  if (matched instanceof Refusal) return matched;
  const { operation, params } = matched;
  notes.entered(matched);
  const client = {
    ip: clientAddress(peer, rawHeaders, handling.trust),
    userAgent: (request.headers['user-agent'] ?? '').slice(0, maxUserAgentLength),
  };
  const presented = { rawHeaders, method, authority: request.headers.host ?? '' };
  const result = await operation.run({ presented, params, query, body, client }, handling.services);
  if (result instanceof Refusal) return result;
  const { change, ...success } = result;
  if (change !== undefined) notes.changed(change);
  return { ...success, status: operation.status };
}

function failRequest(response: ServerResponse, notes: RequestNotes, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    notes.broke(response.statusCode, error);
    return;
  }
  const refusal = refusalOf(error);
  const outgoing = refusalResponse(refusal);
  writeResponse(response, outgoing);
  notes.refused(refusal, outgoing, error);
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof StoreUnavailableError) return new Refusal('store_unavailable', { retryAfterS: 2 });
  // The credential was valid when the request arrived, but the account was removed before it was served.
  if (error instanceof OwnerGoneError) return new Refusal('credential_rejected');
  return new Refusal('internal_error');
}

/** Splits a request target without a general URL parser, which would misread `//host/path`. */
export interface Target {
  readonly path: string;
  /** The text after `?`, undecoded; may be empty. */
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
