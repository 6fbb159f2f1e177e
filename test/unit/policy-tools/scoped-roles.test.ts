/** Roles that apply within the scope that a parameter specifies: decided, explained, tested, mutated, compared. */
import { describe, expect, it, test } from 'vitest';
import { explanationText } from '../../../src/cli/explain/explanation-text.ts';
import type { Config } from '../../../src/config/config.ts';
import { sampleIdentity } from '../../../src/policy-model/samples/sample-identity.ts';
import { comparePolicies } from '../../../src/policy-tools/diff/compare-policies.ts';
import { policyOf } from '../../../src/policy-tools/run-cases.ts';
import { runTests } from '../../../src/policy-tools/test-report.ts';
import { explained, proposed } from '../../support/tool-results.ts';
import { policy } from './policies.ts';

const roles = `roles:
  viewer: { scopedBy: tenant }
  editor: { scopedBy: tenant, inherits: [viewer] }
  owner: { scopedBy: tenant, format: "{tenant}:the-owner", inherits: [editor] }
  admin: { inherits: [editor] }
  suspended: { scopedBy: tenant, format: "{scope}:blocked" }
`;
const rules = (access: string, more = '', tests = '') =>
  policy(`${roles}routes:
  - { id: doc, match: { path: "/t/{tenant}/docs/{id}" }, upstream: orders, access: ${access}${more} }
${tests}`);

function asked(config: Config, target: string, roles: readonly string[]) {
  return explained(config, { target }, { ...sampleIdentity, roles });
}

const reasonFor = (access: string, target: string, ...held: readonly string[]) =>
  asked(rules(access), target, held).reason;

describe('a scoped role', () => {
  it.each([
    ['in its scope', '/t/acme/docs/1', ['acme:editor'], null],
    ['in its scope, in another spelling', '/t/%61cme/docs/1', ['acme:editor'], null],
    ['in another scope', '/t/zeta/docs/1', ['acme:editor'], 'role_missing'],
    ['in a scope with a common prefix', '/t/acm/docs/1', ['acme:editor'], 'role_missing'],
    ['in a scope with a trailing dot', '/t/acme./docs/1', ['acme:editor'], 'role_missing'],
    ['in a scope of another letter case', '/t/ACME/docs/1', ['acme:editor'], 'role_missing'],
    [
      'without a scope',
      '/t/acme/docs/1',
      ['editor', ':editor', '{tenant}:editor', '{*}:editor', '*:editor'],
      'role_missing',
    ],
    ['through a role of the same scope', '/t/acme/docs/1', ['acme:the-owner'], null],
    ['through a role of another scope', '/t/acme/docs/1', ['zeta:the-owner'], 'role_missing'],
    ['through a role without a scope', '/t/acme/docs/1', ['admin'], null],
    ['through inheritance in the wrong direction', '/t/acme/docs/1', ['acme:viewer'], 'role_missing'],
    ['in the other parameter', '/t/zeta/docs/acme', ['acme:editor'], 'role_missing'],
  ])('%s', (_name, target, held, reason) => {
    expect(reasonFor('[editor]', target, ...held)).toBe(reason);
  });

  it.each([
    ['the separator in the scope', '/t/a:b/docs/1', ['a:b:editor']],
    ['the separator in the scope, escaped', '/t/a%3Ab/docs/1', ['a:b:editor']],
    ['a trailing separator in the scope', '/t/a:/docs/1', ['a::editor']],
    ['a scope with a separator and a role', '/t/acme:editor/docs/1', ['acme:editor', 'acme:editor:editor']],
    ['a comma, which separates roles', '/t/a,b/docs/1', ['a,b:editor', 'a', 'b:editor']],
    ['an empty scope', '/t//docs/1', [':editor']],
  ])('never matches by another split: %s', (_name, target, held) => {
    expect(['role_missing', 'route_not_found']).toContain(reasonFor('[editor]', target, ...held));
  });

  it('is forbidden only in its scope, and where the scope cannot be read', () => {
    const access = '{ any: [viewer, admin], none: [suspended] }';
    expect(reasonFor(access, '/t/acme/docs/1', 'admin', 'acme:blocked')).toBe('role_forbidden');
    expect(reasonFor(access, '/t/zeta/docs/1', 'admin', 'acme:blocked')).toBeNull();
    expect(reasonFor(access, '/t/a/b/docs/1', 'admin')).toBe('route_not_found');
    expect(reasonFor(access, '/t/a%25/docs/1', 'admin')).toBeNull();
    expect(reasonFor('{ none: [suspended] }', '/t/a%09b/docs/1', 'admin')).not.toBeNull();
    // A service may read the scope as one in which the role is held.
    for (const scope of ['ACME', 'acme.', 'acme%20', '%EF%BD%81cme'])
      expect(reasonFor('{ none: [suspended] }', `/t/${scope}/docs/1`, 'acme:blocked')).not.toBeNull();
    expect(reasonFor('{ none: [suspended] }', '/t/zeta/docs/1', 'acme:blocked')).toBeNull();
    expect(reasonFor('{ any: [{ none: [{ none: [editor] }] }] }', '/t/a:b/docs/1', 'admin')).toBeNull();
    expect(reasonFor('{ none: [editor] }', '/t/a:b/docs/1', 'user')).toBe('role_forbidden');
  });

  it('exempts only in its scope', () => {
    const when = ', when: [{ query: q, equals: "1", unless: [editor], reason: asks }]';
    const config = rules('authenticated', when);
    expect(asked(config, '/t/acme/docs/1', ['acme:editor']).reason).toBeNull();
    expect(asked(config, '/t/zeta/docs/1', ['acme:editor']).condition).toBe('asks');
    expect(asked(config, '/t/zeta/docs/1', ['acme:editor']).conditions[0]?.exemptBy).toBeNull();
  });
});

test('explain shows in which scopes a role is held', () => {
  const explanation = asked(rules('[editor]'), '/t/zeta/docs/1', ['acme:editor', 'beta:the-owner']);
  expect(explanation.access).toMatchObject({ missing: ['{tenant}:editor'] });
  expect(explanation.access?.demands[0]?.elsewhere).toEqual(['acme', 'beta']);
  expect(explanationText(explanation, false)).toContain('no any {tenant}:editor: not held here, but in acme, beta');
  const here = asked(rules('[editor]'), '/t/beta/docs/1', ['acme:editor', 'beta:the-owner']);
  expect(explanationText(here, false)).toContain('ok any {tenant}:editor: held through {tenant}:the-owner');
  expect(here.upstream?.headers.flat().join()).not.toContain('{tenant}');
});

test.each(['[editor]', '{ GET: [viewer], "*": [editor] }', '{ all: [viewer, { none: [suspended] }] }'])(
  '--update tests %s',
  (access) => {
    const { proposals, text: written } = proposed(rules(access));
    expect(proposals.notFound).toEqual([]);
    expect(written).toContain('elsewhere:');
    const { report } = runTests(rules(access, '', written), true);
    expect([report.failed, report.coverage.uncovered, report.mutation?.survivors]).toEqual([0, [], []]);
  },
);

test('tests without another scope do not detect that the scope is ignored', () => {
  const tests = `tests:
  identities: { ed: { roles: ["acme:editor"] } }
  cases:
    - { as: ed, request: GET /t/acme/docs/1, expect: allow }
`;
  const { report } = runTests(rules('[editor]', '', tests), true);
  expect(report.mutation?.survivors.map(({ change }) => change)).toContain(
    'role {tenant}:editor is accepted in any scope',
  );
});

describe('diff', () => {
  const changes = (before: Config, after: Config) =>
    comparePolicies(policyOf(before), policyOf(after))
      .filter(({ method }) => method === 'GET')
      .map(({ kind, callers, possible }) => [
        kind,
        possible,
        callers.flatMap((caller) => ('marks' in caller ? [caller.marks.flat().join('+')] : [])),
      ]);

  it('distinguishes scopes', () => {
    expect(changes(rules('[editor]'), rules('[viewer]'))).toEqual([['newlyAllowed', false, ['role {scope}:viewer']]]);
    expect(changes(rules('[editor]'), rules('[editor]'))).toEqual([]);
  });

  it('identifies the parameter by position, not by name', () => {
    const at = (path: string, scope: string) =>
      policy(`roles: { editor: { scopedBy: ${scope} } }
routes: [{ id: doc, match: { path: "${path}" }, upstream: orders, access: [editor] }]`);
    expect(changes(at('/t/{a}/x/{b}', 'a'), at('/t/{c}/x/{d}', 'c'))).toEqual([]);
    const kinds = changes(at('/t/{a}/x/{b}', 'a'), at('/t/{a}/x/{b}', 'b')).map(([kind, possible]) => [kind, possible]);
    expect(kinds).toEqual([
      ['newlyAllowed', false],
      ['newlyRefused', false],
    ]);
  });

  it('reports a scope that no longer applies, and another format', () => {
    const free = policy(`roles: { editor: {} }
routes: [{ id: doc, match: { path: "/t/{tenant}/docs/{id}" }, upstream: orders, access: [editor] }]`);
    const found = changes(rules('[editor]'), free);
    expect(found).toContainEqual(['newlyAllowed', false, ['role editor']]);
    expect(found.map(([kind]) => kind)).toContain('newlyRefused');
  });
});
