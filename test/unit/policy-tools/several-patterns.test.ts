/** One route with several hosts and paths: every tool counts it as one, and names the pattern concerned. */
import { expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { decide } from '../../../src/core/decide.ts';
import type { Decision } from '../../../src/core/decision.ts';
import { describeRoutes } from '../../../src/core/routing/describe-routes.ts';
import { entriesOf } from '../../../src/core/routing/route-table.ts';
import { blank } from '../../../src/policy-model/samples/sample-identity.ts';
import { simulate } from '../../../src/policy-model/simulate.ts';
import { comparePolicies } from '../../../src/policy-tools/diff/compare-policies.ts';
import { routeMutants } from '../../../src/policy-tools/mutants.ts';
import { proposeCases } from '../../../src/policy-tools/propose-cases.ts';
import { policyOf } from '../../../src/policy-tools/run-cases.ts';
import { runTests } from '../../../src/policy-tools/test-report.ts';
import { findingsOf } from '../../support/tool-results.ts';
import { policy } from './policies.ts';

const doc = (match: string, tests = '') =>
  policy(`roles: { editor: {} }
routes:
  - id: doc
    match: ${match}
    upstream: orders
    access: { GET: [editor], DELETE: deny }
    when: [{ param: tenant, in: identity.groups, reason: wrong_tenant }]
${tests}`);

const both = '{ hosts: [a.example.test, b.example.test], paths: ["/t/{tenant}/docs/{id}", "/docs/{id:int}/{tenant}"] }';

function ask(config: ReturnType<typeof policy>, method: string, host: string, target: string): Decision {
  const identity = { ...blank, userId: 'ann', kind: 'bearer' as const, roles: ['editor'], groups: ['acme'] };
  const request = { method, host, secure: true, target, headers: [], client: null };
  const { view, resolution } = simulate(request, identity, config.credentials);
  return decide(view, policyOf(config), () => resolution) as Decision;
}

test('matches each pair of host and path, and reads parameters by their position in the pattern', () => {
  const config = doc(both);
  for (const host of ['a.example.test', 'b.example.test']) {
    expect(ask(config, 'GET', host, '/t/acme/docs/7').outcome).toBe('allow');
    expect(ask(config, 'GET', host, '/docs/7/acme').outcome).toBe('allow');
    expect(ask(config, 'GET', host, '/docs/acme/7')).toMatchObject({ reason: 'route_not_found' });
    expect(ask(config, 'GET', host, '/docs/7/zeta')).toMatchObject({ condition: { word: 'wrong_tenant' } });
  }
  expect(ask(config, 'GET', 'c.example.test', '/t/acme/docs/7')).toMatchObject({ reason: 'route_not_found' });
  expect(ask(config, 'GET', 'b.example.test', '/docs/7/acme').route?.pattern).toMatchObject({
    host: 'b.example.test',
    path: '/docs/{id:int}/{tenant}',
  });
});

test('is described, covered and mutated as one route', () => {
  const config = doc(both);
  const [described, ...others] = describeRoutes(config.routes);
  expect(others).toEqual([]);
  expect(described).toMatchObject({ host: 'a.example.test', path: '/t/{tenant}/docs/{id}', index: 0 });
  expect(described?.furtherPatterns).toEqual([
    { host: 'b.example.test', path: '/t/{tenant}/docs/{id}' },
    { host: 'a.example.test', path: '/docs/{id:int}/{tenant}' },
    { host: 'b.example.test', path: '/docs/{id:int}/{tenant}' },
  ]);
  expect(runTests(config, false).coverage.cells).toHaveLength(4);
  const [entry] = entriesOf(config.routes.routes);
  const words = routeMutants(entry!, config.roles, []).map((mutant) => mutant.words);
  expect(words.filter((one) => one === 'the condition wrong_tenant is removed')).toHaveLength(1);
  expect(words).toContain('it no longer matches b.example.test/docs/{id:int}/{tenant}');
  expect(words).toContain('the parameter id accepts any text');
});

test('proposes cases for every pattern that detect its removal', () => {
  const config = doc(both);
  const { cases } = proposeCases(config, runTests(config, false), true);
  const asked = cases.map(({ test: { host, target } }) => `${host}${target}`);
  for (const beginning of ['a.example.test/t/', 'b.example.test/t/', 'a.example.test/docs/', 'b.example.test/docs/']) {
    expect(asked.some((one) => one.startsWith(beginning))).toBe(true);
  }
});

test('an added or removed pattern is a difference, another order is not', () => {
  const of = (match: string) => policyOf(doc(match));
  expect(
    comparePolicies(
      of(both),
      of('{ hosts: [b.example.test, a.example.test], paths: ["/docs/{id:int}/{tenant}", "/t/{tenant}/docs/{id}"] }'),
    ),
  ).toEqual([]);
  const differences = comparePolicies(of('{ host: a.example.test, path: "/t/{tenant}/docs/{id}" }'), of(both));
  expect(differences.map(({ kind, method }) => [kind, method])).toEqual([
    ['newlyAllowed', 'GET'],
    ['newlyAllowed', 'HEAD'],
  ]);
});

test('reports a pattern that is never reached', () => {
  const config = policy(`routes:
  - { id: many, match: { paths: ["/a/{x}", "/b/**"] }, upstream: orders, access: deny }
  - { id: rest, match: { path: "/b/{x}/**" }, upstream: orders, access: deny }
  - { id: one, match: { path: "/b" }, upstream: orders, access: deny }`);
  const found = findingsOf(config);
  const ofRoutes = found.filter(({ place }) => place.kind === 'route');
  expect(ofRoutes.map(({ code, message }) => `${code}: ${message}`)).toEqual([
    'route_unreachable: "/b/**" of this route never matches: all its requests go to "rest" and "one"',
  ]);
});

test('problems name the path, and two matching patterns of one route are a tie', () => {
  const problemsOf = (match: string) => {
    const text = `version: 1
authApi: { url: "http://127.0.0.1:9" }
upstreams: { orders: { targets: ["http://127.0.0.1:9"] } }
routes:
  - id: doc
    match: ${match}
    upstream: orders
    access: authenticated
    when: [{ param: tenant, in: identity.groups, reason: wrong_tenant }]
`;
    const read = parseConfig(text, { file: 'gateway.yaml', env: {}, readSecret: () => '' });
    return read.ok ? [] : read.problems.map(({ message }) => message);
  };
  expect(problemsOf('{ paths: ["/t/{tenant}", "/u/{user}", "/v"] }')).toEqual([
    'the path "/u/{user}" has no parameter "tenant"',
  ]);
  expect(problemsOf('{ paths: ["/t/{tenant}", "/t/{tenant}/"] }')).toEqual([
    '"/t/{tenant}" and "/t/{tenant}/" of this route both match GET http://any.example/t/tenant',
  ]);
  expect(problemsOf('{ path: "/t/{tenant}", paths: ["/u/{tenant}"], host: a.test, hosts: [b.test] }')).toEqual([
    '"path" and "paths" exclude each other',
    '"host" and "hosts" exclude each other',
  ]);
  expect(problemsOf('{ hosts: [] }')).toEqual(['the key "path" is missing', 'an empty list matches nothing']);
});
