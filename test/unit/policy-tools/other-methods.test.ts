/** The rule for all other methods ("*"), in every tool. */
import { expect, test } from 'vitest';
import { placedFindings } from '../../../src/app/place-findings.ts';
import { describeRoutes } from '../../../src/core/routing/describe-routes.ts';
import { matchRoute } from '../../../src/core/routing/match-route.ts';
import { comparePolicies } from '../../../src/policy-tools/diff/compare-policies.ts';
import { policyOf } from '../../../src/policy-tools/run-cases.ts';
import { runTests } from '../../../src/policy-tools/test-report.ts';
import { proposed } from '../../support/tool-results.ts';
import { policy, policyFile } from './policies.ts';

const rules = (access: string, path = '/notes') =>
  `roles: { user: {}, admin: { inherits: [user] } }
routes:
  - { id: note, match: { path: "${path}" }, upstream: orders, access: ${access} }
`;

test.each([
  ['{ GET: [user], "*": [admin] }', 'GET', ['user']],
  ['{ GET: [user], "*": [admin] }', 'HEAD', ['user']],
  ['{ GET: [user], "*": [admin] }', 'PURGE', ['admin']],
  ['{ GET: [user], HEAD: [admin], "*": [admin] }', 'HEAD', ['admin']],
  ['{ PUT: [user], "*": [admin] }', 'HEAD', ['admin']],
])('%s: %s', (access, method, roles) => {
  const request = { method, host: 'a', authority: 'a', path: '/notes', unmerged: null, query: '', ambiguities: 0 };
  expect(matchRoute(policy(rules(access)).routes, request)).toMatchObject({ rule: { source: { any: roles } } });
});

test('it has its own row in the route table', () => {
  const [route] = describeRoutes(policy(rules('{ GET: [user], "*": [admin] }')).routes);
  expect(route!.access.map(({ method, rule }) => `${method} ${rule}`)).toEqual(['GET user', 'HEAD user', '* admin']);
});

test('its mutants survive without tests, and a case is found for each', () => {
  const signIn = 'defaults: { signIn: { url: /sign-in, returnParameter: to } }\n';
  const text = signIn + rules('{ GET: [user], "*": [admin] }');
  const changes = runTests(policy(text), true).report.mutation?.survivors.map(({ change }) => change) ?? [];
  expect(changes).toEqual(
    expect.arrayContaining([
      'other methods are no longer allowed',
      'other methods: any identity is allowed',
      'other methods: role user also grants it',
      'GET is no longer listed',
    ]),
  );
  const { proposals, text: cases } = proposed(policy(text));
  expect(proposals.notFound).toEqual([]);
  const { failed, coverage, mutation } = runTests(policy(text + cases), true).report;
  expect([failed, coverage.uncovered, mutation?.survivors]).toEqual([0, [], []]);
});

test('diff lists the methods that it opens', () => {
  const of = (access: string) => policyOf(policy(rules(access)));
  const methods = comparePolicies(of('{ GET: [user] }'), of('{ GET: [user], "*": [admin] }')).map(
    ({ kind, method }) => `${kind} ${method}`,
  );
  expect(methods).toContain('newlyAllowed ANY-OTHER');
  expect(methods.some((one) => / (?:GET|HEAD)$/.test(one))).toBe(false);
});

test('reports an unmeetable rule for other methods, with such a request', () => {
  const { config, places } = policyFile(rules('{ GET: [user], "*": { all: [admin], none: [user] } }'));
  const found = placedFindings(config, places).find(({ code }) => code === 'rule_unmeetable');
  expect(found?.message).toContain('no identity can meet the rule for other methods:');
  expect(found?.example).toMatch(/^POST /);
});

test('reports an open rule for other methods below a protected path', () => {
  const text = `${rules('[user]', '/notes/**')}  - { id: open, match: { path: "/notes/a" }, upstream: orders, access: { GET: [user], "*": public } }
`;
  const { config, places } = policyFile(text);
  expect(placedFindings(config, places).map(({ code, subject }) => `${code}:${subject}`)).toContain(
    'public_under_protected:open',
  );
});
