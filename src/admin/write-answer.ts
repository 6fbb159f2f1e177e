/** Answers of the admin port: never stored, never sniffed, never read by another site; refusals as everywhere else. */
import { type OutgoingHttpHeaders, type ServerResponse, STATUS_CODES } from 'node:http';
import { challengeFor, problemBody } from '../core/outcome/problem.ts';
import { type ReasonCode, reasons } from '../core/outcome/reasons.ts';
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
export function writeShown(res: ServerResponse, { status, type, body, cacheControl }: Shown): void {
  res.writeHead(status, {
    ...everyAnswer,
    ...(cacheControl === undefined ? {} : { 'cache-control': cacheControl }),
    'content-type': type,
    'content-length': Buffer.byteLength(body),
  });
  res.end(body);
}

/** Problem details (RFC 9457). The connection is closed. */
export function writeRefused(res: ServerResponse, refused: Refused, errorId: string): void {
  const { status, headers, body } = refusal(refused, errorId);
  res.writeHead(status, headers);
  res.end(body);
}

/** The same as bytes (Latin-1), for a connection without a parsed request. */
export function refusalText(reason: ReasonCode, errorId: string): string {
  const { status, headers, body } = refusal({ refused: reason }, errorId);
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${fields.join('')}date: ${new Date().toUTCString()}\r\n\r\n${body}`;
}

function refusal({ refused, allow, members }: Refused, errorId: string) {
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
  return { status, headers, body };
}
