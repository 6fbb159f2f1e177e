/** Policies for a service: whatever path leads to it, with and without a rewrite, and how the tools treat them. */
import { expect, test } from 'vitest';
import type { Config } from '../../../src/config/config.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { decide } from '../../../src/core/decide.ts';
import type { Decision } from '../../../src/core/decision.ts';
import { entriesOf } from '../../../src/core/routing/route-table.ts';
import { blank } from '../../../src/policy-model/samples/sample-identity.ts';
import { simulate } from '../../../src/policy-model/simulate.ts';
import { comparePolicies } from '../../../src/policy-tools/diff/compare-policies.ts';
import { policyMutants } from '../../../src/policy-tools/mutants.ts';
import { mutationScore } from '../../../src/policy-tools/mutation-score.ts';
import { policyOf } from '../../../src/policy-tools/run-cases.ts';
import { findingsOf, proposed } from '../../support/tool-results.ts';

const guard =
  '{ id: guard, match: { upstream: payments, path: "/t/{tenant}/**" }, access: [user], when: [{ param: tenant, in: identity.groups, reason: wrong_tenant }] }';

const text = (policies: string, ...routes: readonly string[]) => `version: 1
authApi: { url: "http://127.0.0.1:9" }
upstreams: { blog: { targets: ["http://blog:1"] }, payments: { targets: ["http://payments:1"] } }
roles: { user: {}, payer: {} }
policies: [${policies}]
routes:
${routes.map((route, index) => `  - { id: r${index}, ${route} }`).join('\n')}
`;

function read(policies: string, ...routes: readonly string[]) {
  return parseConfig(text(policies, ...routes), { file: 'gateway.yaml', env: {}, readSecret: () => '' });
}

function config(policies: string, ...routes: readonly string[]): Config {
  const parsed = read(policies, ...routes);
  if (!parsed.ok) throw new Error(parsed.problems.map(({ line, message }) => `${line}: ${message}`).join('\n'));
  return parsed.config;
}

function problems(policies: string, ...routes: readonly string[]): readonly string[] {
  const parsed = read(policies, ...routes);
  return parsed.ok ? [] : parsed.problems.map(({ line, message }) => `${line}: ${message}`);
}

function reasonOf(of: Config, target: string, groups: readonly string[] | null = null): string {
  const request = { method: 'GET', host: 'any.example', secure: true, target, headers: [], client: null };
  const identity =
    groups === null ? null : { ...blank, kind: 'bearer' as const, userId: 'ann', roles: ['user'], groups };
  const { view, resolution } = simulate(request, identity, of.credentials);
  const decision = decide(view, policyOf(of), () => resolution) as Decision;
  return decision.outcome === 'refuse' ? (decision.condition?.word ?? decision.reason) : decision.outcome;
}

const open = 'access: public';

test.each([
  ['the same path', 'match: { path: "/t/{org}/pay" }, upstream: payments', '/t/acme/pay'],
  [
    'a prefix removed',
    'match: { path: "/blog/x/t/{org}/pay" }, upstream: payments, rewrite: { stripPrefix: /blog/x }',
    '/blog/x/t/acme/pay',
  ],
  ['a prefix added', 'match: { path: "/{org}/pay" }, upstream: payments, rewrite: { addPrefix: /t }', '/acme/pay'],
  [
    'a prefix replaced',
    'match: { path: "/blog/x/{a}/**" }, upstream: payments, rewrite: { stripPrefix: /blog/x, addPrefix: /t }',
    '/blog/x/acme/pay',
  ],
  [
    'a prefix in another letter case',
    'match: { path: "/{org}/pay" }, upstream: payments, rewrite: { addPrefix: /T }',
    '/acme/pay',
  ],
] as const)('applies after rewriting: %s', (_, route, target) => {
  const of = config(guard, `${route}, ${open}`);
  expect(reasonOf(of, target)).toBe('credential_missing');
  expect(reasonOf(of, target, ['zeta'])).toBe('wrong_tenant');
  expect(reasonOf(of, target, ['acme'])).toBe('allow');
});

test('does not apply to other services, or to other paths of this one', () => {
  const of = config(
    guard,
    `match: { path: "/t/{org}/read" }, upstream: blog, ${open}`,
    `match: { path: "/status" }, upstream: payments, ${open}`,
    `match: { path: "/t/{org}/logo" }, upstream: payments, rewrite: { addPrefix: /images }, ${open}`,
  );
  for (const target of ['/t/acme/read', '/status', '/t/acme/logo']) expect(reasonOf(of, target)).toBe('allow');
});

test('a route that reaches more of the service than the policy covers is an error, as below a path', () => {
  const wide = 'match: { path: "/pay/**" }, upstream: payments, rewrite: { stripPrefix: /pay }';
  expect(problems(guard, `${wide}, ${open}`)).toEqual([
    '7: this route matches requests below the policy "guard", such as GET http://any.example/pay/t/tenant/anything, and others',
  ]);
  expect(problems(guard, `${wide}, access: deny`)).toEqual([]);
  const narrow = 'match: { path: "/pay/t/{tenant}/**" }, upstream: payments, rewrite: { stripPrefix: /pay }';
  expect(problems(guard, `${wide}, ${open}`, `${narrow}, access: [user]`)).toEqual([]);
  // Only the way to this service counts.
  expect(problems(guard, `${wide.replace('upstream: payments', 'upstream: blog')}, ${open}`)).toEqual([]);
});

test('a parameter that the rewrite writes cannot be read: an error at the rewrite', () => {
  const route = 'match: { path: "/acme/**" }, upstream: payments, rewrite: { stripPrefix: /acme, addPrefix: /t/acme }';
  expect(problems(guard, `${route}, ${open}`)).toEqual([
    '7: the policy "guard" reads {tenant} from the path of the upstream, where "addPrefix" has a text',
  ]);
});

test('an unknown upstream is an error, and one without routes a finding', () => {
  const blog = `match: { path: "/blog" }, upstream: blog, ${open}`;
  expect(problems(guard.replace('payments', 'paymets'), blog)).toEqual(['5: there is no upstream "paymets"']);
  expect(findingsOf(config(guard, blog)).map(({ code, subject }) => `${code} ${subject}`)).toContain(
    'policy_unused guard',
  );
});

const service = '{ id: guard, match: { upstream: payments }, access: [payer] }';
const ways = [
  `match: { path: "/pay/**" }, upstream: payments, access: [user]`,
  `match: { path: "/blog/x/**" }, upstream: payments, rewrite: { stripPrefix: /blog/x }, ${open}`,
] as const;

test('each way to the service is a mutant of its own, and cases for all are found', () => {
  const of = config(service, ...ways);
  const words = policyMutants(of.policies, entriesOf(of.routes.routes), of.roles).map((mutant) => mutant.words);
  expect(words).toContain('policy guard: it is removed');
  expect(words).toContain('policy guard (/blog/x/**): it is removed');
  const { cases, notFound } = proposed(of).proposals;
  expect(notFound).toEqual([]);
  expect(mutationScore(of, cases)).toMatchObject({ score: 1, survivors: [] });
  expect(mutationScore(of, []).survivors.map((mutant) => mutant.words)).toContain(
    'policy guard (/blog/x/**): it is removed',
  );
});

test('a removed policy is a difference on every way', () => {
  const gone = comparePolicies(policyOf(config(service, ...ways)), policyOf(config('', ...ways)));
  const newly = gone.filter(({ kind }) => kind === 'newlyAllowed').map(({ routeAfter }) => routeAfter);
  expect(new Set(newly)).toEqual(new Set(['r0', 'r1']));
});
