/** Policies whose access differs by method: what each restricts, and how the tools treat it. */
import { expect, test } from 'vitest';
import type { Config } from '../../../src/config/config.ts';
import { decide } from '../../../src/core/decide.ts';
import type { Decision } from '../../../src/core/decision.ts';
import { entriesOf } from '../../../src/core/routing/route-table.ts';
import { blank } from '../../../src/policy-model/samples/sample-identity.ts';
import { simulate } from '../../../src/policy-model/simulate.ts';
import { coverageOf } from '../../../src/policy-tools/coverage.ts';
import { comparePolicies } from '../../../src/policy-tools/diff/compare-policies.ts';
import { policyMutants } from '../../../src/policy-tools/mutants.ts';
import { mutationScore } from '../../../src/policy-tools/mutation-score.ts';
import { policyOf } from '../../../src/policy-tools/run-cases.ts';
import { proposed } from '../../support/tool-results.ts';
import { policy } from './policies.ts';

/** Support may only read. */
const readers = '{ GET: [member, support], "*": [member] }';
const configOf = (access: string, ...routes: readonly string[]) =>
  policy(`roles: { member: {}, support: {} }
policies: [{ id: desk, match: { path: "/t/**" }, access: ${access} }]
routes:
${routes.map((route, index) => `  - { id: r${index}, upstream: orders, ${route} }`).join('\n')}`);
const any = 'match: { path: "/t/{id}" }, access: authenticated';

function reasonOf(config: Config, method: string, roles: readonly string[] | null, target = '/t/7'): string {
  const request = { method, host: 'any.example', secure: true, target, headers: [], client: null };
  const identity = roles === null ? null : { ...blank, kind: 'bearer' as const, userId: 'ann', roles };
  const { view, resolution } = simulate(request, identity, config.credentials);
  const decision = decide(view, policyOf(config), () => resolution) as Decision;
  return decision.outcome === 'refuse' ? decision.reason : decision.outcome;
}

test('support may only read, on every route below', () => {
  const config = configOf(
    readers,
    any,
    'match: { path: "/t/{id}/notes" }, access: { GET: [support], PUT: authenticated }',
  );
  for (const method of ['GET', 'HEAD']) expect(reasonOf(config, method, ['support'])).toBe('allow');
  for (const method of ['PUT', 'DELETE', 'OPTIONS']) {
    expect(reasonOf(config, method, ['support'])).toBe('role_missing');
    expect(reasonOf(config, method, ['member'])).toBe('allow');
  }
  // Both must allow it, and the route alone decides which methods there are.
  expect(reasonOf(config, 'PUT', ['support'], '/t/7/notes')).toBe('role_missing');
  expect(reasonOf(config, 'GET', ['member'], '/t/7/notes')).toBe('role_missing');
  expect(reasonOf(config, 'DELETE', ['member'], '/t/7/notes')).toBe('method_not_allowed');
});

test('methods without a rule are not restricted, and HEAD follows GET', () => {
  const config = configOf('{ DELETE: [member] }', 'match: { path: "/t/{id}" }, access: public');
  expect(reasonOf(config, 'GET', null)).toBe('allow');
  expect(reasonOf(config, 'DELETE', null)).toBe('credential_missing');
  expect(reasonOf(config, 'DELETE', ['support'])).toBe('role_missing');
  const reading = configOf('{ GET: [member] }', 'match: { path: "/t/{id}" }, access: { "*": public, HEAD: public }');
  expect([reasonOf(reading, 'HEAD', null), reasonOf(reading, 'POST', null)]).toEqual(['credential_missing', 'allow']);
  const head = configOf('{ HEAD: [member] }', 'match: { path: "/t/{id}" }, access: { GET: authenticated }');
  expect([reasonOf(head, 'GET', []), reasonOf(head, 'HEAD', [])]).toEqual(['allow', 'role_missing']);
});

test('a policy grants nothing for a method', () => {
  expect(() => configOf('{ GET: public, "*": [member] }', any)).toThrow('"public" restricts nothing');
});

test('each method is a mutant, cases for all are found, and a wider method is a difference', () => {
  const config = configOf(readers, any);
  const words = policyMutants(config.policies, entriesOf(config.routes.routes), config.roles).map((one) => one.words);
  expect(words).toContain('policy desk: other methods are not restricted');
  expect(words).toContain('policy desk: GET has no rule');
  expect(words).toContain('policy desk: GET: role support no longer grants it');
  const { cases, notFound } = proposed(config).proposals;
  expect(notFound).toEqual([]);
  expect(mutationScore(config, cases)).toMatchObject({ score: 1, survivors: [] });
  expect(coverageOf(config, []).cells.map(({ effect }) => effect)).toContainEqual({
    kind: 'refuses',
    word: 'role_missing',
    policy: 'desk',
  });
  const wider = configOf(readers.replace('"*": [member]', '"*": [member, support]'), any);
  const kinds = comparePolicies(policyOf(config), policyOf(wider)).map(({ kind, method }) => `${kind} ${method}`);
  expect(kinds.length).toBeGreaterThan(0);
  expect(kinds.every((kind) => kind.startsWith('newlyAllowed'))).toBe(true);
  expect(kinds).not.toContain('newlyAllowed GET');
});
