/** Changes of rules in large tables, of policies, and of time limits: which are mutants, and which tests notice them. */
import { expect, test } from 'vitest';
import type { Config } from '../../../src/config/config.ts';
import { newIdentities } from '../../../src/policy-tools/propose-cases.ts';
import { runTests } from '../../../src/policy-tools/test-report.ts';
import { findingsOf, proposed } from '../../support/tool-results.ts';
import { policy } from './policies.ts';

const mutation = (config: Config) => runTests(config, true).report.mutation!;
const survivors = (config: Config) => mutation(config).survivors.map(({ route, change }) => `${route}: ${change}`);

test('a change without effect is recognized among any number of routes', () => {
  const rules = (count: number) =>
    policy(`roles: { user: {}, admin: { inherits: [user] } }
routes:
${Array.from({ length: count }, (_, n) => `  - { id: open${n}, match: { path: /open/${n} }, upstream: orders, access: public }\n`).join('')}
  - id: own
    match: { path: "/own/{id}" }
    upstream: orders
    access: { GET: [admin] }
    when: [{ param: id, equals: x, unless: [admin], reason: not_x }]
`);
  const ofOwn = (count: number) => survivors(rules(count)).filter((words) => words.startsWith('own: '));
  expect(ofOwn(1)).not.toContain('own: the condition not_x is removed');
  expect(ofOwn(600)).toEqual(ofOwn(1));
});

test('names of proposed identities are short, and one for each identity', () => {
  const roles = Array.from({ length: 9 }, (_, n) => `department_${n}_administrator`);
  const config = policy(`roles: { ${roles.map((role) => `${role}: {}`).join(', ')} }
routes:
  - { id: one, match: { path: /one }, upstream: orders, access: { GET: { all: [${roles.join()}] } } }
  - { id: two, match: { path: /two }, upstream: orders, access: { GET: { all: [${roles.slice(1).join()}] } } }
`);
  const { proposals } = proposed(config);
  const identities = newIdentities(config, proposals);
  expect(Math.max(...[...identities.keys()].map((name) => name.length))).toBeLessThanOrEqual(43);
  const contents = [...identities.values()].map(({ roles: held, groups }) => JSON.stringify([held, groups]));
  expect(new Set(contents).size).toBe(contents.length);
  for (const { test: written, identity } of proposals.cases) {
    if (written.as !== null) expect(identities.get(written.as)).toEqual(identity);
  }
});

test('methods that access lists are one list', () => {
  const rules = `roles: { user: {}, admin: {} }
routes: [{ id: one, match: { path: /one }, upstream: orders, access: { GET: [user], POST: [admin] } }]
`;
  const removed = survivors(policy(rules)).filter((words) => words.includes('list of methods'));
  expect(removed).toEqual(['one: its list of methods is removed']);
  const { proposals, text } = proposed(policy(rules));
  expect(proposals.notFound).toEqual([]);
  expect(survivors(policy(rules + text))).toEqual([]);
});

const guarded = `roles: { user: {} }
policies: [{ id: inside, match: { path: "/a/**" }, when: [{ client: address, cidr: 10.0.0.0/8, reason: outside }] }]
routes:
  - { id: one, match: { path: /a/one }, upstream: orders, access: { GET: public } }
  - { id: two, match: { path: /a/two }, upstream: orders, access: { GET: public } }
`;

test('a policy that no longer applies to one of its routes is a mutant', () => {
  const cases = (ids: readonly string[]) => `tests:
  cases:
${ids.map((id) => `    - { request: GET /a/${id}, client: 203.0.113.7, expect: refuse, reason: outside }\n`).join('')}`;
  const unbound = (ids: readonly string[]) =>
    survivors(policy(guarded + cases(ids))).filter((words) => words.includes('apply'));
  expect(unbound(['one'])).toEqual(['null: policy inside: it does not apply to route two']);
  expect(unbound(['one', 'two'])).toEqual([]);
  const { proposals, text } = proposed(policy(guarded));
  expect(proposals.notFound).toEqual([]);
  expect(survivors(policy(guarded + text))).toEqual([]);
});

test('a refusal for an old sign-in counts for the policy that limits it', () => {
  const rules = `policies: [{ id: recent, match: { path: "/a/**" }, maxAuthAge: 1h }]
routes: [{ id: one, match: { path: "/a/**" }, upstream: orders, access: authenticated }]
`;
  const { proposals, text } = proposed(policy(rules));
  expect(proposals.notFound).toEqual([]);
  const again = policy(rules + text);
  expect(runTests(again, true).report).toMatchObject({ coverage: { share: 1, uncovered: [] }, mutation: { score: 1 } });
  expect(proposed(again).proposals.cases).toEqual([]);
});

test('a role that both a policy and a route require is not repeated; one that a policy lists twice is', () => {
  const of = (ofPolicy: string) =>
    findingsOf(
      policy(`roles: { ops: {} }
policies: [{ id: operators, match: { path: "/**" }, access: ${ofPolicy} }]
routes: [{ id: one, match: { path: /one }, upstream: orders, access: [ops] }]
`),
    ).flatMap(({ code, message }) => (code === 'roles_repeated' ? [message] : []));
  expect(of('[ops]')).toEqual([]);
  expect(of('{ any: [ops, ops] }')).toEqual(['ops is listed twice']);
});
