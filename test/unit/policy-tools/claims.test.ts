/** Declared claims: in conditions, tests, headers, explanations, proposals, comparisons and records. */
import { describe, expect, it, test } from 'vitest';
import { explanationText } from '../../../src/cli/explain/explanation-text.ts';
import { sampleIdentity } from '../../../src/policy-model/samples/sample-identity.ts';
import { comparePolicies } from '../../../src/policy-tools/diff/compare-policies.ts';
import { policyOf } from '../../../src/policy-tools/run-cases.ts';
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
    ['one of several texts', 'identity: claims.plan, in: [silver, gold]', 'gold', 'plain'],
    ['a beginning', 'identity: claims.plan, startsWith: go', 'gold', 'plain'],
    ['a number in any notation', 'identity: claims.level, equals: 2.0', 'gold', 'plain'],
    ['true', 'identity: claims.staff, equals: true', 'gold', 'plain'],
    ['one of a list', 'identity: claims.tags, equals: b', 'gold', 'plain'],
    ['a number with a lower bound', 'identity: claims.level, gte: 2', 'gold', 'plain'],
    ['a number with an upper bound', 'identity: claims.level, lt: 2.001', 'gold', 'plain'],
    ['a time after another one', 'identity: claims.since, gt: 2026-01-02T02:04:05Z', 'gold', 'plain'],
    ['a time before another one', 'identity: claims.since, lte: 2026-01-02T03:04:06+01:00', 'gold', 'plain'],
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

test.each([
  ['a text', 'level: high', 'level, gte: 2'],
  ['a text of digits', 'level: "3"', 'level, gte: 2'],
  ['true', 'level: true', 'level, gte: 0'],
  ['nothing', 'plan: gold', 'level, lt: 5'],
  ['a day without a time', 'since: "2026-01-02"', 'since, gt: 2020-01-01T00:00:00Z'],
  ['milliseconds as a text', 'since: "1767319445000"', 'since, gt: 2020-01-01T00:00:00Z'],
])('%s meets no bound of a number or a time, and no negated bound', (_name, sent, bound) => {
  const name = bound.split(',', 1)[0];
  const field = name === 'level' ? `acr: { ${sent} }` : sent;
  const cases = `tests:
  identities: { odd: { claims: { userID: ann, roles: [], groups: [], sessionID: s1, ${field} } } }
  cases: [{ as: odd, request: GET /x, expect: refuse, reason: apart }]`;
  for (const condition of [`identity: claims.${bound}`, `not: { identity: claims.${bound} }`]) {
    const { report } = runTests(rules(`{ ${condition}, reason: apart }`, cases), false);
    expect(report.cases.map(({ faults }) => faults)).toEqual([[]]);
  }
});

test('a number claim is compared in any notation', () => {
  const reasonOf = (level: number) =>
    explained(
      rules('{ identity: claims.level, lt: 1, reason: apart }'),
      { target: '/x' },
      { ...sampleIdentity, claims: { level } },
    ).reason;
  expect(reasonOf(1e-9)).toBeNull();
  expect(reasonOf(2 ** 53 - 1)).toBe('condition_failed');
});

test('explain shows times of claims as times', () => {
  const config = rules('{ identity: claims.since, gt: 2026-01-01T00:00:00+01:00, reason: apart }');
  const explanation = explained(
    config,
    { target: '/x' },
    { ...sampleIdentity, claims: { since: Date.UTC(2025, 0, 1) } },
  );
  expect(explanationText(explanation, false)).toContain(
    'identity claims.since is more than 2025-12-31T23:00:00Z  identity claims.since = "2025-01-01T00:00:00Z"',
  );
});

test('reports mistakes in bounds of claims', () => {
  const problem = (condition: string) => {
    try {
      rules(`{ ${condition}, reason: apart }`);
    } catch (error) {
      return (error as Error).message;
    }
    return null;
  };
  expect(problem('identity: claims.since, gt: 5')).toBe('13: a claim of type time must be compared with a time');
  expect(problem('identity: claims.level, gt: 2026-01-01T00:00:00Z')).toBe(
    '13: only a claim of type time can be compared with a time',
  );
  expect(problem('query: q, gt: 2026-01-01T00:00:00Z')).toBe(
    '13: only a claim of type time can be compared with a time',
  );
  expect(problem('identity: claims.plan, gt: 1')).toBe('13: "gt" does not fit a claim of type string');
});

test('a claim of another type than declared is not treated as absent', () => {
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

test('services receive claims: texts unchanged, lists with commas, times in Unix seconds; absent ones are omitted', () => {
  const headers = 'x-plan: gold, x-level: "2", x-tags: "a,b", x-since: "1767319445"';
  const none = 'x-plan: null, x-level: null, x-tags: null, x-since: null';
  const cases = `{ as: gold, request: GET /x, headers: { X-Plan: forged }, expect: allow, upstreamHeaders: { ${headers} } },
    { as: plain, request: GET /x, headers: { X_Plan: forged }, expect: allow, upstreamHeaders: { ${none}, x_plan: null } }`;
  const { report } = runTests(rules('{ param: t, equals: x, reason: apart }', suite(cases)), false);
  expect(report.cases.map(({ faults }) => faults)).toEqual([[], []]);
});

test('explain shows the claims of the identity and the values that a condition compared', () => {
  const config = rules('{ identity: claims.level, equals: 3, reason: apart }');
  const explanation = explained(config, { target: '/x' }, { ...sampleIdentity, claims: { level: 2, plan: 'gold' } });
  expect(explanation).toMatchObject({ reason: 'condition_failed', identity: { claims: { level: 2, plan: 'gold' } } });
  const text = explanationText(explanation, false);
  expect(text).toContain('claim level 2\n  claim plan "gold"\n');
  expect(text).toContain('false identity claims.level equals "3"  identity claims.level = "2"');
});

test.each([
  '{ identity: claims.plan, in: [gold, silver], reason: apart }',
  '{ identity: claims.level, equals: 2, reason: apart }',
  '{ not: { identity: claims.staff, equals: true }, reason: apart }',
  '{ any: [{ identity: claims.tags, equals: a }, { identity: claims.plan, startsWith: go }], reason: apart }',
  '{ identity: claims.since, exists: true, reason: apart }',
  '{ param: t, equals: identity.claims.plan, reason: apart }',
  '{ identity: claims.level, gte: 2, reason: apart }',
  '{ all: [{ identity: claims.level, gt: 1.5 }, { identity: claims.level, lt: 9 }], reason: apart }',
  '{ identity: claims.since, lt: 2026-01-01T00:00:00Z, reason: apart }',
  '{ not: { identity: claims.since, gte: 2026-01-01T00:00:00Z }, reason: apart }',
])('--update tests %s', (when) => {
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
      'one more text',
      '{ identity: claims.plan, in: [x], reason: a }',
      '{ identity: claims.plan, in: [x, y], reason: a }',
      ['newlyAllowed'],
    ],
    [
      'one number fewer',
      '{ identity: claims.level, in: [1, 2], reason: a }',
      '{ identity: claims.level, in: [1], reason: a }',
      ['newlyRefused'],
    ],
    [
      'the other boolean',
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
      'another bound',
      '{ identity: claims.level, gte: 2, reason: a }',
      '{ identity: claims.level, gt: 2, reason: a }',
      ['newlyRefused'],
    ],
    [
      'a later time',
      '{ identity: claims.since, lt: 2026-01-01T00:00:00Z, reason: a }',
      '{ identity: claims.since, lt: 2026-01-01T00:00:01Z, reason: a }',
      ['newlyAllowed'],
    ],
    [
      'the same time in two zones',
      '{ identity: claims.since, lt: 2026-01-01T00:00:00Z, reason: a }',
      '{ identity: claims.since, lt: 2026-01-01T01:00:00+01:00, reason: b }',
      [],
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

test('analysis finds conditions that no claim can meet', () => {
  const find = (when: string) => findingsOf(rules(when)).map(({ code }) => code);
  const both = '{ identity: claims.level, equals: 1, reason: a }, { identity: claims.level, equals: 2, reason: b }';
  expect(find(both)).toContain('condition_unmeetable');
  expect(find('{ identity: claims.level, equals: 1, reason: a }')).not.toContain('condition_unmeetable');
  const bounds =
    '{ identity: claims.since, gt: 2026-01-02T00:00:00Z, reason: a }, { identity: claims.since, lt: 2026-01-01T00:00:00Z, reason: b }';
  expect(find(bounds)).toContain('condition_unmeetable');
  expect(find('{ identity: claims.since, gt: 2026-01-02T00:00:00Z, reason: a }')).not.toContain('condition_unmeetable');
  const lists = '{ identity: claims.tags, equals: a, reason: a }, { identity: claims.tags, equals: b, reason: b }';
  expect(find(lists)).not.toContain('condition_unmeetable');
});
