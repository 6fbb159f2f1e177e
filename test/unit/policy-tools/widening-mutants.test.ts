/**
 * Changes that allow more: each is tried, a case is found that detects it, and a change that no case can detect is not
 * a mutant.
 */
import { describe, expect, test } from 'vitest';
import { runTests } from '../../../src/policy-tools/test-report.ts';
import { besideRange } from '../../../src/policy-tools/widening-mutants.ts';
import { proposed } from '../../support/tool-results.ts';
import { policy } from './policies.ts';

const roles = 'roles: { user: {}, admin: { inherits: [user] }, partner: {}, suspended: {} }\n';
const route = (more: string, path = '/t/{tenant}/notes/{note}') =>
  `${roles}routes: [{ id: note, match: { path: "${path}" }, upstream: orders, ${more} }]\n`;

const survivorsOf = (text: string) =>
  runTests(policy(text), true).report.mutation?.survivors.map(({ change }) => change) ?? [];

describe.each<[string, string, readonly string[]]>([
  ['a role that another one inherits', 'access: [admin]', ['role user also grants it', 'no credential is required']],
  ['a role next to another one', 'access: [user]', ['role partner also grants it']],
  ['a required role', 'access: { all: [admin, partner] }', ['role user is enough where admin is required']],
  ['a closed route', 'access: deny', ['no credential is required']],
  ['methods by rule', 'access: { GET: [user] }', ['its list of methods is removed']],
  [
    'paths',
    'access: [user]',
    [
      'its path becomes /t/{tenant}/notes/**',
      'its path becomes /t/{tenant}/**',
      'its path becomes /t/**',
      'its path becomes /**',
    ],
  ],
  [
    'a condition on another parameter',
    'access: [user], when: [{ param: tenant, in: identity.groups, reason: wrong_tenant }]',
    ['the condition wrong_tenant reads note instead of tenant'],
  ],
  [
    'tenants, and bearers only',
    `access: { GET: [user], DELETE: [admin] }, when: [
      { param: tenant, in: identity.groups, reason: wrong_tenant },
      { identity: kind, equals: bearer, reason: bearer_only }]`,
    ['the condition bearer_only is removed', 'the condition wrong_tenant is removed'],
  ],
  [
    'addresses',
    'access: public, when: [{ client: address, cidr: ["10.0.0.0/9", "10.128.0.0/9", "192.0.2.7", "2001:db8::/32"], reason: outside }]',
    [
      'the condition outside accepts 192.0.2.6/31 instead of 192.0.2.7',
      'the condition outside accepts 2001:db8::/31 instead of 2001:db8::/32',
    ],
  ],
  [
    'exempt roles',
    'access: [user, partner], when: [{ param: tenant, equals: a, unless: [admin], reason: not_a }]',
    ['role user is also exempt from not_a', 'role partner is also exempt from not_a'],
  ],
  [
    'a negated condition',
    'access: public, when: [{ not: { param: tenant, startsWith: test- }, reason: no_tests }]',
    ['the condition no_tests loses "not"'],
  ],
  [
    'a single user',
    'access: authenticated, when: [{ identity: userId, equals: robot-7, reason: robot_only }]',
    ['the condition robot_only is removed'],
  ],
])('%s', (_, more, words) => {
  test('is mutated, and a case is found for each change', () => {
    expect(survivorsOf(route(more))).toEqual(expect.arrayContaining([...words]));
    const { proposals, text } = proposed(policy(route(more)));
    expect(proposals.notFound).toEqual([]);
    const { failed, coverage, mutation } = runTests(policy(route(more) + text), true).report;
    expect([failed, coverage.uncovered, mutation?.survivors]).toEqual([0, [], []]);
  });
});

test('a list of methods in the match, and a path that another route has', () => {
  const text = `${roles}routes:
  - { id: read, match: { path: "/a/{b}", methods: [GET] }, upstream: orders, access: [user] }
  - { id: write, match: { path: "/a/{b}", methods: [PUT] }, upstream: orders, access: [admin] }
  - { id: rest, match: { path: "/a/**" }, upstream: orders, access: deny }
`;
  const changes = survivorsOf(text);
  // "read" on "/a/**" would repeat "rest", and two routes for one method are not a valid policy.
  expect(changes).not.toContain('its path becomes /a/**');
  expect(changes).not.toContain('its list of methods is removed');
  expect(changes).toContain('its path becomes /**');
});

test('widening one half of a range over the other half is not a mutant', () => {
  const widerRanges = (cidr: string) =>
    survivorsOf(route(`access: public, when: [{ client: address, cidr: ${cidr}, reason: outside }]`)).filter((change) =>
      change.includes('the condition outside accepts'),
    );
  expect(widerRanges('["10.0.0.0/9", "10.128.0.0/9"]')).toEqual([]);
  // Control: without the other half it is one.
  expect(widerRanges('["10.0.0.0/9"]')).toHaveLength(1);
});

test('finds a case for the key of a credential', () => {
  const text = route(
    'access: authenticated, when: [{ identity: keyId, equals: key-of-the-robot, reason: robot_only }]',
  );
  const { proposals, text: cases } = proposed(policy(text));
  expect(proposals.notFound).toEqual([]);
  expect(runTests(policy(text + cases), true).report.mutation?.survivors).toEqual([]);
});

test.each([
  ['10.0.0.0/8', '10.0.0.0/7', '11.0.0.0'],
  ['192.0.2.7', '192.0.2.6/31', '192.0.2.6'],
  ['2001:db8::/32', '2001:db8::/31', '2001:db9::'],
  ['::/1', '::/0', '8000::'],
])('next to %s', (range, wider, address) => {
  expect(besideRange(range)).toEqual({ wider: wider === '::/0' ? '0::/0' : wider, address });
});

test('a range of every address cannot be widened', () => {
  expect(besideRange('0.0.0.0/0')).toBe(null);
});
