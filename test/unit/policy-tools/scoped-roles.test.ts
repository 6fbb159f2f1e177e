/** Roles that are held in the scope that a parameter names: decided, explained, tested, mutated, compared. */
import { describe, expect, it, test } from 'vitest';
import { explanationText } from '../../../src/cli/explain/explanation-text.ts';
import type { Config } from '../../../src/config/config.ts';
import { comparePolicies } from '../../../src/policy-tools/diff/compare-policies.ts';
import { policyOf } from '../../../src/policy-tools/run-cases.ts';
import { sampleIdentity } from '../../../src/policy-tools/sample-identity.ts';
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

describe('a role of one scope', () => {
  it.each([
    ['in its scope', '/t/acme/docs/1', ['acme:editor'], null],
    ['in its scope, however it is spelled', '/t/%61cme/docs/1', ['acme:editor'], null],
    ['in another scope', '/t/zeta/docs/1', ['acme:editor'], 'role_missing'],
    ['in a scope that begins alike', '/t/acm/docs/1', ['acme:editor'], 'role_missing'],
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
    ['that inherits the wrong way round', '/t/acme/docs/1', ['acme:viewer'], 'role_missing'],
    ['in the other parameter', '/t/zeta/docs/acme', ['acme:editor'], 'role_missing'],
  ])('%s', (_name, target, held, reason) => {
    expect(reasonFor('[editor]', target, ...held)).toBe(reason);
  });

  it.each([
    ['the separator in the scope', '/t/a:b/docs/1', ['a:b:editor']],
    ['the same, escaped', '/t/a%3Ab/docs/1', ['a:b:editor']],
    ['the separator at its end', '/t/a:/docs/1', ['a::editor']],
    ['a scope and its separator', '/t/acme:editor/docs/1', ['acme:editor', 'acme:editor:editor']],
    ['a comma, which ends a role', '/t/a,b/docs/1', ['a,b:editor', 'a', 'b:editor']],
    ['no scope', '/t//docs/1', [':editor']],
  ])('never counts by another split: %s', (_name, target, held) => {
    expect(['role_missing', 'route_not_found']).toContain(reasonFor('[editor]', target, ...held));
  });

  it('is forbidden in its scope alone, and where the scope cannot be read', () => {
    const access = '{ any: [viewer, admin], none: [suspended] }';
    expect(reasonFor(access, '/t/acme/docs/1', 'admin', 'acme:blocked')).toBe('role_forbidden');
    expect(reasonFor(access, '/t/zeta/docs/1', 'admin', 'acme:blocked')).toBeNull();
    expect(reasonFor(access, '/t/a/b/docs/1', 'admin')).toBe('route_not_found');
    expect(reasonFor(access, '/t/a%25/docs/1', 'admin')).toBeNull();
    expect(reasonFor('{ none: [suspended] }', '/t/a%09b/docs/1', 'admin')).not.toBeNull();
    expect(reasonFor('{ any: [{ none: [{ none: [editor] }] }] }', '/t/a:b/docs/1', 'admin')).toBeNull();
    expect(reasonFor('{ none: [editor] }', '/t/a:b/docs/1', 'user')).toBe('role_forbidden');
  });

  it('exempts in its scope', () => {
    const when = ', when: [{ query: q, equals: "1", unless: [editor], reason: asks }]';
    const config = rules('authenticated', when);
    expect(asked(config, '/t/acme/docs/1', ['acme:editor']).reason).toBeNull();
    expect(asked(config, '/t/zeta/docs/1', ['acme:editor']).condition).toBe('asks');
    expect(asked(config, '/t/zeta/docs/1', ['acme:editor']).conditions[0]?.exemptBy).toBeNull();
  });
});

test('explain says in which scopes a role is held', () => {
  const explanation = asked(rules('[editor]'), '/t/zeta/docs/1', ['acme:editor', 'beta:the-owner']);
  expect(explanation.access).toMatchObject({ missing: ['{tenant}:editor'] });
  expect(explanation.access?.demands[0]?.elsewhere).toEqual(['acme', 'beta']);
  expect(explanationText(explanation, false)).toContain('no any {tenant}:editor: not held here, but in acme, beta');
  const here = asked(rules('[editor]'), '/t/beta/docs/1', ['acme:editor', 'beta:the-owner']);
  expect(explanationText(here, false)).toContain('ok any {tenant}:editor: held through {tenant}:the-owner');
  expect(here.upstream?.headers.flat().join()).not.toContain('{tenant}');
});

test.each(['[editor]', '{ GET: [viewer], "*": [editor] }', '{ all: [viewer, { none: [suspended] }] }'])(
  '--update proves %s',
  (access) => {
    const { proposals, text: written } = proposed(rules(access));
    expect(proposals.notFound).toEqual([]);
    expect(written).toContain('elsewhere:');
    const { report } = runTests(rules(access, '', written), true);
    expect([report.failed, report.coverage.uncovered, report.mutation?.survivors]).toEqual([0, [], []]);
  },
);

test('a test that never asks for another scope does not notice that the scope counts no more', () => {
  const tests = `tests:
  identities: { ed: { roles: ["acme:editor"] } }
  cases:
    - { as: ed, request: GET /t/acme/docs/1, expect: allow }
`;
  const { report } = runTests(rules('[editor]', '', tests), true);
  expect(report.mutation?.survivors.map(({ change }) => change)).toContain('role {tenant}:editor counts in any scope');
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

  it('tells scopes apart', () => {
    expect(changes(rules('[editor]'), rules('[viewer]'))).toEqual([['newlyAllowed', false, ['role {scope}:viewer']]]);
    expect(changes(rules('[editor]'), rules('[editor]'))).toEqual([]);
  });

  it('knows the place of the parameter, and not its name', () => {
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

  it('finds that a scope counts no more, and that the format is another one', () => {
    const free = policy(`roles: { editor: {} }
routes: [{ id: doc, match: { path: "/t/{tenant}/docs/{id}" }, upstream: orders, access: [editor] }]`);
    const found = changes(rules('[editor]'), free);
    expect(found).toContainEqual(['newlyAllowed', false, ['role editor']]);
    expect(found.map(([kind]) => kind)).toContain('newlyRefused');
  });
});
