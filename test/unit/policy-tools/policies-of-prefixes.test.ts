/** Policies: what they apply to, that no route weakens them, and how every tool treats them. */
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
import { policyMutants } from '../../../src/policy-tools/mutants.ts';
import { mutationScore } from '../../../src/policy-tools/mutation-score.ts';
import { policyOf } from '../../../src/policy-tools/run-cases.ts';
import { findingsOf, proposed } from '../../support/tool-results.ts';
import { policy } from './policies.ts';

const guard = `policies:
  - id: tenant-guard
    match: { path: "/t/{tenant}/**" }
    access: authenticated
    when: [{ param: tenant, in: identity.groups, unless: [admin], reason: wrong_tenant }]`;

const rules = (routes: string, policies = guard) => `roles: { user: {}, editor: {}, admin: {} }
${policies}
routes:
${routes}`;

const routes = `  - { id: doc, match: { path: "/t/{org}/docs/{id}" }, upstream: orders, access: { GET: [user, editor], DELETE: [editor] } }
  - { id: open, match: { path: "/t/{tenant}/logo" }, upstream: orders, access: public }
  - { id: acme, match: { path: "/t/acme/beta" }, upstream: orders, access: [user] }
  - { id: shut, match: { path: "/t/{tenant}/**" }, upstream: orders, access: deny }
  - { id: home, match: { path: "/**" }, upstream: orders, access: public }`;

function problemsOf(text: string): readonly string[] {
  const read = parseConfig(
    `version: 1\nauthApi: { url: "http://a:1" }\nupstreams: { orders: { targets: ["http://o:1"] } }\n${text}\n`,
    { file: 'gateway.yaml', env: {}, readSecret: () => '' },
  );
  return read.ok ? [] : read.problems.map(({ message }) => message);
}

function reasonOf(config: Config, line: string, groups: readonly string[] | null = [], roles = ['user']): string {
  const [method = '', target = ''] = line.split(' ');
  const request = { method, host: 'any.example', secure: true, target, headers: [], client: null };
  const identity = groups === null ? null : { ...blank, kind: 'bearer' as const, userId: 'ann', roles, groups };
  const { view, resolution } = simulate(request, identity, config.credentials);
  const decision = decide(view, policyOf(config), () => resolution) as Decision;
  return decision.outcome === 'refuse' ? (decision.condition?.word ?? decision.reason) : decision.outcome;
}

test("a policy applies to every route below it, including public ones, whatever the parameter's name", () => {
  const config = policy(rules(routes));
  expect(reasonOf(config, 'GET /t/acme/docs/7', ['acme'])).toBe('allow');
  expect(reasonOf(config, 'GET /t/zeta/docs/7', ['acme'])).toBe('wrong_tenant');
  expect(reasonOf(config, 'DELETE /t/acme/docs/7', ['acme'])).toBe('role_missing');
  expect(reasonOf(config, 'GET /t/zeta/docs/7', [], ['user', 'admin'])).toBe('allow');
  expect(reasonOf(config, 'GET /t/acme/logo', null)).toBe('credential_missing');
  expect(reasonOf(config, 'GET /t/acme/logo', ['zeta'])).toBe('wrong_tenant');
  expect(reasonOf(config, 'GET /t/acme/logo', ['acme'], [])).toBe('allow');
  expect(reasonOf(config, 'GET /t/acme/beta', ['zeta'])).toBe('wrong_tenant');
  expect(reasonOf(config, 'GET /t/acme/else', ['acme'])).toBe('access_denied');
  expect(reasonOf(config, 'GET /t', null)).toBe('allow');
  expect(reasonOf(config, 'GET /elsewhere', null)).toBe('allow');
});

test('roles that a policy and a route require are required together', () => {
  const both = guard.replace('authenticated', '{ any: [admin, editor] }').replace(', unless: [admin]', '');
  const config = policy(rules(routes, both));
  expect(describeRoutes(config.routes)[0]).toMatchObject({
    policies: ['tenant-guard'],
    when: [{ reason: 'wrong_tenant', policy: 'tenant-guard' }],
  });
  expect(reasonOf(config, 'GET /t/acme/docs/7', ['acme'], ['user'])).toBe('role_missing');
  expect(reasonOf(config, 'GET /t/acme/docs/7', ['acme'], ['admin'])).toBe('role_missing');
  expect(reasonOf(config, 'GET /t/acme/docs/7', ['acme'], ['admin', 'user'])).toBe('allow');
  expect(reasonOf(config, 'GET /t/acme/docs/7', ['acme'], ['editor'])).toBe('allow');
});

test('a route that is partly below a policy is an error, unless another route takes the part below', () => {
  const without = routes.replace(/.*id: shut.*\n/, '');
  expect(problemsOf(rules(without))).toEqual([
    'this route matches requests below the policy "tenant-guard", such as GET http://any.example/t/tenant/anything, and others',
  ]);
  expect(
    problemsOf(
      rules(
        without
          .replace('access: public }\n  - { id: acme', 'access: public }\n  - { id: acme')
          .replace('path: "/**" }, upstream: orders, access: public', 'path: "/**" }, upstream: orders, access: deny'),
      ),
    ),
  ).toEqual([]);
  expect(
    problemsOf(rules('  - { id: many, match: { paths: ["/t/{a}/x", "/x/{a}"] }, upstream: orders, access: [user] }')),
  ).toEqual(['the policy "tenant-guard" is for some patterns of this route, and not for /x/{a}']);
  const onHost = guard.replace('match: {', 'match: { host: a.example.test,');
  expect(
    problemsOf(rules('  - { id: any, match: { path: "/t/{a}/x" }, upstream: orders, access: [user] }', onHost)),
  ).toEqual([
    'this route matches requests below the policy "tenant-guard", such as GET http://a.example.test/t/a/x, and others',
  ]);
});

test('a policy applies in any letter case, unless the service distinguishes it', () => {
  const restrictedBy = (path: string) => {
    const doc = `  - { id: doc, match: { path: /ADMIN/x }, upstream: orders, access: [user]${path} }`;
    const guarded = 'policies:\n  - { id: p, match: { path: "/admin/**" }, access: [admin] }';
    const [route] = policy(rules(doc, guarded)).routes.routes;
    return route?.restricted?.policies.map(({ id }) => id) ?? [];
  };
  expect([restrictedBy(''), restrictedBy(', path: { caseSensitive: false }')]).toEqual([['p'], ['p']]);
  expect(restrictedBy(', path: { caseSensitive: true }')).toEqual([]);
});

test('where the service ignores letter case, a policy applies in any case', () => {
  const of = (prefix: string, path: string) =>
    problemsOf(
      rules(
        `  - { id: doc, match: { path: "${path}" }, upstream: orders, access: [user], path: { caseSensitive: false } }`,
        `policies:\n  - { id: p, match: { path: "${prefix}" }, access: [admin] }`,
      ),
    );
  const reached = (example: string) => [
    `this route matches requests below the policy "p", such as GET http://any.example/${example}, and others`,
  ];
  expect(of('/Admin/**', '/{area:slug}/x')).toEqual(reached('Admin/x'));
  expect(of('/Admin/**', '/{area:(admin|open)}/x')).toEqual(reached('Admin/x'));
  expect(of('/{area:(Admin|Ops)}/**', '/{area:slug}/x')).not.toEqual([]);
  expect(of('/{area:(Admin|Ops)}/**', '/{area:(admin|open)}/x')).not.toEqual([]);
  expect(of('/{area:slug}/**', '/{area:(Admin|Open)}/x')).toEqual([]);
  const config = policy(
    rules(
      '  - { id: doc, match: { path: "/{area:(admin|ops)}/x" }, upstream: orders, access: [user], path: { caseSensitive: false } }',
      'policies:\n  - { id: p, match: { path: "/{area:(Admin|Ops)}/**" }, access: [admin] }',
    ),
  );
  expect(reasonOf(config, 'GET /admin/x')).toBe('role_missing');
  expect(reasonOf(config, 'GET /admin/x', [], ['user', 'admin'])).toBe('allow');
});

test('alternatives of a policy are tried one by one, however many there are', () => {
  const letters = [...'abcdefghijklmnopqrstuvwxyz'];
  const words = (n: number) => letters.map((letter) => `${letter.repeat(30)}${n}${letter.repeat(30)}`).join('|');
  const count = (length: number) => Array.from({ length }, (_, index) => index);
  const policies = count(64).map(
    (n) => `  - { id: p${n}, match: { path: "/{area:(${words(n)})}/**" }, access: [user] }`,
  );
  const open = count(128).map(
    (n) => `  - { id: r${n}, match: { path: "/{area:slug}.${n}/x" }, upstream: orders, access: [user] }`,
  );
  const below = '  - { id: below, match: { path: "/{area:slug}/x" }, upstream: orders, access: [user] }';
  const written = `policies:\n${policies.join('\n')}`;
  expect(problemsOf(rules(open.join('\n'), written))).toEqual([]);
  expect(problemsOf(rules(below, written))).toHaveLength(64);
});

test('reports mistakes in policies', () => {
  const one = '  - { id: doc, match: { path: "/t/{tenant}/docs" }, upstream: orders, access: [user] }';
  const of = (body: string, route = one) => problemsOf(rules(route, `policies:\n  - { id: p, ${body} }`));
  expect(of('match: { path: "/t" }, access: authenticated')).toEqual(['a policy applies to everything below its path']);
  expect(of('match: { path: "/t/{tenant}/**" }')).toEqual(['this policy restricts nothing']);
  expect(of('match: { path: "/t/{tenant}/**" }, access: public')).toEqual([
    '"public" restricts nothing, and a policy cannot grant access',
  ]);
  expect(of('match: { path: "/t/v{n:int}/**" }, access: deny')).toEqual([
    'a parameter of a policy takes a whole segment',
  ]);
  expect(of('match: { path: "/t/{tenant}/**" }, when: [{ param: tenent, equals: a, reason: r }]')).toEqual([
    '"match.path" has no parameter "tenent"',
  ]);
  const when = 'when: [{ identity: userId, equals: a, reason: r }]';
  expect(of(`match: {}, ${when}, unless: [amdin]`)).toEqual(['the role "amdin" is not declared under "roles"']);
  expect(of(`match: {}, ${when}`, one.replace('[user]', 'public'))).toEqual([
    'the policy "p" compares the identity, and no credential is read here',
  ]);
});

test('a policy that compares a claim also requires a credential on every route below it', () => {
  const suspended = `identity: { claims: { suspended: { field: suspended, type: boolean } } }
policies:
  - { id: p, match: {}, when: [{ identity: claims.suspended, exists: false, reason: suspended }] }`;
  const route = '  - { id: doc, match: { path: "/doc" }, upstream: orders, access: public }';
  expect(problemsOf(rules(route, suspended))).toEqual([
    'the policy "p" compares the identity, and no credential is read here',
  ]);
  expect(problemsOf(rules(route.replace('public', '[user]'), suspended))).toEqual([]);
});

test("reports the methods for which no request can meet a policy's condition", () => {
  const found = findingsOf(
    policy(
      rules(
        '  - { id: doc, match: { path: "/x{n:int}" }, upstream: orders, access: [user] }',
        'policies:\n  - { id: p, match: { path: "/{a}/**" }, when: [{ param: a, in: [x, z], methods: [PUT, POST], reason: r }] }',
      ),
    ),
  );
  expect(found.find(({ code }) => code === 'condition_unmeetable')).toMatchObject({
    message: 'no PUT or POST request can meet the condition "r" of the policy "p"',
    example: expect.stringMatching(/^PUT /),
  });
});

test('reports a policy without routes below it', () => {
  const found = findingsOf(policy(rules('  - { id: doc, match: { path: "/u" }, upstream: orders, access: [user] }')));
  expect(found.find(({ code }) => code === 'policy_unused')).toMatchObject({ subject: 'tenant-guard' });
});

test('is covered once, its changes are detected, and cases for both are found', () => {
  const config = policy(rules(routes.replace(/.*id: home.*/, '')));
  const { cells } = coverageOf(config, []);
  const ofPolicy = cells.filter(({ effect }) => effect.kind === 'refuses' && effect.policy === 'tenant-guard');
  expect(ofPolicy).toHaveLength(1);
  const words = policyMutants(config.policies, entriesOf(config.routes.routes), config.roles).map(
    (mutant) => mutant.words,
  );
  expect(words).toContain('policy tenant-guard: it is removed');
  expect(words).toContain('policy tenant-guard: the condition wrong_tenant is removed');
  expect(words).toContain('policy tenant-guard: no credential is required');
  expect(mutationScore(config, []).survivors.map((mutant) => mutant.words)).toContain(
    'policy tenant-guard: it is removed',
  );
  const { cases, notFound } = proposed(config).proposals;
  expect(notFound).toEqual([]);
  expect(mutationScore(config, cases).survivors).toEqual([]);
});

test("counts refusals by a policy's access once, unless the route refuses the same", () => {
  const config = policy(
    rules(
      `  - { id: a, match: { path: "/t/{tenant}/a" }, upstream: orders, access: [user] }
  - { id: b, match: { path: "/t/{tenant}/b" }, upstream: orders, access: authenticated }
  - { id: c, match: { path: "/t/{tenant}/c" }, upstream: orders, access: { any: [user], none: [admin] } }
  - { id: d, match: { path: "/u/{tenant}/d" }, upstream: orders, access: authenticated }`,
      `policies:
  - { id: suspended, match: { path: "/t/{tenant}/**" }, access: { none: [admin] } }
  - { id: insiders, match: { path: "/u/{tenant}/**" }, access: [editor] }`,
    ),
  );
  const refusals = coverageOf(config, []).cells.flatMap(({ route, effect }) =>
    effect.kind === 'refuses' ? [`${effect.policy ?? route.id} ${effect.word}`] : [],
  );
  expect(refusals).toEqual([
    'a role_missing',
    'suspended role_forbidden',
    'c role_missing',
    'c role_forbidden',
    'insiders role_missing',
  ]);
  const { cases, notFound } = proposed(config).proposals;
  expect(notFound).toEqual([]);
  expect(mutationScore(config, cases)).toMatchObject({ score: 1 });
});

test('the same rules written on each route are equal, and a removed policy is a difference on each', () => {
  const one = '  - { id: doc, match: { path: "/t/{org}/docs" }, upstream: orders, access: [user] }';
  const written = one
    .replace(' }', ' }')
    .replace(
      'access: [user] }',
      'access: [user], when: [{ param: org, in: identity.groups, unless: [admin], reason: wrong_tenant }] }',
    );
  expect(comparePolicies(policyOf(policy(rules(one))), policyOf(policy(rules(written, ''))))).toEqual([]);
  const gone = comparePolicies(policyOf(policy(rules(routes))), policyOf(policy(rules(routes, ''))));
  const routesOf = (kind: string) => [
    ...new Set(gone.filter((one_) => one_.kind === kind).map(({ routeAfter }) => routeAfter)),
  ];
  expect(routesOf('newlyAllowed')).toEqual(['doc', 'open', 'acme']);
  expect(routesOf('newlyRefused')).toEqual([]);
});
