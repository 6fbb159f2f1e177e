/** What a route does to response headers, and what an upstream cannot set. */
import { describe, expect, test } from 'vitest';
import { compileResponseTreatments } from '../../../src/core/forwarding/compile-forwarding.ts';
import { compileCors } from '../../../src/core/forwarding/cors.ts';
import { appendResponseHeaders } from '../../../src/core/forwarding/response-headers.ts';
import {
  compileResponseRules,
  type ResponseRulesSource,
  refusalHeadersOf,
} from '../../../src/core/forwarding/response-rules.ts';
import { splitHeader } from './make-policy.ts';

const treat = compileResponseTreatments(['user-id', 'groups'], false);
const app = 'https://app.example.test';
const cors = compileCors({
  origins: [app],
  methods: null,
  headers: [],
  exposeHeaders: [],
  credentials: false,
  maxAgeMs: 0,
});
const rules = (part: Partial<Omit<ResponseRulesSource, 'set'>> & { set?: Record<string, string> }) =>
  compileResponseRules({ security: 'off', remove: [], ...part, set: new Map(Object.entries(part.set ?? {})) });

function pass(headers: readonly string[], route: Parameters<typeof refusalHeadersOf>[0] = null, asked: string[] = []) {
  const out: string[] = [];
  appendResponseHeaders(out, headers.flatMap(splitHeader), treat, route, asked);
  return out;
}

test('a route can set Alt-Svc itself', () => {
  const response = rules({ set: { 'alt-svc': 'clear' } });
  expect(pass(['Alt-Svc: h2=":8443"'], { cors: null, response })).toEqual(['alt-svc', 'clear']);
});

describe('an upstream cannot set', () => {
  test.each([
    ...[
      'User-Id: root',
      'user_id: root',
      'user.id: root',
      'GROUPS: wheel',
      'X-Rolegate-Stale: 1',
      'x_rolegate_stale: 1',
    ],
    ...[
      'Via: 1.1 inner',
      'Alt-Svc: h2=":8443"',
      'Connection: x',
      'Transfer_Encoding: chunked',
      'content_length: 5',
      'X_Error: a',
      'x_error_id: b',
    ],
    ...['Upgrade: h2c', 'HTTP2-Settings: x', 'Proxy-Authenticate: Basic', 'Trailer: x-error', 'TE: trailers'],
  ])('%s', (header) => {
    expect(pass([header, 'X-Kept: 1'])).toEqual(['X-Kept', '1']);
  });

  test('who may read the response, where the route sets it', () => {
    const said = ['Access-Control-Allow-Origin: *', 'access-control-allow-credentials: true', 'Vary: Accept'];
    expect(pass(said)).toEqual(said.flatMap(splitHeader));
    expect(pass(said, { cors, response: null })).toEqual(['Vary', 'Accept', 'vary', 'Origin']);
    expect(pass(said, { cors, response: null }, ['Origin', app])).toEqual([
      ...['Vary', 'Accept', 'vary', 'Origin', 'access-control-allow-origin', app],
      ...['access-control-expose-headers', 'x-error, x-error-id'],
    ]);
  });
});

test('without settings there are no rules', () => {
  expect(rules({})).toBeNull();
});

test('set headers replace those of the service, and removed ones are dropped', () => {
  const answers = rules({ set: { 'cache-control': 'no-store' }, remove: ['server'] });
  expect(
    pass(['Cache-Control: public', 'CACHE-CONTROL: x', 'Server: s', 'A: b'], { cors: null, response: answers }),
  ).toEqual([...['A', 'b', 'cache-control', 'no-store']]);
});

test('recognizes security headers among any number of set headers', () => {
  const many = Object.fromEntries(Array.from({ length: 70 }, (_, i) => [`x-${i}`, String(i)]));
  const answers = rules({ security: 'strict', set: many });
  const out = pass(['X-Frame-Options: SAMEORIGIN'], { cors: null, response: answers });
  const names = out.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());
  expect([new Set(names).size, names.length]).toEqual([77, 77]);
});

test('adds security headers only if the service has not set them', () => {
  const answers = rules({ security: 'strict', set: { 'referrer-policy': 'origin' }, remove: ['x-frame-options'] });
  const out = pass(['Content-Security-Policy: default-src https:', 'X-Frame-Options: x'], {
    cors: null,
    response: answers,
  });
  expect(out.slice(0, 2)).toEqual(['Content-Security-Policy', 'default-src https:']);
  const names = out.filter((_, i) => i % 2 === 0);
  expect(names).toContain('strict-transport-security');
  expect(names.filter((name) => /content-security/i.test(name))).toHaveLength(1);
  expect(names).not.toContain('x-frame-options');
  expect(out[names.indexOf('referrer-policy') * 2 + 1]).toBe('origin');
});

test("the gateway's own refusals carry them too, except those that they set themselves", () => {
  const answers = rules({ security: 'basic', set: { 'cache-control': 'public', 'x-own': '1' } });
  const out = refusalHeadersOf({ cors, response: answers }, ['Origin', app]);
  expect(out).toContain('x-own');
  expect(out).toContain('nosniff');
  expect(out).toContain('x-error, x-error-id');
  expect(out).not.toContain('cache-control');
  expect(refusalHeadersOf(null, [])).toEqual([]);
  expect(refusalHeadersOf({ cors: null, response: null }, ['Origin', app])).toEqual([]);
});
