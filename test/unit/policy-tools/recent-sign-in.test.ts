/** `maxAuthAge`: what problems say, how it is evaluated and explained, and how every tool treats it. */
import { expect, test } from 'vitest';
import { diffReport } from '../../../src/cli/diff/diff-report.ts';
import type { Config } from '../../../src/config/config.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { decide } from '../../../src/core/decide.ts';
import type { Decision } from '../../../src/core/decision.ts';
import { describeRoutes } from '../../../src/core/routing/describe-routes.ts';
import { sampleIdentity } from '../../../src/policy-model/samples/sample-identity.ts';
import { simulate } from '../../../src/policy-model/simulate.ts';
import { comparePolicies } from '../../../src/policy-tools/diff/compare-policies.ts';
import { mutationScore } from '../../../src/policy-tools/mutation-score.ts';
import { readsOf, recordOf } from '../../../src/policy-tools/replay/decision-record.ts';
import { Replay } from '../../../src/policy-tools/replay/replay-decisions.ts';
import { policyOf } from '../../../src/policy-tools/run-cases.ts';
import { runTests } from '../../../src/policy-tools/test-report.ts';
import { explained, findingsOf, proposed } from '../../support/tool-results.ts';
import { policy } from './policies.ts';

const now = Date.parse('2026-12-01T09:00:00Z');
const minute = 60_000;

const route = (rest: string) => `  - { id: one, match: { path: /one }, upstream: orders, access: [user], ${rest} }`;
const rules = (rest: string) => `roles: { user: {} }\nroutes:\n${route(rest)}\n`;

function problemsOf(text: string): readonly string[] {
  const read = parseConfig(
    `version: 1\nauthApi: { url: "http://a:1" }\nupstreams: { orders: { targets: ["http://o:1"] } }\n${text}\n`,
    { file: 'gateway.yaml', env: {}, readSecret: () => '' },
  );
  return read.ok ? [] : read.problems.map(({ message }) => message);
}

interface Asked {
  readonly method?: string;
  readonly ageMs?: number | null;
  readonly nowMs?: number | null;
}

function simulated(config: Config, { method = 'GET', ageMs = null, nowMs = now }: Asked) {
  const request = { method, host: 'any.example', secure: true, target: '/one', headers: [], client: null };
  const authenticatedAtMs = ageMs === null ? null : now - ageMs;
  return simulate(
    { ...request, time: nowMs },
    { ...sampleIdentity, roles: ['user'], authenticatedAtMs },
    config.credentials,
  );
}

function decided(config: Config, asked: Asked): Decision {
  const { view, resolution } = simulated(config, asked);
  return decide(view, policyOf(config), () => resolution) as Decision;
}

const reasonOf = (config: Config, asked: Asked) => decided(config, asked).reason;

test('a sign-in up to the limit is recent, and an unknown one never is', () => {
  const config = policy(rules('maxAuthAge: 15m'));
  expect(reasonOf(config, { ageMs: 15 * minute })).toBeNull();
  expect(reasonOf(config, { ageMs: 15 * minute + 1 })).toBe('sign_in_too_old');
  expect(reasonOf(config, { ageMs: null })).toBe('sign_in_too_old');
  expect(reasonOf(config, { ageMs: 0, nowMs: null })).toBe('sign_in_too_old');
  // Clocks differ, but not by hours.
  expect(reasonOf(config, { ageMs: -minute })).toBeNull();
  expect(reasonOf(config, { ageMs: -minute - 1 })).toBe('sign_in_too_old');
});

test('a cached identity is checked by the clock at each decision', () => {
  const config = policy(rules('maxAuthAge: 15m'));
  const { view, resolution } = simulated(config, { ageMs: 0 });
  const at = (nowMs: number) => decide({ ...view, now: () => nowMs }, policyOf(config), () => resolution) as Decision;
  expect(at(now + 15 * minute).outcome).toBe('allow');
  expect(at(now + 16 * minute).reason).toBe('sign_in_too_old');
});

test('a route without it has no such condition to evaluate', () => {
  const [compiled] = policy(
    'roles: { user: {} }\nroutes:\n  - { id: one, match: { path: /one }, upstream: orders, access: [user] }',
  ).routes.routes;
  expect(compiled!.conditions).toBeNull();
});

test.each([
  ['GET', '*', true],
  ['GET', 'POST', false],
])('by method: %s with %s', (method, key, refused) => {
  const config = policy(rules(`maxAuthAge: { "${key}": 15m }`));
  expect(reasonOf(config, { method, ageMs: null })).toBe(refused ? 'sign_in_too_old' : null);
});

test('reports mistakes', () => {
  const of = (access: string, rest: string) =>
    problemsOf(
      `roles: { user: {} }\nroutes:\n  - { id: one, match: { path: /one }, upstream: orders, access: ${access}, ${rest} }`,
    );
  expect(of('public', 'maxAuthAge: 15m')).toEqual(['"maxAuthAge" has no meaning here: no rule requires a credential']);
  expect(of('deny', 'maxAuthAge: 15m')).toEqual(['"maxAuthAge" has no meaning here: no rule requires a credential']);
  expect(of('optional', 'maxAuthAge: 15m')).toEqual([
    '"maxAuthAge" refuses callers without a credential, whom "optional" allows',
  ]);
  expect(of('{ GET: public, PUT: [user] }', 'maxAuthAge: { GET: 15m }')).toEqual([
    'there is no sign-in with GET, whose rule is "public"',
  ]);
  expect(of('{ GET: [user] }', 'maxAuthAge: { PUT: 15m }')).toEqual(['this route does not accept PUT']);
  expect(of('[user]', 'maxAuthAge: 0s')).toEqual(['at least 1s']);
  expect(of('[user]', 'maxAuthAge: soon')).toHaveLength(1);
  expect(of('{ GET: optional, PUT: [user] }', 'maxAuthAge: { PUT: 15m }')).toEqual([]);
  expect(
    problemsOf(`policies: [{ id: p, match: { path: "/**" }, maxAuthAge: 5m }]
routes: [{ id: one, match: { path: /one }, upstream: orders, access: public }]`),
  ).toEqual(['the policy "p" compares the identity, and no credential is read here']);
});

test('explanations show when the user signed in', () => {
  const config = policy(rules('maxAuthAge: { PUT: 5m, "*": 15m }'));
  const user = { ...sampleIdentity, roles: ['user'], authenticatedAtMs: now - 20 * minute };
  const explanation = explained(config, { target: '/one', time: now }, user);
  expect(explanation).toMatchObject({ status: 401, reason: 'sign_in_too_old', condition: null });
  expect(explanation.challenges).toEqual([
    'Bearer realm="rolegate", error="insufficient_user_authentication", max_age="900"',
  ]);
  expect(explanation.identity?.signedInAt).toBe('2026-12-01T08:40:00Z');
  const [, others] = explanation.conditions;
  expect(explanation.conditions.map(({ applies }) => applies)).toEqual([false, true]);
  expect(others).toMatchObject({ words: 'signed in within 15m (not PUT)', truth: 'unmet', passed: false });
  expect(others!.steps[0]!.compared).toEqual([
    { name: 'sign-in', value: '2026-12-01T08:40:00Z', why: null },
    { name: 'time', value: '2026-12-01T09:00:00Z', why: null },
  ]);
  const [described] = describeRoutes(config.routes);
  expect(described?.when?.map(({ condition }) => condition)).toEqual([
    'signed in within 5m (PUT only)',
    'signed in within 15m (not PUT)',
  ]);
});

test('the limits of a policy and a route below it both apply, and only a redundant one is reported', () => {
  const of = (ofPolicy: string, ofRoute: string) =>
    findingsOf(
      policy(
        `policies: [{ id: p, match: { path: "/**" }, access: authenticated, maxAuthAge: ${ofPolicy} }]\n${rules(`maxAuthAge: ${ofRoute}`)}`,
      ),
    ).flatMap(({ code, subject, place }) => (code.startsWith('condition') ? [{ code, subject, place }] : []));
  expect(of('15m', '5m')).toEqual([]);
  expect(of('5m', '15m')).toEqual([
    { code: 'condition_shadowed', subject: 'one', place: { kind: 'route', index: 0, key: ['maxAuthAge'] } },
  ]);
});

test('is reported without a source that provides the sign-in time', () => {
  const of = (fields: string) => {
    const text = `version: 1\nauthApi: { url: "http://a:1", fields: ${fields} }\nupstreams: { orders: { targets: ["http://o:1"] } }\n`;
    const read = parseConfig(text + rules('maxAuthAge: 15m'), { file: 'gateway.yaml', env: {}, readSecret: () => '' });
    return read.ok ? findingsOf(read.config).filter(({ code }) => code === 'sign_in_unknown') : null;
  };
  expect(of('{}')).toEqual([]);
  expect(of('{ authenticatedAt: false }')).toMatchObject([{ place: { kind: 'route', index: 0, key: ['maxAuthAge'] } }]);
});

test.each([
  ['maxAuthAge: 15m'],
  ['maxAuthAge: { DELETE: 5m, "*": 1h }'],
  ['maxAuthAge: 15m, when: [{ query: tenant, equals: acme, reason: tenant }]'],
  ['maxAuthAge: 15m, when: [{ time: { days: [mon], from: "08:00", to: "18:00", zone: UTC }, reason: closed }]'],
  ['maxAuthAge: 15m, signIn: { url: /sign-in }'],
])('proposes cases that detect every change: %s', (rest) => {
  const config = policy(rules(rest));
  const { proposals, text } = proposed(config);
  expect(proposals.notFound).toEqual([]);
  const { survivors, mutants } = mutationScore(config, proposals.cases);
  expect(survivors.map((mutant) => mutant.words)).toEqual([]);
  expect(mutants).toBeGreaterThan(4);
  expect(text).toContain('authenticatedAt: 2027-01-0');
  // A proposed case parses to the same values.
  expect(problemsOf(`${rules(rest)}${text}`)).toEqual([]);
});

test('tests without a sign-in near the limits miss changes to them', () => {
  const tests = `tests:
  identities: { ann: { roles: [user], authenticatedAt: 2026-12-01T08:59:00Z }, bob: { roles: [user] } }
  cases:
    - { as: ann, request: GET /one, time: 2026-12-01T09:00:00Z, expect: allow }
    - { as: bob, request: GET /one, time: 2026-12-01T09:00:00Z, expect: refuse, reason: sign_in_too_old }
`;
  const config = policy(`${rules('maxAuthAge: 15m')}${tests}`);
  const { results } = runTests(config, false);
  expect(results.every(({ faults }) => faults.length === 0)).toBe(true);
  const { survivors } = mutationScore(
    config,
    results.map(({ prepared }) => prepared),
  );
  expect(survivors.map(({ words }) => words)).toEqual(
    expect.arrayContaining([
      'the condition sign_in_too_old accepts only sign-ins half as old',
      'the condition sign_in_too_old accepts sign-ins twice as old',
    ]),
  );
});

test('other limits are differences, equivalent ones are not', () => {
  const of = (rest: string) => policy(rules(rest));
  const kinds = (a: string, b: string) => [
    ...new Set(
      comparePolicies(policyOf(of(a)), policyOf(of(b))).map(({ kind, possible }) => `${kind}${possible ? '?' : ''}`),
    ),
  ];
  expect(kinds('maxAuthAge: 15m', 'maxAuthAge: 16m')).toEqual(['newlyAllowed']);
  expect(kinds('maxAuthAge: 15m', 'maxAuthAge: 900s')).toEqual([]);
  expect(kinds('maxAuthAge: 15m', 'maxVerdictAge: 5s')).toEqual(['newlyAllowed']);
  expect(kinds('maxAuthAge: 15m', 'maxAuthAge: { "*": 15m }')).toEqual([]);
  expect(kinds('maxAuthAge: 15m', 'maxAuthAge: { GET: 15m, "*": 14m }')).toEqual(['newlyRefused']);
  const differences = comparePolicies(policyOf(of('maxAuthAge: 15m')), policyOf(of('maxAuthAge: 16m')));
  const report = diffReport(differences, []);
  expect(report.newlyAllowed[0]?.exampleBy).toMatch(/signed in 2027-01-04T08:4\d/);
});

test('a record contains the sign-in time if rules use it, and replay needs it', () => {
  const [before, after] = [policy(rules('maxAuthAge: 15m')), policy(rules('maxAuthAge: 5m'))];
  const { view, resolution } = simulated(before, { ageMs: 10 * minute });
  const decision = decide(view, policyOf(before), () => resolution) as Decision;
  const record = (reads: ReturnType<typeof readsOf>) =>
    recordOf({ view, decision, credential: null, resolution }, policyOf(before), reads, now)!;
  const counts = (reads: ReturnType<typeof readsOf>) => {
    const replay = new Replay(policyOf(before), policyOf(after));
    replay.add(record(reads), reads);
    return replay.report(0).counts;
  };
  const reads = readsOf(before.routes.routes);
  expect(reads).toMatchObject({ signIn: true });
  expect(record(reads).identity).toMatchObject({ authenticatedAtMs: now - 10 * minute });
  expect(counts(reads)).toMatchObject({ newly_refused: 1 });
  const { signIn: _, ...without } = reads;
  expect(record(without).identity).not.toHaveProperty('authenticatedAtMs');
  expect(counts(without)).toMatchObject({ undecided: 1 });
});
