/** Answers of the admin port: never stored, never sniffed, never read by another site; refusals as everywhere else. */
import { randomUUID } from 'node:crypto';
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { problemBody } from '../../core/outcome/problem.ts';
import { type Reason, type ReasonCode, reasons } from '../../core/outcome/reasons.ts';

const everyAnswer = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
} as const;

/** A 200. For HEAD, Node sends the headers alone. */
export function writeAnswer(res: ServerResponse, type: string, body: string): void {
  res.writeHead(200, { ...everyAnswer, 'content-type': type, 'content-length': Buffer.byteLength(body) });
  res.end(body);
}

export function writeJson(res: ServerResponse, value: unknown): void {
  writeAnswer(res, 'application/json', `${JSON.stringify(value)}\n`);
}

/** Problem details (RFC 9457); `extra` are further members. The connection is closed: a body of the request is not read. */
export function writeRefusal(
  res: ServerResponse,
  code: ReasonCode,
  extra: { readonly allow?: string; readonly members?: Readonly<Record<string, unknown>> } = {},
): void {
  const errorId = randomUUID();
  const reason: Reason = reasons[code];
  let body = problemBody(code, errorId);
  if (extra.members !== undefined) body = `${body.slice(0, -1)},${JSON.stringify(extra.members).slice(1)}`;
  const headers: OutgoingHttpHeaders = {
    ...everyAnswer,
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
    'x-error': reason.message,
    'x-error-id': errorId,
  };
  if (extra.allow !== undefined) headers['allow'] = extra.allow;
  if (reason.retryAfterS !== undefined) headers['retry-after'] = String(reason.retryAfterS);
  res.writeHead(reason.status, headers);
  res.end(body);
}
