/**
 * The refusals: status, `x-error`, `x-error-id` and problem details of a reason. Every text is fixed; nothing of the
 * request, of an address or of a cause is in it.
 */
import { STATUS_CODES } from 'node:http';
import { challengeFor, problemBody } from '../../core/outcome/problem.ts';
import { type ReasonCode, reasons } from '../../core/outcome/reasons.ts';
import type { Criterion } from '../../core/policy/conditions.ts';
import type { ClientAnswer } from '../../upstream/client-side.ts';

export interface Refusal {
  readonly reason: ReasonCode;
  readonly errorId: string;
  /** Seconds of `Retry-After` that the Auth API asked for; null leaves it to the reason. */
  readonly retryAfterS: number | null;
  /** Value of `Allow`, for a 405. */
  readonly allow: string | null;
  /** Close the connection, even if the reason alone would not ask for it. */
  readonly close: boolean;
  /** The condition that is not met, with reason `condition_failed`; left out: none. */
  readonly condition?: Criterion | null;
  /** Further names and values in turn, which the route adds; left out: none. */
  readonly added?: readonly string[];
}

/** Writes head and body but does not end the answer. Returns the bytes of body written. */
export function writeRefusal(res: ClientAnswer, method: string, refusal: Refusal): number {
  const body = problemBody(refusal.reason, refusal.errorId, refusal.condition ?? null);
  const { status } = reasons[refusal.reason];
  res.writeHead(status, STATUS_CODES[status] ?? 'Refused', refusalHeaders(refusal, body.length));
  if (method === 'HEAD') {
    res.flushHeaders();
    return 0;
  }
  res.write(body, 'latin1');
  return body.length;
}

/** The refusal as bytes, for a connection without a parsed request. It always announces the closing. */
export function rawRefusal(reason: ReasonCode, errorId: string): string {
  const { status } = reasons[reason];
  const body = problemBody(reason, errorId);
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}\r\n`;
  const headers = refusalHeaders({ reason, errorId, retryAfterS: null, allow: null, close: true }, body.length);
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return `${text}date: ${new Date().toUTCString()}\r\n\r\n${body}`;
}

/** Names and values in turn. The body is ASCII, so its length in characters is its length in bytes. */
function refusalHeaders(refusal: Refusal, bodyLength: number): string[] {
  const { reason, errorId, allow } = refusal;
  const { message, retryAfterS, closes } = reasons[reason] as { message: string; retryAfterS?: number; closes?: true };
  const headers = [
    'content-type',
    'application/problem+json',
    'content-length',
    String(bodyLength),
    'cache-control',
    'no-store',
    'x-error',
    refusal.condition?.message ?? message,
    'x-error-id',
    errorId,
  ];
  const challenge = challengeFor(reason);
  if (challenge !== null) headers.push('www-authenticate', challenge);
  const wait = refusal.retryAfterS ?? retryAfterS;
  if (wait !== undefined) headers.push('retry-after', String(wait));
  if (allow !== null) headers.push('allow', allow);
  // RFC 9110 section 15.5.22, RFC 6455 section 4.4.
  if (reason === 'websocket_version_unsupported') headers.push('upgrade', 'websocket', 'sec-websocket-version', '13');
  if (refusal.added !== undefined) headers.push(...refusal.added);
  if (closes === true || refusal.close) headers.push('connection', 'close');
  return headers;
}
