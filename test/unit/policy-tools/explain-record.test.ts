/** Explanations of recorded decisions: under the same rules they give the recorded decision. */
import { expect, test } from 'vitest';
import { decide } from '../../../src/core/decide.ts';
import type { Decision } from '../../../src/core/decision.ts';
import { selectSource } from '../../../src/identity/sources/select-source.ts';
import { blank } from '../../../src/policy-model/samples/sample-identity.ts';
import { simulate } from '../../../src/policy-model/simulate.ts';
import { readsOf, recordOf } from '../../../src/policy-tools/replay/decision-record.ts';
import { explainRecord, isAsExplained } from '../../../src/policy-tools/replay/explain-record.ts';
import { forwardingOf, policyOf } from '../../../src/policy-tools/run-cases.ts';
import { policy } from './policies.ts';

const at = Date.parse('2026-11-02T09:30:00Z');

test.each([
  ['notAfter: "2026-11-03T00:00:00Z"', 'allow'],
  ['when: [{ time: { days: [mon], from: "09:00", to: "10:00", zone: UTC }, reason: closed }]', 'allow'],
  ['when: [{ time: { days: [tue], zone: UTC }, reason: closed }]', 'refuse'],
  ['when: [{ header: x-cert, equals: ok, reason: certificate }]', 'allow'],
])('applies the time of the request and its proxy: %s', (rest, outcome) => {
  const config = policy(`server: { trustedProxies: ["10.0.0.0/8"] }
conditions: { headers: { x-cert: trusted } }
roles: { user: {} }
routes: [{ id: one, match: { path: "/one" }, upstream: orders, access: [user], ${rest} }]`);
  const identity = { ...blank, kind: 'bearer' as const, userId: 'ann', roles: ['user'] };
  const sent = { method: 'GET', host: 'any.example', secure: true, target: '/one', headers: ['x-cert', 'ok'] };
  const { view, resolution } = simulate(
    { ...sent, client: null, trusted: true, time: at },
    identity,
    config.credentials,
  );
  const rules = policyOf(config);
  const decision = decide(view, rules, () => resolution) as Decision;
  expect(decision.outcome).toBe(outcome);
  const record = recordOf({ view, decision, credential: null, resolution }, rules, readsOf(config.routes.routes), at)!;
  const explanation = explainRecord(record, true, {
    policy: rules,
    roles: config.roles,
    rules: forwardingOf(config),
    sourceOf: (credential) => selectSource(credential, config.sourceRule),
  });
  expect(explanation.outcome).toBe(outcome);
  expect(isAsExplained(record, explanation)).toBe(true);
});

test.each([true, false])('applies the headers of a trusted proxy: %s', (trusted) => {
  const config = policy(`server: { trustedProxies: ["10.0.0.0/8"] }
conditions: { headers: { x-client-cert-verified: trusted } }
roles: {}
routes:
  - id: cert
    match: { path: "/cert" }
    upstream: orders
    access: public
    when: [{ header: x-client-cert-verified, equals: SUCCESS, reason: certificate_needed }]`);
  const headers = ['x-client-cert-verified', 'SUCCESS'];
  const sent = { method: 'GET', host: 'any.example', secure: true, target: '/cert', headers, client: null, trusted };
  const { view, resolution } = simulate(sent, null, config.credentials);
  const rules = policyOf(config);
  const decision = decide(view, rules, () => resolution) as Decision;
  expect(decision.outcome).toBe(trusted ? 'allow' : 'refuse');
  const decided = { view, decision, credential: null, resolution: null };
  const record = recordOf(decided, rules, readsOf(config.routes.routes), at)!;
  const explanation = explainRecord(record, true, {
    policy: rules,
    roles: config.roles,
    rules: forwardingOf(config),
    sourceOf: (credential) => selectSource(credential, config.sourceRule),
  });
  expect([explanation.outcome, isAsExplained(record, explanation)]).toEqual([decision.outcome, true]);
});

const asks = `when:
      - { header: x-region, equals: eu, reason: wrong_region }
      - { not: { query: q, equals: "1" }, reason: wrong_q }`;

test.each([
  ['a region', ['x-region', 'eu'], '?q=2', null],
  [
    'a header that Connection removes',
    ['x-region', 'eu', 'connection', 'X_Region'],
    '?q=2',
    'is removed by the Connection header',
  ],
  [
    'a header in another spelling',
    ['X.Region', 'eu'],
    '?q=2',
    'is present under a name that some services read as this one',
  ],
  [
    'a parameter in another spelling',
    ['x-region', 'eu'],
    '?[q]=2',
    'is present under a name that some services read as this one',
  ],
  [
    'a parameter after others that are not recorded',
    ['x-region', 'eu'],
    `?${'secret=1&'.repeat(5_000)}q=2`,
    'is not among the first 100 parameters of the query, and some services read no more',
  ],
  ['a semicolon', ['x-region', 'eu'], '?secret=1;q=2', 'is in a query with ";", which some services read as "&"'],
  [
    'a name that cannot be decoded',
    ['x-region', 'eu'],
    '?secret%ff=1&q=2',
    'contains an escape that is not valid UTF-8',
  ],
])('a record contains why a value cannot be read: %s', (_name, headers, query, why) => {
  const config = policy(`conditions: { headers: { x-region: any } }
roles: {}
routes:
  - id: one
    match: { path: "/one" }
    upstream: orders
    access: public
    ${asks}`);
  const sent = { method: 'GET', host: 'any.example', secure: true, target: `/one${query}`, headers };
  const { view, resolution } = simulate({ ...sent, client: null, trusted: false }, null, config.credentials);
  const rules = policyOf(config);
  const decision = decide(view, rules, () => resolution) as Decision;
  expect(decision.outcome).toBe(why === null ? 'allow' : 'refuse');
  const decided = { view, decision, credential: null, resolution: null };
  const record = recordOf(decided, rules, readsOf(config.routes.routes), at)!;
  expect(JSON.stringify(record)).not.toContain('secret');
  const explanation = explainRecord(record, true, {
    policy: rules,
    roles: config.roles,
    rules: forwardingOf(config),
    sourceOf: (credential) => selectSource(credential, config.sourceRule),
  });
  expect(isAsExplained(record, explanation)).toBe(true);
  const whys = explanation.conditions.flatMap(({ steps }) =>
    steps.flatMap(({ compared }) => compared.map((one) => one.why)),
  );
  expect(whys.filter((one) => one !== null)).toEqual(why === null ? [] : [why]);
});
