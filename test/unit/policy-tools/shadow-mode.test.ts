/**
 * Routes in shadow mode in the policy tools: tested as they act, covered by what their rule decides, marked by every
 * tool.
 */
import { expect, test } from 'vitest';
import { explanationText } from '../../../src/cli/explain/explanation-text.ts';
import type { Config } from '../../../src/config/config.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { comparePolicies } from '../../../src/policy-tools/diff/compare-policies.ts';
import { proposeCases } from '../../../src/policy-tools/propose-cases.ts';
import { policyOf } from '../../../src/policy-tools/run-cases.ts';
import { runTests } from '../../../src/policy-tools/test-report.ts';
import { casesText } from '../../../src/policy-tools/written-cases.ts';
import { explained } from '../../support/tool-results.ts';

function read(mode: string, cases = ''): Config {
  const text = `version: 1
authApi: { url: "http://auth:8081" }
roles: { user: {}, admin: {} }
upstreams: { s: { targets: ["http://s:8080"] } }
routes: [{ id: try, match: { path: /try }, upstream: s, access: [admin], mode: ${mode} }]
tests:
  identities: { ann: { roles: [user] }, root: { roles: [admin] } }
  cases: [${cases}]
`;
  const result = parseConfig(text, { file: 'gateway.yaml', env: {}, readSecret: () => '' });
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
  return result.config;
}

const shadowed =
  '{ as: ann, request: GET /try, expect: allow }, { as: root, request: GET /try, expect: allow, route: try }';

test('tests expect its actual outcome, and its rule is covered and cannot be weakened unnoticed', () => {
  const { report } = runTests(read('shadow', shadowed), true);
  expect(report).toMatchObject({ failed: 0, coverage: { share: 1 }, mutation: { score: 1 } });
  expect(report.mutation?.mutants).toBeGreaterThan(0);
  expect(runTests(read('enforce', shadowed), false).report.failed).toBe(1);
});

test('proposed cases pass unchanged', () => {
  const proposalFor = (mode: string) => {
    const config = read(mode);
    return casesText({ identities: new Map(), proposals: proposeCases(config, runTests(config, false)) }, 'section');
  };
  const proposed = proposalFor('shadow');
  expect(proposed).toContain('expect: allow');
  expect(proposed).not.toContain('expect: refuse');
  expect(proposalFor('enforce')).toContain('expect: refuse');
});

test('compared with an enforcing route, it newly allows everyone whom its rule refuses', () => {
  const differences = comparePolicies(policyOf(read('enforce')), policyOf(read('shadow')));
  expect(differences.length).toBeGreaterThan(0);
  expect(differences.every(({ kind }) => kind === 'newlyAllowed')).toBe(true);
  const back = comparePolicies(policyOf(read('shadow')), policyOf(read('enforce')));
  expect(back.every(({ kind }) => kind === 'newlyRefused')).toBe(true);
});

test('an explanation shows what the rule decides', () => {
  const config = read('shadow');
  const explanation = explained(config, { target: '/try' }, config.tests.identities.get('ann')!);
  expect(explanation).toMatchObject({ outcome: 'allow', shadowed: { reason: 'role_missing', condition: null } });
  const text = explanationText(explanation, false);
  expect(text).toContain('allowed by route try in shadow mode; its rule refuses: role_missing');
  expect(text).toContain('missing: admin');
});
