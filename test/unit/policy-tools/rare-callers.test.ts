/**
 * Changes that few callers or few texts show: constants and allow-lists of a source, texts that conditions cannot read, other spellings. Each
 * is reported, with a request that the gateway decides in this way.
 */
import { describe, expect, test } from 'vitest';
import type { Config } from '../../../src/config/config.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import type { Identity } from '../../../src/core/identity/identity.ts';
import { sampleIdentity } from '../../../src/policy-model/samples/sample-identity.ts';
import { comparePolicies } from '../../../src/policy-tools/diff/compare-policies.ts';
import { policyOf } from '../../../src/policy-tools/run-cases.ts';
import { explained, findingsOf } from '../../support/tool-results.ts';

interface Rules {
  /** Settings of the source beyond its address. */
  readonly source?: string;
  readonly roles?: string;
  readonly policies?: string;
  readonly path?: string;
  /** Further keys of the route. */
  readonly more?: string;
  readonly access: string;
}

function read({ source, roles, policies, path, more, access }: Rules) {
  const text = `version: 1
sources:
  id: { kind: userinfo, url: "https://id.example.test/me", ${source ?? 'fields: { userId: sub, roles: r }'} }
credentials: { keyPair: false }
roles: ${roles ?? '{ user: {} }'}
policies: [${policies ?? ''}]
upstreams: { s: { targets: ["http://127.0.0.1:9"] } }
routes:
  - { id: a, match: { path: "${path ?? '/a'}" }, upstream: s, access: ${access}${more === undefined ? '' : `, ${more}`} }
`;
  const result = parseConfig(text, { file: 'gateway.yaml', env: {}, readSecret: () => '' });
  if (!result.ok) throw new Error(result.problems.map(({ line, message }) => `${line}: ${message}`).join('\n'));
  return result.config;
}

const caller: Identity = { ...sampleIdentity, source: 'id', acceptedBy: 'id' };

interface Change {
  readonly before: Rules;
  readonly after: Rules;
  /** A request that only `after` allows. */
  readonly target: string;
  readonly identity?: Partial<Identity>;
  /** No example is found. */
  readonly possible?: true;
}

const twoGroups: Omit<Rules, 'access'> = {
  source: 'fields: { userId: sub, roles: false, groups: { value: [staff, eu] } }',
  roles: '{ staff: { from: { field: groups, equals: staff } } }',
};
const tenantOnly = '{ id: p, match: { path: "/t/{k}/**" }, when: [{ param: k, equals: acme, reason: wrong_tenant }] }';
const semicolon: Rules = { path: '/t/a;b/x', more: 'path: { semicolon: keep }', access: 'authenticated' };
const encodedSlash: Rules = { path: '/t/a%2Fb/x', more: 'path: { encodedSlash: keep }', access: 'authenticated' };
const slug: Rules = { path: '/a/{i:slug}', access: '[user]' };
const notAdmin = 'when: [{ not: { param: i, equals: Admin }, reason: is_admin }]';
const listed = 'fields: { userId: sub, roles: r }, roles: [user]';
const human = '{ user: {}, human: { from: { field: kind, equals: bearer } } }';
const derived: Omit<Rules, 'access'> = {
  source: listed,
  roles: '{ user: {}, extra: { from: { field: roles, equals: user } } }',
};
const scoped: Omit<Rules, 'access'> = {
  source: 'fields: { userId: sub, roles: false }',
  roles: '{ editor: { scopedBy: i } }',
  path: '/a/{i}',
  more: 'path: { semicolon: keep }',
};

describe('a change that opens access', () => {
  test.each<readonly [string, Change]>([
    [
      'for one of two constant groups',
      {
        before: { ...twoGroups, access: 'deny' },
        after: { ...twoGroups, access: '[staff]' },
        target: '/a',
        identity: { groups: ['staff', 'eu'] },
      },
    ],
    [
      'at a literal with a semicolon',
      { before: { ...semicolon, policies: tenantOnly }, after: semicolon, target: '/t/a;b/x' },
    ],
    [
      'at a literal with an encoded slash',
      { before: { ...encodedSlash, policies: tenantOnly }, after: encodedSlash, target: '/t/a%2Fb/x' },
    ],
    [
      'to a slug that differs from a text only in letter case',
      { before: { ...slug, more: notAdmin }, after: slug, target: '/a/admin', identity: { roles: ['user'] } },
    ],
    [
      'to all, because the source may not give a forbidden role',
      {
        before: { source: listed, roles: human, access: 'deny' },
        after: { source: listed, roles: human, access: '{ none: [human] }' },
        target: '/a',
      },
    ],
    [
      'to callers with a role, because the source may not give a forbidden one',
      {
        before: { source: listed, roles: human, access: 'deny' },
        after: { source: listed, roles: human, access: '{ all: [user], none: [human] }' },
        target: '/a',
        identity: { roles: ['user'] },
      },
    ],
    [
      'by removing a derived role that the source may not give',
      {
        before: { ...derived, access: '{ all: [extra, user] }' },
        after: { ...derived, access: '[user]' },
        target: '/a',
        identity: { roles: ['user'] },
      },
    ],
    [
      'to a scope that cannot be read',
      {
        before: { ...scoped, access: '{ none: [editor] }' },
        after: { ...scoped, access: 'authenticated' },
        target: '/a/x;y',
        possible: true,
      },
    ],
  ])('%s', (_name, { before, after, target, identity, possible = false }) => {
    const [was, is] = [read(before), read(after)];
    const by = { ...caller, ...identity };
    expect([was, is].map((config) => explained(config, { target }, by).reason === null)).toEqual([false, true]);
    const found = comparePolicies(policyOf(was), policyOf(is));
    expect(found.map(({ kind, possible }) => ({ kind, possible }))).toContainEqual({ kind: 'newlyAllowed', possible });
    expect(found.filter(({ kind }) => kind === 'newlyRefused')).toEqual([]);
  });
});

test('a rule that only callers of a source with an allow-list meet is not unmeetable', () => {
  const rules = { ...derived, access: '{ all: [user], none: [extra] }' };
  const unmeetable = (config: Config) => findingsOf(config).filter(({ code }) => code === 'rule_unmeetable');
  expect(explained(read(rules), { target: '/a' }, { ...caller, roles: ['user'] }).reason).toBeNull();
  expect(unmeetable(read(rules))).toEqual([]);
  // Control.
  const unlisted = 'fields: { userId: sub, roles: r }';
  expect(unmeetable(read({ ...rules, source: unlisted }))).toHaveLength(1);
});
