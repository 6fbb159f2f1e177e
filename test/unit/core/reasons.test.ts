/** The catalog of reasons, the responses made from it, and its page. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { bearerOnly, challengesFor } from '../../../src/core/credential/challenges.ts';
import { problemBody } from '../../../src/core/outcome/problem.ts';
import { type Reason, type ReasonCode, reasons } from '../../../src/core/outcome/reasons.ts';

const all = Object.entries(reasons) as [ReasonCode, Reason][];
const errorId = '3f2b1c7e-1d2e-4f3a-8b4c-5d6e7f809101';

describe.each(all)('%s', (code, reason) => {
  test('its text is one line of printable ASCII without data from the request', () => {
    expect(reason.message).toMatch(/^[\x20-\x7e]{1,256}$/);
    expect(reason.message).not.toMatch(/https?:|\d{2,}|[<>{}%$"]/);
    expect(code).toMatch(/^[a-z][a-z0-9]*(?:_[a-z]+)*$/);
    expect(reason.advice).toMatch(/^\S.{10,}\.$/);
  });

  test('its status is a refusal and has what HTTP requires of it', () => {
    expect(reason.status).toBeGreaterThanOrEqual(400);
    expect(reason.status).toBeLessThan(600);
    if (reason.status === 401) expect(reason.challenge).toBeDefined();
    if (reason.status === 503 || reason.status === 429) expect(reason.retryAfterS).toBeGreaterThan(0);
    if (reason.retryAfterS !== undefined) expect(reason.retryable).toBe(true);
    if (reason.challenge === 'insufficient_scope') expect(reason.status).toBe(403);
    if (reason.challenge === 'invalid_token') expect(reason.status).toBe(401);
    if (reason.status >= 500 && reason.status !== 501) expect(reason.fault).not.toBe('client');
  });

  test('an outage never looks like a bad credential', () => {
    if (reason.fault !== 'auth-api' && !code.startsWith('auth_')) return;
    expect([429, 503]).toContain(reason.status);
    expect(challengesFor(code, bearerOnly, null)).toEqual([]);
  });

  test('its body is a problem document (RFC 9457)', () => {
    expect(JSON.parse(problemBody(code, errorId))).toEqual({
      type: expect.stringMatching(/^[a-z]+:\S+$/),
      title: reason.message,
      status: reason.status,
      code,
      errorId,
    });
  });

  test('its body ends with a line break, so a shell prompt starts on a new line', () => {
    expect(problemBody(code, errorId)).toMatch(/^\{[^\n]+\}\n$/);
  });

  test('its challenge conforms to RFC 6750', () => {
    const [challenge] = challengesFor(code, bearerOnly, null);
    if (reason.challenge === undefined) return expect(challenge).toBeUndefined();
    expect(challenge).toMatch(/^Bearer [\x21\x23-\x7e]+="[^"]*"(?:, [a-z_]+="[^"]*")*$/);
    const error = /error="([^"]*)"/.exec(challenge ?? '')?.[1];
    expect(error).toBe(reason.challenge === 'none' ? undefined : reason.challenge);
  });
});

test('each reason has its specified status', () => {
  const statuses = (codes: readonly ReasonCode[]) => codes.map((code) => reasons[code].status);
  expect(
    statuses([
      'credential_missing',
      'credential_malformed',
      'credential_incomplete',
      'credential_scheme_unsupported',
      'credential_rejected',
    ]),
  ).toEqual([401, 401, 401, 401, 401]);
  expect(
    statuses(['credential_repeated', 'credential_conflict', 'path_ambiguous', 'target_invalid', 'host_invalid']),
  ).toEqual([400, 400, 400, 400, 400]);
  expect(statuses(['role_missing', 'role_forbidden', 'access_denied'])).toEqual([403, 403, 403]);
  expect(
    statuses([
      'route_not_found',
      'method_not_allowed',
      'body_too_large',
      'target_too_long',
      'headers_too_large',
      'internal_error',
    ]),
  ).toEqual([404, 405, 413, 414, 431, 500]);
  expect(statuses(['upstream_unreachable', 'upstream_timeout', 'auth_unavailable', 'overloaded'])).toEqual([
    502, 504, 503, 503,
  ]);
});

test('the table is frozen', () => {
  expect(Object.isFrozen(reasons)).toBe(true);
});

describe('the reference page', () => {
  const page = readFileSync(new URL('../../../docs/reference/reasons.md', import.meta.url), 'utf8');

  test('contains every reason with its status and text, and no other', () => {
    const rows = [...page.matchAll(/^\| `([a-z0-9_]+)` \| (\d{3}) \| ([^|]+) \|/gm)].map(([, code, status, text]) => [
      code,
      Number(status),
      text,
    ]);
    expect(rows.sort()).toEqual(all.map(([code, reason]) => [code, reason.status, reason.message]).sort());
  });
});
