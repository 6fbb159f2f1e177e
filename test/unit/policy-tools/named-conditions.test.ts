/** Conditions with names and for some methods: what problems say about them, and how every tool treats them. */
import { expect, test } from 'vitest';
import type { Config } from '../../../src/config/config.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { decide } from '../../../src/core/decide.ts';
import type { Decision } from '../../../src/core/decision.ts';
import { describeRoutes } from '../../../src/core/routing/describe-routes.ts';
import { entriesOf } from '../../../src/core/routing/route-table.ts';
import { blank } from '../../../src/policy-model/samples/sample-identity.ts';
import { simulate } from '../../../src/policy-model/simulate.ts';
import { coverageOf } from '../../../src/policy-tools/coverage.ts';
import { comparePolicies } from '../../../src/policy-tools/diff/compare-policies.ts';
import { routeMutants } from '../../../src/policy-tools/mutants.ts';
import { mutationScore } from '../../../src/policy-tools/mutation-score.ts';
import { proposeCases } from '../../../src/policy-tools/propose-cases.ts';
import { policyOf } from '../../../src/policy-tools/run-cases.ts';
import { runTests } from '../../../src/policy-tools/test-report.ts';
import { findingsOf } from '../../support/tool-results.ts';
import { policy } from './policies.ts';

const rules = (
  when: string,
  access = '[user]',
  named = 'same_tenant: { param: tenant, in: identity.groups, unless: [admin] }',
) => `roles: { user: {}, admin: { inherits: [user] } }
conditions: { named: { ${named} } }
routes:
  - id: order
    match: { path: "/{tenant}/{id}" }
    upstream: orders
    access: ${access}
    when: ${when}`;

function problemsOf(text: string): readonly string[] {
  const read = parseConfig(
    `version: 1\nauthApi: { url: "http://a:1" }\nupstreams: { orders: { targets: ["http://o:1"] } }\n${text}\n`,
    { file: 'gateway.yaml', env: {}, readSecret: () => '' },
  );
  return read.ok ? [] : read.problems.map(({ message, hint }) => (hint === null ? message : `${message} (${hint})`));
}

function reasonOf(config: Config, line: string, groups: readonly string[] = [], roles = ['user']): string {
  const [method = '', target = ''] = line.split(' ');
  const request = { method, host: 'any.example', secure: true, target, headers: [], client: null };
  const { view, resolution } = simulate(
    request,
    { ...blank, kind: 'bearer', userId: 'ann', roles, groups },
    config.credentials,
  );
  const decision = decide(view, policyOf(config), () => resolution) as Decision;
  return decision.outcome === 'refuse' ? (decision.condition?.word ?? decision.reason) : decision.outcome;
}

test('a name stands for its condition, and becomes its reason', () => {
  const config = policy(rules('[same_tenant]'));
  expect(reasonOf(config, 'GET /acme/7', ['acme'])).toBe('allow');
  expect(reasonOf(config, 'GET /zeta/7', ['acme'])).toBe('same_tenant');
  expect(reasonOf(config, 'GET /zeta/7', [], ['admin'])).toBe('allow');
  expect(describeRoutes(config.routes)[0]?.when).toEqual([
    { reason: 'same_tenant', name: 'same_tenant', condition: 'param tenant in identity groups, unless admin' },
  ]);
});

test('a condition applies only to its methods, and HEAD follows GET', () => {
  const config = policy(rules('[{ methods: [GET, DELETE], query: sure, exists: true, reason: not_sure }]'));
  for (const method of ['GET', 'HEAD', 'DELETE']) expect(reasonOf(config, `${method} /acme/7`)).toBe('not_sure');
  for (const method of ['POST', 'PUT']) expect(reasonOf(config, `${method} /acme/7`)).toBe('allow');
  expect(reasonOf(config, 'DELETE /acme/7?sure=1')).toBe('allow');
});

test('problems are located at the use of a name, and suggest the nearest one', () => {
  expect(problemsOf(rules('[same_tennant]'))).toEqual([
    'there is no condition "same_tennant" under "conditions.named" (did you mean "same_tenant"?)',
  ]);
  expect(problemsOf(rules('[same_tenant]').replace('{tenant}/', '{org}/'))).toEqual([
    '"match.path" has no parameter "tenant" (did you mean "org"?)'.replace(
      ' (did you mean "org"?)',
      ' (known: org, id)',
    ),
  ]);
  expect(problemsOf(rules('[same_tenant]', 'public'))).toEqual([
    '"same_tenant" exempts roles, which no caller has on a public route (compare the request only)',
  ]);
  expect(
    problemsOf(
      rules('[same_tenant]', '{ GET: public, DELETE: [user] }').replace(
        'unless: [admin]',
        'unless: [admin], methods: [DELETE]',
      ),
    ),
  ).toEqual([]);
  expect(
    problemsOf(
      rules(
        '[{ methods: [PATCH], query: a, exists: true, reason: b }]',
        '{ GET: [user] }',
        'x: { query: a, exists: true }',
      ),
    ),
  ).toEqual(['this route does not accept PATCH (remove it, or list the method under "access")']);
  expect(problemsOf(rules('[role_missing]', '[user]', 'role_missing: { query: a, exists: true }'))).toEqual([
    '"role_missing" is a reason of the gateway itself (choose another name, or give it a "reason")',
  ]);
});

test('reports unused conditions, conditions that are always met, and conditions that earlier ones make redundant', () => {
  const found = (when: string, named: string) =>
    findingsOf(policy(rules(when, '[user]', named))).flatMap(({ code, place }) =>
      code.startsWith('condition_')
        ? [`${code} ${JSON.stringify('path' in place ? place.path : 'key' in place ? place.key : '')}`]
        : [],
    );
  const named = 'region: { query: region, in: [eu, us] }, unused: { query: q, exists: true }';
  expect(found('[region]', named)).toEqual(['condition_unused ["conditions","named","unused"]']);
  expect(found('[region, { query: region, in: [eu, us, ap], reason: no_region }]', named)).toEqual([
    'condition_shadowed ["when",1]',
    'condition_unused ["conditions","named","unused"]',
  ]);
  // It still affects other methods.
  expect(found('[region, { query: region, in: [eu, us, ap], reason: no_region, methods: [PUT] }]', named)).toContain(
    'condition_shadowed ["when",1]',
  );
  expect(found('[{ query: region, equals: eu, methods: [GET], reason: no_region }, region]', named)).toEqual([
    'condition_unused ["conditions","named","unused"]',
  ]);
  expect(
    found(
      '[region, unused, { any: [{ identity: userId, exists: true }, { query: q, exists: true }], reason: always }]',
      named,
    ),
  ).toEqual(['condition_always_met ["when",2]']);
});

test('coverage, cases and changes distinguish methods', () => {
  const config = policy(rules('[{ methods: [DELETE], query: sure, exists: true, reason: not_sure }]'));
  const { cells } = coverageOf(config, []);
  expect(
    cells.filter(({ effect }) => effect.kind === 'refuses' && effect.word === 'not_sure').map(({ method }) => method),
  ).toEqual(['DELETE']);
  const [entry] = entriesOf(config.routes.routes);
  const words = routeMutants(entry!, config.roles, []).map((mutant) => mutant.words);
  expect(words).toContain('the condition not_sure applies to every method');
  expect(words).not.toContain('the condition not_sure no longer applies to DELETE');
  const { cases, notFound } = proposeCases(config, runTests(config, false), true);
  expect(notFound).toEqual([]);
  expect(mutationScore(config, cases).survivors.map((mutant) => mutant.words)).toEqual([]);
});

test('an added or removed method is a difference of that method only', () => {
  const of = (methods: string) =>
    policyOf(policy(rules(`[{ ${methods} query: sure, exists: true, reason: not_sure }]`)));
  const differences = comparePolicies(of('methods: [GET, DELETE],'), of('methods: [GET],'));
  expect(differences.map(({ kind, method }) => [kind, method])).toEqual([['newlyAllowed', 'DELETE']]);
  expect(comparePolicies(of(''), of('methods: [DELETE],')).map(({ kind, method }) => [kind, method])).toEqual([
    ['newlyAllowed', 'GET'],
    ['newlyAllowed', 'HEAD'],
    ['newlyAllowed', 'OPTIONS'],
    ['newlyAllowed', 'ANY-OTHER'],
  ]);
  const named = policyOf(policy(rules('[sure]', '[user]', 'sure: { query: sure, exists: true, reason: not_sure }')));
  expect(comparePolicies(of(''), named)).toEqual([]);
});
