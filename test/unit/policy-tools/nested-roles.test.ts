/** Rules that nest `any`, `all` and `none`: explained, tested, mutated, compared and analyzed. */
import { describe, expect, it, test } from 'vitest';
import { explanationText } from '../../../src/cli/explain/explanation-text.ts';
import { sampleIdentity } from '../../../src/policy-model/samples/sample-identity.ts';
import { comparePolicies } from '../../../src/policy-tools/diff/compare-policies.ts';
import { policyOf } from '../../../src/policy-tools/run-cases.ts';
import { runTests } from '../../../src/policy-tools/test-report.ts';
import { explained, findingsOf, proposed } from '../../support/tool-results.ts';
import { policy } from './policies.ts';

const nested = '{ any: [admin, { all: [user, { any: [trusted] }], none: [suspended] }] }';
const rules = (access: string, tests = '') =>
  policy(`roles: { user: {}, admin: { inherits: [user] }, trusted: {}, suspended: {} }
routes:
  - { id: one, match: { path: /x }, upstream: orders, access: ${access} }
${tests}`);

describe('explain', () => {
  const asked = (...roles: string[]) => explained(rules(nested), { target: '/x' }, { ...sampleIdentity, roles });

  it('reports each part, and what the unmet ones lack', () => {
    const { access, reason } = asked('user', 'suspended');
    expect([reason, access?.missing]).toEqual(['role_missing', ['admin', 'trusted']]);
    expect(access?.words).toBe('any of admin, (all of user, (any of trusted); none of suspended)');
    expect(access?.demands.map(({ depth, list, words, held }) => [depth, list, words, held])).toEqual([
      [0, 'any', 'admin', false],
      [0, 'any', 'all of user, (any of trusted); none of suspended', false],
      [1, 'all', 'user', true],
      [1, 'all', 'any of trusted', false],
      [2, 'any', 'trusted', false],
      [1, 'none', 'suspended', true],
    ]);
    expect(asked('user', 'trusted').access?.missing).toEqual([]);
  });

  it('indents nested parts', () => {
    expect(explanationText(asked('user'), false)).toContain(`Access
  any of admin, (all of user, (any of trusted); none of suspended)
  no any admin: not held
  no any (all of user, (any of trusted); none of suspended): not met
    ok all user: held
    no all (any of trusted): not met
      no any trusted: not held
    ok none suspended: not held
  missing: admin, trusted
`);
  });
});

test.each([
  nested,
  '{ none: [{ all: [trusted, suspended] }] }',
  '{ all: [user, { any: [trusted, { none: [suspended] }] }] }',
  '{ none: [{ any: [suspended, { none: [user, trusted] }] }] }',
])('--update tests each part of %s', (access) => {
  const { proposals, text: written } = proposed(rules(access));
  expect(proposals.notFound).toEqual([]);
  const { report } = runTests(rules(access, written), true);
  expect(report.failed).toBe(0);
  expect(report.coverage.uncovered).toEqual([]);
  expect(report.mutation?.survivors).toEqual([]);
  // Every part is mutated, not only the whole.
  expect(report.mutation?.mutants).toBeGreaterThan(6);
});

describe('diff', () => {
  const whoOf = (before: string, after: string) =>
    comparePolicies(policyOf(rules(before)), policyOf(rules(after)))
      .filter(({ method }) => method === 'GET')
      .map(({ kind, callers, possible }) => [
        kind,
        possible,
        callers.flatMap((caller) =>
          'marks' in caller ? [caller.marks.map((names) => names.join('|')).join('+')] : [],
        ),
      ]);

  it.each([
    ['a removed part', nested, '[admin]', [['newlyRefused', false, ['role user+role trusted']]]],
    [
      'a part that forbids nothing anymore',
      nested,
      nested.replace(', none: [suspended]', ''),
      [['newlyAllowed', false, ['role suspended+role user+role trusted']]],
    ],
    ['the same rule in another form', '{ none: [{ none: [user] }] }', '[user]', []],
    ['De Morgan', '{ none: [{ all: [user, trusted] }] }', '{ any: [{ none: [user] }, { none: [trusted] }] }', []],
    [
      '"all" becomes "any"',
      '{ none: [{ all: [user, trusted] }] }',
      '{ none: [{ any: [user, trusted] }] }',
      [['newlyRefused', false, ['role user|role admin', 'role trusted']]],
    ],
  ])('%s', (_name, before, after, expected) => {
    expect(whoOf(before, after)).toEqual(expected);
  });

  it('reports what it cannot examine', () => {
    const part = (n: number) => `{ any: [r${n}, { none: [s${n}] }, { none: [t${n}] }] }`;
    const many = [...Array(8).keys()];
    const config = (access: string) =>
      policy(`roles: { ${many.map((n) => `r${n}: {}, s${n}: {}, t${n}: {}`).join(', ')} }
routes: [{ id: one, match: { path: /x }, upstream: orders, access: ${access} }]`);
    const wide = config(`{ all: [${many.map(part).join(', ')}] }`);
    const differences = comparePolicies(policyOf(wide), policyOf(config('[r0]')));
    expect(differences.filter(({ method }) => method === 'GET').map(({ kind, possible }) => [kind, possible])).toEqual([
      ['newlyAllowed', true],
      ['newlyRefused', true],
    ]);
  });
});

test.each([
  [
    'never',
    '{ any: [trusted, { all: [admin], none: [user] }] }',
    'roles_never',
    'no identity can meet the part (all of admin; none of user)',
  ],
  [
    'always',
    '{ all: [user, { any: [trusted, { none: [trusted] }] }] }',
    'roles_always',
    'every identity meets the part (any of trusted, (none of trusted))',
  ],
  ['twice', '{ any: [user, { all: [trusted, suspended, trusted] }] }', 'roles_repeated', 'trusted is listed twice'],
  [
    'a repeated expression',
    '{ any: [{ all: [user] }, { all: [user] }] }',
    'roles_repeated',
    '(all of user) is listed twice',
  ],
  [
    'the whole rule',
    '{ all: [admin, { none: [user] }] }',
    'rule_unmeetable',
    'no identity can meet the rule: every role that it requires includes one that it forbids',
  ],
])('analysis: %s', (_name, access, code, message) => {
  const findings = findingsOf(rules(access));
  expect(findings.filter((one) => one.code === code).map((one) => one.message)).toEqual([message]);
  expect(findingsOf(rules(nested)).map((one) => one.code)).not.toContain(code);
});
