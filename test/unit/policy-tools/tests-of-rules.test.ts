/** Running cases, coverage, mutants and proposals. */
import { describe, expect, it, test } from 'vitest';
import { parse } from 'yaml';
import type { Config } from '../../../src/config/config.ts';
import { newIdentities, proposeCases } from '../../../src/policy-tools/propose-cases.ts';
import { runTests } from '../../../src/policy-tools/test-report.ts';
import { casesText } from '../../../src/policy-tools/written-cases.ts';
import { orders, policy } from './policies.ts';

const suite = (cases: string) => `tests:
  identities:
    ann: { roles: [user], groups: [acme] }
    rob: { roles: [reporter], groups: [acme] }
    root: { roles: [admin] }
    ops: { groups: [platform] }
  cases:
${cases}`;

const report = (cases: string, mutation = false) => runTests(orders(suite(cases)), mutation).report;

describe('a case', () => {
  it.each([
    ['that passes', '{ as: ann, request: GET /v1/orders/acme/7, expect: allow, route: order }', []],
    [
      'that expects the wrong outcome',
      '{ as: ann, request: GET /v1/orders/other/7, route: order, expect: allow }',
      ['expected allow, got refuse (wrong_tenant)'],
    ],
    [
      'that expects another route',
      '{ as: ops, request: GET https://other.test/v1/orders/acme/7, expect: allow, route: order }',
      ['expected route order, got all'],
    ],
    [
      'that expects another reason',
      '{ as: ann, request: PUT /v1/orders/acme/7, route: order, expect: refuse, reason: wrong_tenant }',
      ['expected reason wrong_tenant, got role_missing'],
    ],
    [
      "that expects the catalog's reason for a condition",
      '{ as: ann, request: GET /v1/orders/other/7, route: order, expect: refuse, reason: condition_failed }',
      [],
    ],
    [
      'that expects headers',
      '{ as: ann, request: GET /v1/orders/acme/7, route: order, expect: allow, upstreamHeaders: { User-Id: ann, authorization: null } }',
      [],
    ],
    [
      'that expects other headers',
      '{ as: ann, request: GET /v1/orders/acme/7, route: order, expect: allow, upstreamHeaders: { user-id: bob, x-y: z } }',
      ['expected header user-id "bob", got "ann"', 'expected header x-y "z", got none'],
    ],
  ])('%s', (_name, line, faults) => {
    expect(report(`    - ${line}\n`).cases[0]?.faults).toEqual(faults);
  });
});

test('coverage excludes what a rule can never do: an anonymous caller is in no group', () => {
  const config = policy(`routes:
  - { id: one, upstream: orders, match: { path: "/x/{t}" }, access: optional, when: [{ param: t, in: identity.groups, reason: apart }] }
`);
  const uncovered = runTests(config, false).report.coverage.uncovered.map(({ effect }) => effect);
  expect(uncovered).toEqual(['is allowed with an identity', 'is refused with apart']);
});

test('inheritance is not a mutant where no rule requires the role, even if services receive roles', () => {
  const config = policy(`roles: { user: {}, admin: { inherits: [user] } }
identityHeaders: { roles: roles }
routes:
  - { id: one, upstream: orders, match: { path: /x }, access: public }
tests: { cases: [{ request: GET /x, expect: allow, route: one }] }
`);
  expect(runTests(config, true).report.mutation?.survivors.map(({ change }) => change)).toEqual([
    'its path becomes /**',
  ]);
});

const complete = `
    - { as: ops, request: GET https://other.test/v1/x, expect: allow, route: all }
    - { as: ann, request: GET https://other.test/v1/x, expect: refuse, route: all, reason: role_missing }
    - { as: ann, request: GET /v1/orders/acme/7, expect: allow, route: order }
    - { as: rob, request: GET /v1/orders/acme/8, expect: allow, route: order }
    - { as: ops, request: GET /v1/orders/platform/7, expect: refuse, route: order, reason: role_missing }
    - { as: ann, request: GET /v1/orders/other/7, expect: refuse, route: order, reason: wrong_tenant }
    - { as: rob, request: PUT /v1/orders/acme/7, expect: allow, route: order }
    - { as: ann, request: PUT /v1/orders/acme/7, expect: refuse, route: order, reason: role_missing }
    - { as: rob, request: PUT /v1/orders/other/7, expect: refuse, route: order, reason: wrong_tenant }
    - { as: root, request: DELETE /v1/orders/any/7, expect: allow, route: order }
    - { as: rob, request: DELETE /v1/orders/acme/7, expect: refuse, route: order, reason: role_missing }
    - { as: gone, request: DELETE /v1/orders/acme/7, expect: refuse, route: order, reason: role_forbidden }
    - { as: root, request: PUT /v1/orders/any/7, expect: allow, route: order }
    - { as: sus, request: GET /v1/orders/acme/7, expect: refuse, route: order, reason: role_missing }
    - { request: PATCH /v1/orders/acme/7, expect: refuse, route: order, reason: method_not_allowed }
    - { request: GET https://api.example.test/v1/orders/acme, expect: refuse, route: all }
    - { request: GET https://other.test/anything, expect: refuse, reason: route_not_found }`;

test('coverage counts what each rule did, and for which reason', () => {
  const { coverage } = report(`    - { as: ann, request: GET /v1/orders/acme/7, expect: allow, route: order }\n`);
  expect(coverage.cells).toBe(11);
  expect(coverage.uncovered).toContainEqual({ route: 'order', method: 'GET', effect: 'is refused with wrong_tenant' });
  expect(coverage.uncovered).not.toContainEqual(expect.objectContaining({ method: 'GET', effect: 'is allowed' }));
});

test('a failing case covers nothing', () => {
  const { coverage } = report(`    - { as: ann, request: GET /v1/orders/acme/7, expect: refuse, route: order }\n`);
  expect(coverage.share).toBe(0);
});

test('weakened rules that a test detects, and those that none does', () => {
  const cases = `tests:
  identities:
    ann: { roles: [user], groups: [acme] }
    rob: { roles: [reporter], groups: [acme] }
    root: { roles: [admin] }
    gone: { roles: [admin, suspended] }
    sus: { roles: [suspended] }
    ops: { groups: [platform] }
  cases:${complete}
`;
  const { report: whole } = runTests(orders(cases), true);
  expect(whole.failed).toBe(0);
  // An admin is always exempt, so no DELETE can be refused for its tenant; that is not a cell.
  expect(whole.coverage.uncovered).toEqual([]);
  expect(whole.mutation?.survivors).toEqual([]);
  const less = cases.replace(/\n.*reason: role_forbidden.*/, '');
  const { report: thin } = runTests(orders(less), true);
  expect(thin.mutation?.survivors).toEqual([
    { route: 'order', change: 'DELETE: role suspended is no longer forbidden' },
  ]);
});

test('mutates each part of a condition', () => {
  const rules = (cases: string) =>
    policy(`conditions: { headers: { x-region: any } }
roles: { user: {} }
routes:
  - id: inside
    match: { path: "/{id}" }
    upstream: orders
    access: public
    when:
      - any:
          - { client: address, cidr: 10.0.0.0/8 }
          - all: [{ header: x-region, equals: eu }, { not: { query: debug, exists: true } }]
        reason: not_inside
tests:
  cases:
    - { request: GET /x, client: 10.1.1.1, expect: allow }
    - { request: GET /x, client: 203.0.113.7, expect: refuse, reason: not_inside }
${cases}`);
  const survivors = (cases: string) =>
    runTests(rules(cases), true)
      .report.mutation?.survivors.map(({ change }) => change.replace('the condition not_inside loses ', ''))
      .filter((change) => change.startsWith('part '));
  expect(survivors('')).toEqual(['part 2 of "any" (all)', 'part 2 of "all" (not)']);
  const region = '    - { request: GET /x, headers: { x-region: eu }, expect: allow }\n';
  expect(survivors(region)).toEqual(['part 2 of "all" (not)']);
  expect(survivors(`${region}${region.replace('/x,', '/x?debug=1,').replace('allow', 'refuse')}`)).toEqual([]);
});

function proposed(config: Config, withMutation = false, form: 'section' | 'file' = 'section'): string {
  const proposals = proposeCases(config, runTests(config, false), withMutation);
  return casesText({ identities: newIdentities(config, proposals), proposals }, form);
}

test('proposed cases pass, and cover everything that can be covered', () => {
  const config = orders();
  const text = proposed(config);
  expect(parse(text).tests.cases.length).toBeGreaterThan(8);
  const { report: again } = runTests(orders(text), false);
  expect([again.failed, again.coverage.uncovered]).toEqual([0, []]);
});

test('a case is found for each of many conditions', () => {
  const config = policy(`conditions: { headers: { x-region: any } }
roles: { user: {} }
routes:
  - id: many
    match: { path: "/{tenant}/{id}" }
    upstream: orders
    access: { GET: [user], POST: [user] }
    when:
      - { query: format, in: [json, csv], reason: wrong_format }
      - { header: x-region, equals: eu, reason: wrong_region }
      - { client: address, cidr: ["10.0.0.0/8", "203.0.113.0/24"], reason: not_inside }
      - { all: [{ query: from, exists: true }, { query: to, exists: true }], reason: range_needed }
      - { not: { param: tenant, startsWith: test- }, reason: no_test_tenants }`);
  const text = proposed(config);
  expect(text).not.toContain('not found');
  expect(parse(text).tests.cases).toHaveLength(14);
});

test('proposals for undetected changes make the tests detect all of them', () => {
  const text = `conditions: { headers: { x-region: any } }
roles:
  user: { from: { field: groups, in: [staff, crew] } }
  reporter: { inherits: [user] }
  admin: { inherits: [reporter] }
  partner: {}
  banned: {}
routes:
  - id: one
    match: { path: "/one/{id}" }
    upstream: orders
    access: { GET: { any: [user, partner], all: [reporter, partner], none: [banned, suspended] }, PUT: [admin, partner] }
    when:
      - any: [{ client: address, cidr: 10.0.0.0/8 }, { all: [{ header: x-region, in: [eu] }, { identity: kind, equals: keyPair }] }]
        unless: [admin]
        reason: not_inside
  - { id: two, match: { path: /two }, upstream: orders, access: optional }
  - id: three
    match: { path: /three }
    upstream: orders
    access: authenticated
    when: [{ any: [{ identity: groups, startsWith: staff- }, { identity: groups, in: [ops, dev] }], reason: not_ours }]
`.replace('  banned', '  suspended: {}\n  banned');
  const thin = proposed(policy(text));
  expect(runTests(policy(text + thin), true).report).toMatchObject({ failed: 0, coverage: { share: 1 } });
  expect(runTests(policy(text + thin), true).report.mutation?.score).toBeLessThan(1);
  const whole = proposed(policy(text), true);
  expect(whole).not.toContain('not found');
  const { report: again } = runTests(policy(text + whole), true);
  expect([again.failed, again.coverage.share, again.mutation?.survivors]).toEqual([0, 1, []]);
});

test('a proposed identity never takes an existing name', () => {
  const text = (roles: string) => `roles: { user: {} }
routes: [{ id: one, match: { path: /one }, upstream: orders, access: [user] }]
tests: { identities: { user: { roles: ${roles} } } }
`;
  const cases = parse(proposed(policy(text('[]')))).tests;
  expect(cases).toMatchObject({
    identities: { user_2: { roles: ['user'] } },
    cases: [{ as: 'user_2' }, { as: 'user' }],
  });
  expect(Object.keys(parse(proposed(policy(text('[user]')))).tests.identities)).toEqual(['no_role']);
});

test('names of proposed identities fit, however many roles they have', () => {
  const roles = Array.from({ length: 12 }, (_, index) => `project:${index}:administrator`);
  const text = `roles: { ${roles.map((role) => `"${role}": {}`).join(', ')} }
routes:
  - { id: one, match: { path: /one }, upstream: orders, access: { all: [${roles.map((role) => `"${role}"`).join()}] } }
  - { id: two, match: { path: /two }, upstream: orders, access: { all: [${roles
    .slice(1)
    .map((role) => `"${role}"`)
    .join()}] } }
`;
  const { failed, coverage } = runTests(policy(text + proposed(policy(text))), false).report;
  expect([failed, coverage.uncovered]).toEqual([0, []]);
});

test('proposes nothing when nothing is missing', () => {
  const config = policy(`roles: {}
routes: [{ id: open, match: { path: "/" }, upstream: orders, access: public }]
tests: { cases: [{ request: GET /, expect: allow }] }`);
  expect(proposed(config)).toMatch(/^# Nothing is missing/);
});

test('a change without effect is not a mutant, but a change of the reason is', () => {
  const rules = (unless: string) => `roles: { user: {}, admin: { inherits: [user] } }
routes:
  - id: own
    match: { path: "/{id}" }
    upstream: orders
    access: [admin]
    when: [{ param: id, equals: x, ${unless}reason: not_x }]
tests:
  identities: { root: { roles: [admin] }, ann: { roles: [user] } }
  cases:
    - { as: root, request: GET /x, expect: allow, route: own }
    - { as: ann, request: GET /x, expect: refuse, route: own, reason: role_missing }
`;
  // All allowed callers are exempt, so the condition has no effect; without the exemption it has.
  const { coverage, mutation } = runTests(policy(rules('unless: [admin], ')), true).report;
  expect(coverage.uncovered).toEqual([]);
  expect(mutation?.survivors.map(({ change }) => change)).toEqual(['role admin is no longer exempt from not_x']);
  const other = runTests(policy(rules('')), true).report;
  expect(other.coverage.uncovered).toEqual([{ route: 'own', method: '*', effect: 'is refused with not_x' }]);
  expect(other.mutation?.survivors.map(({ change }) => change)).toContain('the condition not_x is removed');
});
