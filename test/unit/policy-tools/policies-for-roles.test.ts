/** Policies for some roles (`for`): whom each restricts, and how the tools treat it. */
import { expect, test } from 'vitest';
import type { Config } from '../../../src/config/config.ts';
import { decide } from '../../../src/core/decide.ts';
import type { Decision } from '../../../src/core/decision.ts';
import { entriesOf } from '../../../src/core/routing/route-table.ts';
import { blank } from '../../../src/policy-model/samples/sample-identity.ts';
import { simulate } from '../../../src/policy-model/simulate.ts';
import { comparePolicies } from '../../../src/policy-tools/diff/compare-policies.ts';
import { policyMutants } from '../../../src/policy-tools/mutants.ts';
import { mutationScore } from '../../../src/policy-tools/mutation-score.ts';
import { policyOf } from '../../../src/policy-tools/run-cases.ts';
import { explained, findingsOf, proposed } from '../../support/tool-results.ts';
import { policy } from './policies.ts';

const configOf = (restriction: string, access = 'authenticated') =>
  policy(`roles: { member: {}, support: {}, lead: { inherits: [support] }, admin: {} }
policies: [{ id: desk, match: { path: "/t/{tenant}/**" }, ${restriction} }]
routes: [{ id: doc, match: { path: "/t/{tenant}/{id}" }, upstream: orders, access: ${access} }]`);
/** Support reads only, and only the tenant acme. */
const reads = 'for: [support], access: { GET: authenticated, "*": deny }';
const tenants = 'for: [support], when: [{ param: tenant, equals: acme, reason: other_tenant }]';

function decisionOf(config: Config, method: string, roles: readonly string[] | null, target = '/t/zeta/7'): string {
  const request = { method, host: 'any.example', secure: true, target, headers: [], client: null };
  const identity = roles === null ? null : { ...blank, kind: 'bearer' as const, userId: 'ann', roles };
  const { view, resolution } = simulate(request, identity, config.credentials);
  const decision = decide(view, policyOf(config), () => resolution) as Decision;
  return decision.outcome === 'refuse' ? (decision.condition?.word ?? decision.reason) : decision.outcome;
}

test('access restricts holders of the roles and of those that inherit them, and no other identity', () => {
  const config = configOf(reads);
  for (const roles of [['support'], ['lead'], ['member', 'support']]) {
    expect([decisionOf(config, 'GET', roles), decisionOf(config, 'HEAD', roles)]).toEqual(['allow', 'allow']);
    expect([decisionOf(config, 'PUT', roles), decisionOf(config, 'POST', roles)]).toEqual([
      'role_forbidden',
      'role_forbidden',
    ]);
  }
  for (const roles of [[], ['member'], ['admin']]) expect(decisionOf(config, 'PUT', roles)).toBe('allow');
  const both = configOf('for: [support], access: [member]');
  expect(decisionOf(both, 'GET', ['support'])).toBe('role_missing');
  expect(decisionOf(both, 'GET', ['support', 'member'])).toBe('allow');
});

test('conditions and the age of a sign-in restrict holders only', () => {
  const config = configOf(`${tenants}, unless: [admin]`);
  expect(decisionOf(config, 'GET', ['support'])).toBe('other_tenant');
  expect(decisionOf(config, 'GET', ['support'], '/t/acme/7')).toBe('allow');
  expect(decisionOf(config, 'GET', ['member'])).toBe('allow');
  expect(decisionOf(config, 'GET', ['lead', 'admin'])).toBe('allow');
  const recent = configOf('for: [support], maxAuthAge: 5m');
  expect(decisionOf(recent, 'GET', ['support'])).toBe('sign_in_too_old');
  expect(decisionOf(recent, 'GET', ['member'])).toBe('allow');
});

test('a caller cannot evade the policy by omitting the credential', () => {
  // Control: without the policy, both are open.
  for (const access of ['optional', 'public']) {
    expect(decisionOf(configOf('access: { DELETE: deny }', access), 'GET', null)).toBe('allow');
    expect(decisionOf(configOf(reads, access), 'PUT', null)).toBe('credential_missing');
  }
  expect(decisionOf(configOf(tenants, 'optional'), 'GET', null)).toBe('other_tenant');
  expect(() => configOf(tenants, 'public')).toThrow('compares the identity, and no credential is read here');
});

test('a list without effect, or of unknown roles, is an error', () => {
  expect(() => configOf('for: [support], access: authenticated')).toThrow('"authenticated" restricts no identity');
  expect(() => configOf('for: [suport], access: deny')).toThrow('the role "suport" is not declared');
  expect(() => configOf('for: [support]')).toThrow('this policy restricts nothing');
});

test('tests for every effect are found, and notice a policy that restricts others', () => {
  for (const restriction of [
    reads,
    tenants,
    `for: [support, admin], maxAuthAge: 5m, unless: [lead], ${tenants.slice(16)}`,
  ]) {
    const config = configOf(restriction);
    expect(findingsOf(config).filter(({ code }) => !['role_unused', 'admin_open'].includes(code))).toEqual([]);
    const { cases, notFound } = proposed(config).proposals;
    expect(notFound).toEqual([]);
    expect(mutationScore(config, cases)).toMatchObject({ score: 1, survivors: [] });
  }
  const words = ({ policies, routes, roles }: Config) =>
    policyMutants(policies, entriesOf(routes.routes), roles).map((one) => one.words);
  expect(words(configOf(tenants.replace('[support]', '[support, member]')))).toEqual(
    expect.arrayContaining([
      'policy desk: the condition other_tenant no longer restricts role member',
      'policy desk: the condition other_tenant restricts every caller',
    ]),
  );
});

test('a list that restricts fewer is a difference, exactly for those', () => {
  for (const restriction of [reads, tenants]) {
    const [all, few] = [restriction.replace('[support]', '[support, member]'), restriction].map((one) => configOf(one));
    const kinds = (before: Config, after: Config) => [
      ...new Set(comparePolicies(policyOf(before), policyOf(after)).map(({ kind }) => kind)),
    ];
    expect(kinds(all!, few!)).toEqual(['newlyAllowed']);
    expect(kinds(few!, all!)).toEqual(['newlyRefused']);
    expect(kinds(few!, few!)).toEqual([]);
    // Whom it restricts only through inheritance makes no difference.
    expect(kinds(few!, configOf(restriction.replace('[support]', '[support, lead]')))).toEqual([]);
  }
});

test('explain says that a condition is not for the identity', () => {
  const config = configOf(tenants);
  const of = (roles: readonly string[]) =>
    explained(config, { target: '/t/zeta/7' }, { ...blank, kind: 'bearer', userId: 'ann', roles }).conditions[0];
  expect(of(['support'])).toMatchObject({ concerns: true, passed: false, policy: 'desk' });
  expect(of(['member'])).toMatchObject({ concerns: false, passed: true, truth: 'unmet' });
  expect(of([])?.words).toBe('param tenant equals "acme", for support');
});

test('a condition that restricts no allowed identity is a finding', () => {
  const codes = findingsOf(configOf(tenants, '{ all: [member], none: [support] }')).map(({ code }) => code);
  expect(codes).toContain('condition_idle');
  // Control.
  const control = findingsOf(configOf(tenants, '[member]')).map(({ code }) => code);
  expect(control).not.toContain('condition_idle');
});
