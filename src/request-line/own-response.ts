/**
 * Responses that the gateway itself writes. Refusals: status, `x-error`, `x-error-id` and problem details (RFC 9457) of a reason; every
 * text is fixed, and contains nothing of the request, an address or a cause. Successes: to a preflight, with metadata, or with another text.
 */

import type { Metadata, Preflight } from '../core/decision.ts';
import { refusalHeadersOf } from '../core/forwarding/response-rules.ts';
import { problemBody } from '../core/outcome/problem.ts';
import { type Reason, type ReasonCode, reasons } from '../core/outcome/reasons.ts';
import type { Criterion } from '../core/policy/conditions.ts';
import { type WayToSignIn, wayToSignIn } from '../core/way-to-sign-in.ts';
import { statusTexts } from '../http1/grammar/node-http.ts';
import { maxDiscardBytes } from '../http1/server/incoming-body.ts';
import type { Request } from '../http1/server/request.ts';
import type { WholeResponse } from '../http1/server/whole-response.ts';
import type { ListenerRules } from './client.ts';
import type { RequestContext } from './request-context.ts';

export interface Refusal {
  readonly reason: ReasonCode;
  readonly errorId: string;
  /** Seconds of `Retry-After` from the source; null: those of the reason. */
  readonly retryAfterS: number | null;
  /** Value of `Allow`, for a 405. */
  readonly allow: string | null;
  /** The unmet condition, with reason `condition_failed`; otherwise null. */
  readonly condition: Criterion | null;
  /** Values of `WWW-Authenticate`, each a challenge. */
  readonly challenges: readonly string[];
  /** Where the client is redirected: to a sign-in page (303), or to the same URL with https (308). Null: it is not. */
  readonly location: string | null;
  /** A JSON body instead of problem details, if a standard requires it. */
  readonly body?: Readonly<Record<string, string>> | null;
  /** Closes the connection, even if the reason alone would not. */
  readonly close: boolean;
  /** Further headers of the route: alternating names and values. */
  readonly added: readonly string[];
}

/** Refuses a request to which no response has begun. Returns the bytes of the body. */
export function refuseRequest(
  context: RequestContext<WholeResponse>,
  reason: ReasonCode,
  errorId: string,
  write = writeRefusal,
): number {
  const { decision, request } = context;
  const refused = decision?.outcome === 'refuse' ? decision : null;
  return write(context.response, {
    reason,
    errorId,
    retryAfterS: refused?.retryAfterS ?? null,
    allow: refused?.allow ?? null,
    condition: reason === 'condition_failed' ? (refused?.condition ?? null) : null,
    ...wayOn(context, reason),
    body: context.refusalBody,
    close: !((reasons[reason] as Reason).closes === true || takesRest(request)),
    added: ownHeaders(context),
  });
}

function wayOn({ location, decision, request, proto }: RequestContext<WholeResponse>, reason: ReasonCode): WayToSignIn {
  const { challenges, location: signIn } = wayToSignIn(reason, decision, request.rawHeaders, proto);
  return { challenges, location: location ?? signIn };
}

/** Additional headers of the gateway's own responses: alternating names and values. */
export function ownHeaders({ decision, request, returned }: RequestContext<WholeResponse>): readonly string[] {
  return [...refusalHeadersOf(decision?.route ?? null, request.rawHeaders), ...returned];
}

const discard = { take() {}, end() {} };

/** Whether the rest of the request is short enough to read, which keeps the connection. Starts reading it. */
export function takesRest({ body }: Request): boolean {
  if (body === null) return true;
  body.start(discard);
  return body.complete || (body.length >= 0 && body.length <= maxDiscardBytes);
}

/** Writes the whole response. Returns the bytes of its body. */
export function writeRefusal(response: WholeResponse, refusal: Refusal): number {
  const status = refusal.location === null ? reasons[refusal.reason].status : redirectStatus(refusal.reason);
  const body =
    refusal.body == null
      ? problemBody(refusal.reason, refusal.errorId, refusal.condition, { status })
      : `${JSON.stringify(refusal.body)}\n`;
  response.writeHead(status, null, refusalHeaders(refusal, body.length));
  return response.end(body);
}

/** 308 keeps the method; a sign-in page is requested by GET. */
function redirectStatus(reason: ReasonCode): number {
  return reason === 'https_required' ? 308 : 303;
}

/** The refusal as Latin-1 text, for a connection without a request. It always announces the end of the connection. */
export function refusalText(
  reason: ReasonCode,
  errorId: string,
  listener: ListenerRules | null,
): { readonly text: string; readonly bytesOut: number } {
  const { status } = reasons[reason];
  const body = problemBody(reason, errorId);
  const field = listener?.addedField ?? null;
  const added = field === null ? [] : [field.name, field.value];
  const headers = refusalHeaders({ ...withoutRequest, reason, errorId, added }, body.length);
  let text = `HTTP/1.1 ${status} ${statusTexts[status] ?? ''}\r\n`;
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return { text: `${text}date: ${new Date().toUTCString()}\r\n\r\n${body}`, bytesOut: body.length };
}

const withoutRequest = {
  retryAfterS: null,
  allow: null,
  condition: null,
  challenges: [],
  location: null,
  close: true,
} as const;

/** Alternating names and values. The body is ASCII, so its length in characters is its length in bytes. */
function refusalHeaders(refusal: Refusal, bodyLength: number): string[] {
  const { reason, errorId, allow, location } = refusal;
  const { message, retryAfterS, closes }: Reason = reasons[reason];
  const headers = [
    'content-type',
    refusal.body == null ? 'application/problem+json' : 'application/json',
    'content-length',
    String(bodyLength),
    'cache-control',
    'no-store',
    'x-error',
    refusal.condition?.message ?? message,
    'x-error-id',
    errorId,
  ];
  if (location === null) for (const challenge of refusal.challenges) headers.push('www-authenticate', challenge);
  else headers.push('location', location);
  const wait = refusal.retryAfterS ?? retryAfterS;
  if (wait !== undefined) headers.push('retry-after', String(wait));
  if (allow !== null) headers.push('allow', allow);
  // RFC 9110 section 15.5.22, RFC 6455 section 4.4.
  if (reason === 'websocket_version_unsupported') headers.push('upgrade', 'websocket', 'sec-websocket-version', '13');
  headers.push(...refusal.added);
  if (closes === true || refusal.close) headers.push('connection', 'close');
  return headers;
}

/** Metadata of a host (RFC 9728) is for pages of every origin. */
const metadataHeaders = ['content-type', 'application/json', 'access-control-allow-origin', '*'];

export function respondItself(context: RequestContext<WholeResponse>, decision: Preflight | Metadata): void {
  if (decision.outcome === 'preflight') respondToPreflight(context, decision.headers);
  else respondWithText(context, decision.document, metadataHeaders);
}

/** 200 and not 204: every other status is a refusal. */
function respondToPreflight(
  { request, response, returned }: RequestContext<WholeResponse>,
  headers: readonly string[],
): void {
  const close = request.body === null ? [] : ['connection', 'close'];
  response.writeHead(200, null, [...headers, ...returned, 'content-length', '0', ...close]);
  response.end();
}

/** A public text. `headers`: alternating names and values. */
export function respondWithText(
  context: RequestContext<WholeResponse>,
  text: string,
  headers: readonly string[],
  status: 200 | 202 = 200,
): void {
  const close = takesRest(context.request) ? [] : ['connection', 'close'];
  const length = ['content-length', String(Buffer.byteLength(text))];
  context.response.writeHead(status, null, [...headers, ...ownHeaders(context), ...length, ...close]);
  context.bytesOut = context.response.end(text);
}
