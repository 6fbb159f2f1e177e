/** `acr`: how it is evaluated and explained, and how every tool treats it. */
import { expect, test } from 'vitest';
import { describeRoutes } from '../../../src/core/routing/describe-routes.ts';
import { sampleIdentity } from '../../../src/policy-model/samples/sample-identity.ts';
import { comparePolicies } from '../../../src/policy-tools/diff/compare-policies.ts';
import { mutationScore } from '../../../src/policy-tools/mutation-score.ts';
import { policyOf } from '../../../src/policy-tools/run-cases.ts';
import { runTests } from '../../../src/policy-tools/test-report.ts';
import { explained, findingsOf, proposed } from '../../support/tool-results.ts';
import { policy } from './policies.ts';

const rules = (
  rest: string,
  access = '[user]',
) => `identity: { claims: { acr: { field: acr, type: string, optional: true } } }
roles: { user: {} }
routes:
  - { id: one, match: { path: /one }, upstream: orders, access: ${access}, ${rest} }
`;
const user = (acr: string | undefined) => ({
  ...sampleIdentity,
  roles: ['user'],
  claims: acr === undefined ? {} : { acr },
});

test.each([
  ['two', null],
  ['hardware', null],
  ['one', 'sign_in_too_weak'],
  [undefined, 'sign_in_too_weak'],
])('a sign-in by %s', (acr, reason) => {
  expect(explained(policy(rules('acr: [two, hardware]')), { target: '/one' }, user(acr)).reason).toBe(reason);
});

test('explanations show the demand, and the challenge contains both demands of the route', () => {
  const config = policy(rules('acr: [two, hardware], maxAuthAge: 15m'));
  const explanation = explained(config, { target: '/one', time: 0 }, user('one'));
  expect(explanation).toMatchObject({ status: 401, reason: 'sign_in_too_weak', condition: null });
  expect(explanation.challenges).toEqual([
    'Bearer realm="rolegate", error="insufficient_user_authentication", acr_values="two hardware", max_age="900"',
  ]);
  expect(describeRoutes(config.routes)[0]?.when?.map(({ condition }) => condition)).toEqual([
    'identity claims.acr in ["two", "hardware"]',
    'signed in within 15m',
  ]);
});

test('only methods that need a credential demand it', () => {
  const config = policy(rules('acr: [two]', '{ GET: public, PUT: [user] }'));
  expect(explained(config, { target: '/one', method: 'GET' }, null).outcome).toBe('allow');
  expect(explained(config, { target: '/one', method: 'PUT' }, user('one')).reason).toBe('sign_in_too_weak');
});

test('roles and conditions are checked before it', () => {
  const config = policy(rules('acr: [two], when: [{ query: tenant, equals: acme, reason: tenant }]'));
  expect(explained(config, { target: '/one' }, { ...user('one'), roles: [] }).reason).toBe('role_missing');
  expect(explained(config, { target: '/one?tenant=zeta' }, user('one')).reason).toBe('condition_failed');
});

test('proposes cases that detect every change', () => {
  const config = policy(rules('acr: [two, hardware]'));
  const { proposals } = proposed(config);
  expect(proposals.notFound).toEqual([]);
  const { survivors, mutants } = mutationScore(config, proposals.cases);
  expect(survivors.map(({ words }) => words)).toEqual([]);
  expect(mutants).toBeGreaterThan(2);
});

test('can be tested', () => {
  const tests = `tests:
  identities: { ann: { roles: [user], claimValues: { acr: two } }, bob: { roles: [user] } }
  cases:
    - { as: ann, request: GET /one, expect: allow }
    - { as: bob, request: GET /one, expect: refuse, reason: sign_in_too_weak }
`;
  const { results } = runTests(policy(`${rules('acr: [two]')}${tests}`), false);
  expect(results.flatMap(({ faults }) => faults)).toEqual([]);
});

test('another list is a difference, the same kinds in another order are not', () => {
  const kinds = (a: string, b: string) => [
    ...new Set(comparePolicies(policyOf(policy(rules(a))), policyOf(policy(rules(b)))).map(({ kind }) => kind)),
  ];
  expect(kinds('acr: [two]', 'acr: [two, hardware]')).toEqual(['newlyAllowed']);
  expect(kinds('acr: [two, hardware]', 'acr: [two]')).toEqual(['newlyRefused']);
  expect(kinds('acr: [two]', 'maxVerdictAge: 5s')).toEqual(['newlyAllowed']);
  expect(kinds('acr: [two, hardware]', 'acr: [hardware, two]')).toEqual([]);
});

test('a finding is placed at the key', () => {
  const config = policy(rules('acr: [two], when: [{ identity: claims.acr, equals: two, reason: strong }]'));
  const found = findingsOf(config).filter(({ code }) => code.startsWith('condition'));
  expect(found).toMatchObject([{ code: 'condition_shadowed', place: { kind: 'route', index: 0, key: ['acr'] } }]);
});
