/** Conditions on numbers and on the time: how they are evaluated, what problems say, and how every tool treats them. */
import { expect, test } from 'vitest';
import type { Config } from '../../../src/config/config.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { decide } from '../../../src/core/decide.ts';
import type { Decision } from '../../../src/core/decision.ts';
import { isTimeStep, momentsFor } from '../../../src/policy-model/samples/moments.ts';
import { blank } from '../../../src/policy-model/samples/sample-identity.ts';
import { simulate } from '../../../src/policy-model/simulate.ts';
import { comparePolicies } from '../../../src/policy-tools/diff/compare-policies.ts';
import { mutationScore } from '../../../src/policy-tools/mutation-score.ts';
import { policyOf } from '../../../src/policy-tools/run-cases.ts';
import { findingsOf, proposed } from '../../support/tool-results.ts';
import { policy } from './policies.ts';

const rules = (rest: string) => `roles: { user: {} }
routes:
  - { id: list, match: { path: "/list/{n:int}" }, upstream: orders, access: [user], ${rest} }`;

const berlin = 'from: "08:00", to: "18:00", zone: Europe/Berlin';

function problemsOf(rest: string): readonly string[] {
  const read = parseConfig(
    `version: 1\nauthApi: { url: "http://a:1" }\nupstreams: { orders: { targets: ["http://o:1"] } }\n${rules(rest)}\n`,
    { file: 'gateway.yaml', env: {}, readSecret: () => '' },
  );
  return read.ok ? [] : read.problems.map(({ message }) => message);
}

function reasonOf(config: Config, target: string, time: string | null = null): string {
  const request = { method: 'GET', host: 'any.example', secure: true, target, headers: [], client: null };
  const identity = { ...blank, kind: 'bearer' as const, userId: 'ann', roles: ['user'] };
  const at = time === null ? null : Date.parse(time);
  const { view, resolution } = simulate({ ...request, time: at }, identity, config.credentials);
  const decision = decide(view, policyOf(config), () => resolution) as Decision;
  return decision.outcome === 'refuse' ? (decision.condition?.word ?? decision.reason) : decision.outcome;
}

test.each([
  ['lte: 100', ['0', '100', '-5', '99.5'], ['101', '100.5', '1e2', '+1', '01', '1.0', 'x', '']],
  ['lt: 100', ['99', '99.999'], ['100']],
  ['gte: 2.5', ['2.5', '3'], ['2.4', '2.50']],
  ['gt: 0', ['1', '0.1'], ['0', '-1', '-0']],
])('%s', (bound, good, bad) => {
  const config = policy(rules(`when: [{ query: limit, ${bound}, reason: limit }]`));
  for (const value of good) expect([value, reasonOf(config, `/list/1?limit=${value}`)]).toEqual([value, 'allow']);
  for (const value of bad) expect([value, reasonOf(config, `/list/1?limit=${value}`)]).toEqual([value, 'limit']);
  expect(reasonOf(config, '/list/1')).toBe('limit');
});

test.each([
  // Winter and summer time in Berlin.
  ['2027-01-04T07:00:00Z', true],
  ['2027-01-04T06:59:59Z', false],
  ['2027-01-04T17:00:00Z', false],
  ['2027-07-05T06:00:00Z', true],
  ['2027-07-05T05:59:59Z', false],
  // A Saturday.
  ['2027-01-09T09:00:00Z', false],
])('hours of weekdays in a zone: %s', (time, open) => {
  const config = policy(rules(`when: [{ time: { days: [mon, tue, wed, thu, fri], ${berlin} }, reason: closed }]`));
  expect(reasonOf(config, '/list/1', time)).toBe(open ? 'allow' : 'closed');
  expect(reasonOf(config, '/list/1')).toBe('closed');
});

test.each([
  ['2027-01-08T22:30:00Z', true],
  ['2027-01-09T05:30:00Z', true],
  ['2027-01-09T06:00:00Z', false],
  ['2027-01-09T22:30:00Z', false],
  ['2027-01-08T05:30:00Z', false],
])('hours over midnight belong to the day on which they start: %s', (time, open) => {
  const config = policy(
    rules('when: [{ time: { days: [fri], from: "22:00", to: "06:00", zone: UTC }, reason: closed }]'),
  );
  expect(reasonOf(config, '/list/1', time)).toBe(open ? 'allow' : 'closed');
});

test('a route is open for a limited time, and is reported after its end', () => {
  const config = policy(rules('notBefore: 2026-12-01T00:00:00Z, notAfter: 2027-01-31T00:00:00+01:00'));
  expect(reasonOf(config, '/list/1', '2026-11-30T23:59:59Z')).toBe('access_not_active');
  expect(reasonOf(config, '/list/1', '2026-12-01T00:00:00Z')).toBe('allow');
  expect(reasonOf(config, '/list/1', '2027-01-30T23:00:00Z')).toBe('access_not_active');
  const codes = (now: string) => findingsOf(config, Date.parse(now)).filter(({ place }) => place.kind === 'route');
  expect(codes('2027-01-30T22:00:00Z')).toEqual([]);
  expect(codes('2027-01-30T23:00:00Z')).toMatchObject([{ code: 'access_expired', place: { key: ['notAfter'] } }]);
});

test('many prefixes and a bound on one value are too many to examine', () => {
  const parts = [...'abcdefghijklmno'].map((letter) => `{ query: id, startsWith: ${letter} }`).join(', ');
  const config = policy(rules(`when: [{ any: [${parts}, { query: id, lt: 5 }], reason: r }]`));
  const wider = policy(rules(`when: [{ any: [${parts}, { query: id, lt: 6 }], reason: r }]`));
  const findings = findingsOf(config);
  expect(findings.map(({ code }) => code)).not.toContain('condition_always_met');
  const differences = comparePolicies(policyOf(config), policyOf(wider));
  expect(differences.map(({ kind }) => kind)).toContain('newlyAllowed');
});

test('times are computed once, however many routes share a window', () => {
  const [one, other] = ['18:00', '18:00'].map((to) => {
    const config = policy(rules(`when: [{ time: { to: "${to}", zone: UTC }, reason: r }]`));
    return config.routes.routes[0]!.conditions![0]!.steps.filter(isTimeStep);
  });
  expect(momentsFor(one!)).toBe(momentsFor(other!));
});

test('reports mistakes in numbers and times', () => {
  const when = (condition: string) => problemsOf(`when: [{ ${condition}, reason: r }]`);
  expect(when('query: limit, lte: many')).toEqual([
    'expected a number, such as 100 or 2.5, with at most 3 digits after the point',
  ]);
  expect(when('identity: userId, lte: 1')).toEqual(['identity.userId is not a number']);
  expect(when('query: limit, lte: 1, gte: 0')).toEqual(['"gte" cannot be combined with "lte"']);
  expect(when('time: { days: [mon] }')).toEqual(['the key "zone" is missing']);
  expect(when('time: { zone: Europe/Berlin }')).toEqual(['this is always']);
  expect(when('time: { days: [mon], zone: Europe/Berln }')).toEqual([
    'expected a time zone of the IANA database, such as Europe/Berlin',
  ]);
  expect(when('time: { from: "8:00", zone: UTC }')).toEqual(['expected a time of the day, such as "08:00"']);
  expect(when('time: { from: "08:00", to: "08:00", zone: UTC }')).toEqual(['these hours are empty']);
  expect(when('query: q, equals: a, time: { days: [mon], zone: UTC }')).toEqual([
    '"query" cannot be combined with "time"',
  ]);
  expect(problemsOf('notBefore: 2027-01-01T00:00:00Z, notAfter: 2026-01-01T00:00:00Z')).toEqual([
    'this is not after "notBefore", so the route is never open',
  ]);
  expect(problemsOf('notAfter: 2027-01-01')).toEqual([
    'expected a time with date and zone, such as 2026-12-01T00:00:00Z',
  ]);
});

test('reports conditions that no number or time meets, and those that all meet', () => {
  const codes = (when: string) =>
    findingsOf(policy(rules(`when: [${when}]`))).flatMap(({ code }) => (code.startsWith('condition') ? [code] : []));
  expect(codes('{ param: n, gte: 0, reason: r }')).toEqual(['condition_always_met']);
  expect(codes('{ param: n, lt: 0, reason: r }')).toEqual(['condition_unmeetable']);
  expect(codes('{ query: a, lt: 5, reason: r }, { query: a, lte: 7, reason: s }')).toEqual(['condition_shadowed']);
  expect(
    codes(`{ all: [{ time: { ${berlin} } }, { time: { from: "20:00", zone: Europe/Berlin } }], reason: r }`),
  ).toEqual(['condition_unmeetable']);
  // New York starts at 14:00 Berlin time, or at 13:00 for some weeks.
  expect(
    codes(
      `{ time: { from: "08:00", to: "13:30", zone: Europe/Berlin }, reason: r }, { time: { from: "08:00", to: "18:00", zone: America/New_York }, reason: s }`,
    ),
  ).toEqual([]);
});

test.each([
  ['when: [{ query: limit, lte: 100, reason: limit }, { param: n, gt: 2, reason: small }]'],
  [`when: [{ time: { days: [mon, fri], ${berlin} }, reason: closed }]`],
  ['notBefore: 2026-12-01T00:00:00Z, notAfter: 2027-01-31T00:00:00Z'],
])('proposes cases that detect every change: %s', (rest) => {
  const config = policy(rules(rest));
  const { proposals, text } = proposed(config);
  expect(proposals.notFound).toEqual([]);
  expect(mutationScore(config, proposals.cases).survivors.map((mutant) => mutant.words)).toEqual([]);
  if (rest.includes('time') || rest.includes('not')) expect(text).toContain('time: 20');
});

test('different bounds and hours are differences, equivalent ones are not', () => {
  const of = (rest: string) => policyOf(policy(rules(rest)));
  const kinds = (a: string, b: string) => [
    ...new Set(comparePolicies(of(a), of(b)).map(({ kind, possible }) => `${kind}${possible ? '?' : ''}`)),
  ];
  const q = (condition: string) => `when: [{ ${condition}, reason: r }]`;
  expect(kinds(q('query: a, lte: 7'), q('query: a, lt: 7'))).toEqual(['newlyRefused']);
  expect(kinds(q('param: n, lt: 8'), q('param: n, lte: 7'))).toEqual([]);
  expect(kinds(q('query: a, lt: 8'), q('query: a, lte: 7'))).toEqual(['newlyRefused']);
  expect(kinds(q(`time: { ${berlin} }`), q('time: { from: "08:00", to: "19:00", zone: Europe/Berlin }'))).toEqual([
    'newlyAllowed',
  ]);
  expect(kinds(q(`time: { ${berlin} }`), q(`time: { days: [sun, mon, tue, wed, thu, fri, sat], ${berlin} }`))).toEqual(
    [],
  );
  expect(kinds(q(`time: { ${berlin} }`), q('time: { from: "08:00", to: "18:00", zone: Europe/Paris }'))).toEqual([]);
  expect(
    kinds(q(`time: { ${berlin} }`), q('time: { from: "08:00", to: "18:00", zone: Europe/London }')).sort(),
  ).toEqual(['newlyAllowed', 'newlyRefused']);
  expect(kinds('notAfter: 2027-01-31T00:00:00Z', 'notAfter: 2027-02-28T00:00:00Z')).toEqual(['newlyAllowed']);
  const [shown] = comparePolicies(of('notAfter: 2027-01-31T00:00:00Z'), of('notAfter: 2027-02-28T00:00:00Z'));
  const at = shown?.witness?.request.time ?? 0;
  expect(at).toBeGreaterThanOrEqual(Date.parse('2027-01-31T00:00:00Z'));
  expect(at).toBeLessThan(Date.parse('2027-02-28T00:00:00Z'));
});
