import { expect, test } from 'vitest';
import { judge } from '../../../src/cli/prove/judge-reply.ts';
import type { Probe, Reply } from '../../../src/cli/prove/probe.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { decide } from '../../../src/core/decide.ts';
import { hostileTargets } from '../../../src/policy-tools/hostile-targets.ts';
import { policyOf } from '../../../src/policy-tools/run-cases.ts';

const read = parseConfig(
  `version: 1
authApi: { url: "http://auth:8081" }
roles: { user: {} }
upstreams: { s: { targets: ["http://s:1"] } }
routes: [{ id: a, match: { path: "/admin/{id}" }, upstream: s, access: [user] }, { id: o, match: { path: "/**" }, upstream: s, access: public }]
`,
  { file: 'gateway.yaml', env: {}, readSecret: () => '' },
);
if (!read.ok) throw new Error('the configuration of this test has problems');
const policy = policyOf(read.config);
const decisionOf = (target: string) => {
  const view = { method: 'GET', target, rawHeaders: ['Host', 'a.test'], httpVersion: '1.1' } as const;
  const decision = decide(view, policy, () => {
    throw new Error('no credential is sent');
  });
  if (decision instanceof Promise) throw new Error('at once');
  return decision;
};

const probe = (target: string, more: Partial<Probe> = {}): Probe => ({
  ...{ group: 'rules', method: 'GET', target, host: 'a.test', headers: [], secrets: [], marker: null },
  decision: decisionOf(target),
  ...more,
});
const reply = (status: number, headers: Readonly<Record<string, string>> = {}, text = ''): Reply => ({
  status,
  header: (name) => headers[name] ?? null,
  text,
  body: '',
});
const refusal = { 'x-error': 'A credential is required', 'x-error-id': 'an-id' };

test.each([
  ['a refusal', '/admin/7', reply(401, refusal), null],
  [
    'a refusal with another reason',
    '/admin/7',
    reply(400, { ...refusal, 'x-error': 'The path can be read in more than one way' }),
    null,
  ],
  ['a success', '/admin/7', reply(200), 'passed'],
  ['a redirect by the service', '/admin/7', reply(302), 'passed'],
  ['a 404 from the service', '/admin/7', reply(404), 'passed'],
  [
    "a response of the service that carries Rolegate's headers",
    '/admin/7',
    reply(404, { 'x-error': 'The upstream responded with status 404', 'x-error-id': 'i' }),
    'passed',
  ],
  ['a refusal by the proxy', '/admin/7', reply(400), null],
  ['a proxy whose upstream fails', '/admin/7', reply(502), null],
  ['a success that the rules allow', '/open', reply(200), null],
])('%s: %s', (_, target, got, code) => {
  expect(judge(probe(target), got)?.code ?? null).toBe(code);
});

test('reports a marker that the service has seen', () => {
  const forged = probe('/open', { group: 'identity', marker: 'prove-12345678' });
  expect(judge(forged, reply(200, {}, 'user-id: prove-12345678'))?.code).toBe('identity_forged');
  expect(judge(forged, reply(200, {}, 'user-id: ann'))).toBeNull();
  expect(judge({ ...forged, group: 'leaks' }, reply(200, {}, 'prove-12345678'))?.code).toBe('credential_passed');
});

test('expects 5xx during an outage', () => {
  const asked = probe('/admin/7', { group: 'outage' });
  expect(judge(asked, reply(403))?.code).toBe('outage_as_refusal');
  expect(judge(asked, reply(503))).toBeNull();
});

test('hostile targets are many and distinct, and Rolegate allows none that it reads as the closed path', () => {
  const targets = hostileTargets('/admin/7');
  expect(new Set(targets).size).toBe(targets.length);
  expect(targets.length).toBeGreaterThanOrEqual(40);
  for (const target of targets) {
    const decision = decisionOf(target);
    if (decision.outcome === 'allow')
      expect([target, /^\/admin\/[^/]+$/.test(decision.request.path)]).toEqual([target, false]);
  }
});

const pair = ['Api-Key', '7', 'Api-Secret', 'a-long-secret-of-this-key'];
test.each([
  ['a short one by chance', '7', '{"requests": 7, "id": "27"}', null],
  ['a short one as a JSON value', '7', '{"headers":{"api-key":"7"}}', 'credential_passed'],
  ['a short one in a list', '7', '["Host","a.test","API-KEY","7"]', 'credential_passed'],
  ['a short one in a line', '7', 'host: a.test\napi-key: 7\n', 'credential_passed'],
  ['a short one in a CGI-like variable', '7', 'HTTP_API_KEY=7', 'credential_passed'],
  ['a longer one after its header', '7', 'api-key: 77', null],
  ['a long one anywhere', 'a-long-secret-of-this-key', 'seen a-long-secret-of-this-key', 'credential_passed'],
] as const)('finds a credential that the service received: %s', (_, marker, text, code) => {
  const sent = probe('/open', { group: 'leaks', headers: pair, marker });
  expect(judge(sent, reply(200, {}, text))?.code ?? null).toBe(code);
  const bearer = probe('/open', { group: 'leaks', headers: ['Authorization', 'Bearer 7'], marker: '7' });
  expect(judge(bearer, reply(200, {}, 'authorization: Bearer 7'))?.code).toBe('credential_passed');
});
