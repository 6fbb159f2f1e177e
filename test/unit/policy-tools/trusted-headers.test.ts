/** Headers that only a trusted proxy may set: read only from it, and removed from the requests of every other peer. */
import { expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { decide } from '../../../src/core/decide.ts';
import type { Allow, Decision } from '../../../src/core/decision.ts';
import { simulate } from '../../../src/policy-model/simulate.ts';
import { comparePolicies } from '../../../src/policy-tools/diff/compare-policies.ts';
import { mutationScore } from '../../../src/policy-tools/mutation-score.ts';
import { proposeCases } from '../../../src/policy-tools/propose-cases.ts';
import { forwardingOf, policyOf, upstreamHeaders } from '../../../src/policy-tools/run-cases.ts';
import { runTests } from '../../../src/policy-tools/test-report.ts';
import { policy } from './policies.ts';

const rules = (from: 'any' | 'trusted', server = 'server: { trustedProxies: ["10.0.0.0/8"] }') => `${server}
conditions: { headers: { x-client-cert-verified: ${from} } }
roles: {}
routes:
  - { id: open, match: { path: "/open" }, upstream: orders, access: public }
  - id: cert
    match: { path: "/cert" }
    upstream: orders
    access: public
    when: [{ header: x-client-cert-verified, equals: SUCCESS, reason: certificate_needed }]`;

const names = ['x-client-cert-verified', 'X-Client-Cert-Verified', 'x_client_cert_verified', 'X-Client_Cert-Verified'];

function ask(trusted: boolean, target: string, name = names[0]!) {
  const config = policy(rules('trusted'));
  const request = {
    method: 'GET',
    host: 'any.example',
    secure: true,
    target,
    headers: [name, 'SUCCESS'],
    client: null,
    trusted,
  };
  const simulated = simulate(request, null, config.credentials);
  const decision = decide(simulated.view, policyOf(config), () => simulated.resolution) as Decision;
  const sent = decision.outcome === 'allow' ? upstreamHeaders(decision as Allow, simulated, forwardingOf(config)) : [];
  return {
    reason: decision.outcome === 'refuse' ? decision.condition?.word : null,
    sent: sent.map(([written]) => written),
  };
}

test('is read from a trusted proxy, and from no other peer', () => {
  expect(ask(true, '/cert').reason).toBeNull();
  expect(ask(false, '/cert').reason).toBe('certificate_needed');
});

test.each(names)('%s from another peer is removed on every route', (name) => {
  const own = (sent: readonly string[]) => sent.filter((one) => /client.cert/i.test(one));
  expect(own(ask(false, '/open', name).sent)).toEqual([]);
  expect(own(ask(true, '/open', name).sent)).toEqual([name]);
});

test('reports mistakes in such headers', () => {
  const problemsOf = (text: string) => {
    const read = parseConfig(
      `version: 1\nauthApi: { url: "http://a:1" }\nupstreams: { orders: { targets: ["http://o:1"] } }\n${text}\n`,
      { file: 'gateway.yaml', env: {}, readSecret: () => '' },
    );
    return read.ok ? [] : read.problems.map(({ message }) => message);
  };
  expect(problemsOf(rules('trusted', ''))).toEqual(['no proxy is trusted, so no request can have this header']);
  const twice = rules('any').replace('headers: {', 'headers: { X-Client-Cert-Verified: trusted,');
  expect(problemsOf(twice)).toEqual(['this header is listed twice']);
});

test('proposes cases sent by a trusted proxy, and reports a changed source as a difference', () => {
  const config = policy(rules('trusted'));
  const { cases, notFound } = proposeCases(config, runTests(config, false), true);
  expect(notFound).toEqual([]);
  expect(mutationScore(config, cases).survivors.map((mutant) => mutant.words)).toEqual([]);
  expect(cases.some(({ test: { trusted, expect: wanted } }) => trusted && wanted === 'allow')).toBe(true);
  const changed = comparePolicies(policyOf(policy(rules('any'))), policyOf(config));
  expect(changed.map(({ kind }) => kind)).toContain('newlyRefused');
});
