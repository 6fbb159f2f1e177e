/** Answers of the admin port: never stored, never sniffed, never read by another site; refusals as everywhere else. */
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { challengeFor, problemBody } from '../../core/outcome/problem.ts';
import { reasons } from '../../core/outcome/reasons.ts';
import type { Refused, Shown } from './answer.ts';

const everyAnswer = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
} as const;

/** For HEAD, Node sends the headers alone. */
export function writeShown(res: ServerResponse, { status, type, body }: Shown): void {
  res.writeHead(status, { ...everyAnswer, 'content-type': type, 'content-length': Buffer.byteLength(body) });
  res.end(body);
}

/** Problem details (RFC 9457). The connection is closed. */
export function writeRefused(res: ServerResponse, { refused, allow, members }: Refused, errorId: string): void {
  const { status, message, retryAfterS } = reasons[refused];
  const body = problemBody(refused, errorId, null, members);
  const headers: OutgoingHttpHeaders = {
    ...everyAnswer,
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
    'x-error': message,
    'x-error-id': errorId,
  };
  const challenge = challengeFor(refused);
  if (challenge !== null) headers['www-authenticate'] = challenge;
  if (allow !== undefined) headers['allow'] = allow;
  if (retryAfterS !== undefined) headers['retry-after'] = String(retryAfterS);
  res.writeHead(status, headers);
  res.end(body);
}
