/** Claims that the configuration declares: in conditions, tests, headers, explanations, proposals, comparisons and records. */
import { describe, expect, it, test } from 'vitest';
import { explanationText } from '../../../src/cli/explain/explanation-text.ts';
import { comparePolicies } from '../../../src/policy-tools/diff/compare-policies.ts';
import { policyOf } from '../../../src/policy-tools/run-cases.ts';
import { somebody } from '../../../src/policy-tools/sample-identity.ts';
import { runTests } from '../../../src/policy-tools/test-report.ts';
import { explained, findingsOf, proposed } from '../../support/tool-results.ts';
import { policy } from './policies.ts';

const rules = (when: string, tests = '') =>
  policy(`identity:
  claims:
    plan: { field: plan, type: string }
    level: { field: acr.level, type: number }
    staff: { field: staff, type: boolean }
    tags: { field: tags, type: list }
    since: { field: since, type: time }
identityHeaders: { user-id: userId, x-plan: claims.plan, x-level: claims.level, x-tags: claims.tags, x-since: claims.since }
routes:
  - { id: one, match: { path: "/{t}" }, upstream: orders, access: authenticated, when: [${when}] }
${tests}`);

const suite = (cases: string) => `tests:
  identities:
    gold: { claimValues: { plan: gold, level: 2, staff: true, tags: [a, b], since: "2026-01-02T03:04:05.678+01:00" } }
    plain: {}
  cases: [${cases}]
`;

describe('a condition compares a claim', () => {
  it.each([
    ['text', 'identity: claims.plan, equals: gold', 'gold', 'plain'],
    ['one of some texts', 'identity: claims.plan, in: [silver, gold]', 'gold', 'plain'],
    ['a beginning', 'identity: claims.plan, startsWith: go', 'gold', 'plain'],
    ['a number, however it is written', 'identity: claims.level, equals: 2.0', 'gold', 'plain'],
    ['true', 'identity: claims.staff, equals: true', 'gold', 'plain'],
    ['one of a list', 'identity: claims.tags, equals: b', 'gold', 'plain'],
    ['its presence', 'identity: claims.since, exists: true', 'gold', 'plain'],
    ['its absence', 'identity: claims.since, exists: false', 'plain', 'gold'],
  ])('%s', (_name, condition, good, bad) => {
    const cases = `{ as: ${good}, request: GET /x, expect: allow }, { as: ${bad}, request: GET /x, expect: refuse, reason: apart }`;
    const { report } = runTests(rules(`{ ${condition}, reason: apart }`, suite(cases)), false);
    expect(report.cases.map(({ faults }) => faults)).toEqual([[], []]);
  });

  it('with a part of the request', () => {
    const cases = `{ as: gold, request: GET /gold, expect: allow }, { as: gold, request: GET /silver, expect: refuse },
      { as: plain, request: GET /gold, expect: refuse }`;
    const { report } = runTests(
      rules('{ param: t, equals: identity.claims.plan, reason: apart }', suite(cases)),
      false,
    );
    expect(report.failed).toBe(0);
  });
});

test('a claim of another type than is declared is not taken for absent', () => {
  const cases = (expect_: string) => `tests:
  identities: { odd: { claims: { userID: ann, roles: [], groups: [], sessionID: s1, since: "2026-01-02 03:04:05" } } }
  cases: [{ as: odd, request: GET /x, expect: ${expect_}, upstreamHeaders: { x-since: null } }]`;
  const reasons = (condition: string) => {
    const { report } = runTests(rules(`{ ${condition}, reason: apart }`, cases('allow')), false);
    return report.cases.map(({ faults }) => faults.length === 0);
  };
  expect(reasons('identity: claims.since, exists: false')).toEqual([false]);
  expect(reasons('not: { identity: claims.since, exists: true }')).toEqual([false]);
  expect(reasons('identity: claims.plan, exists: false')).toEqual([true]);
});

test('services get claims: texts as they are, lists with commas, times in Unix seconds; absent ones are left out', () => {
  const headers = 'x-plan: gold, x-level: "2", x-tags: "a,b", x-since: "1767319445"';
  const none = 'x-plan: null, x-level: null, x-tags: null, x-since: null';
  const cases = `{ as: gold, request: GET /x, headers: { X-Plan: forged }, expect: allow, upstreamHeaders: { ${headers} } },
    { as: plain, request: GET /x, headers: { X_Plan: forged }, expect: allow, upstreamHeaders: { ${none}, x_plan: null } }`;
  const { report } = runTests(rules('{ param: t, equals: x, reason: apart }', suite(cases)), false);
  expect(report.cases.map(({ faults }) => faults)).toEqual([[], []]);
});

test('explain shows the claims of the identity, and what a condition compared', () => {
  const config = rules('{ identity: claims.level, equals: 3, reason: apart }');
  const explanation = explained(config, { target: '/x' }, { ...somebody, claims: { level: 2, plan: 'gold' } });
  expect(explanation).toMatchObject({ reason: 'condition_failed', identity: { claims: { level: 2, plan: 'gold' } } });
  const text = explanationText(explanation, false);
  expect(text).toContain('claim level 2\n  claim plan "gold"\n');
  expect(text).toContain('miss identity claims.level equals "3"  identity claims.level = "2"');
});

test.each([
  '{ identity: claims.plan, in: [gold, silver], reason: apart }',
  '{ identity: claims.level, equals: 2, reason: apart }',
  '{ not: { identity: claims.staff, equals: true }, reason: apart }',
  '{ any: [{ identity: claims.tags, equals: a }, { identity: claims.plan, startsWith: go }], reason: apart }',
  '{ identity: claims.since, exists: true, reason: apart }',
  '{ param: t, equals: identity.claims.plan, reason: apart }',
])('--update proves %s', (when) => {
  const { proposals, text: written } = proposed(rules(when));
  expect(proposals.notFound).toEqual([]);
  expect(written).toContain('claimValues');
  const { report } = runTests(rules(when, written), true);
  expect([report.failed, report.coverage.uncovered, report.mutation?.survivors]).toEqual([0, [], []]);
});

describe('diff', () => {
  it.each([
    [
      'another text',
      '{ identity: claims.plan, equals: gold, reason: a }',
      '{ identity: claims.plan, equals: silver, reason: a }',
      ['newlyAllowed', 'newlyRefused'],
    ],
    [
      'one text more',
      '{ identity: claims.plan, in: [x], reason: a }',
      '{ identity: claims.plan, in: [x, y], reason: a }',
      ['newlyAllowed'],
    ],
    [
      'one number less',
      '{ identity: claims.level, in: [1, 2], reason: a }',
      '{ identity: claims.level, in: [1], reason: a }',
      ['newlyRefused'],
    ],
    [
      'the other truth',
      '{ identity: claims.staff, equals: true, reason: a }',
      '{ identity: claims.staff, equals: false, reason: a }',
      ['newlyAllowed', 'newlyRefused'],
    ],
    [
      'a lost "not"',
      '{ not: { identity: claims.tags, equals: a }, reason: a }',
      '{ identity: claims.tags, equals: a, reason: a }',
      ['newlyAllowed', 'newlyRefused'],
    ],
    [
      'the same',
      '{ identity: claims.level, in: [1, 2], reason: a }',
      '{ identity: claims.level, in: [2, 1.0], reason: b }',
      [],
    ],
  ])('%s', (_name, before, after, kinds) => {
    const differences = comparePolicies(policyOf(rules(before)), policyOf(rules(after)));
    const get = differences.filter(({ method }) => method === 'GET');
    expect(get.map(({ kind }) => kind)).toEqual(kinds);
    expect(get.every(({ witness }) => witness !== null && witness.identity !== null)).toBe(true);
  });
});

test('analysis finds what no claim can meet', () => {
  const find = (when: string) => findingsOf(rules(when)).map(({ code }) => code);
  const both = '{ identity: claims.level, equals: 1, reason: a }, { identity: claims.level, equals: 2, reason: b }';
  expect(find(both)).toContain('condition_unmeetable');
  expect(find('{ identity: claims.level, equals: 1, reason: a }')).not.toContain('condition_unmeetable');
  const lists = '{ identity: claims.tags, equals: a, reason: a }, { identity: claims.tags, equals: b, reason: b }';
  expect(find(lists)).not.toContain('condition_unmeetable');
});
