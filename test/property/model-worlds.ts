/**
 * The model of requests and identities against the gateway: what it calls impossible is never decided, whatever a source returns, and its
 * examples are decided as it says, by identities that the source can return.
 */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { decide } from '../../src/core/decide.ts';
import type { Decision } from '../../src/core/decision.ts';
import type { Authentication } from '../../src/core/identity/authentication.ts';
import type { Identity } from '../../src/core/identity/identity.ts';
import { readIdentity } from '../../src/core/identity/read-fields.ts';
import type { PolicyModel } from '../../src/policy-model/authentications.ts';
import { canShow, type Effect, examplesOf } from '../../src/policy-model/effects.ts';
import { rulesOf } from '../../src/policy-model/route-of-method.ts';
import { type SimulatedRequest, simulate } from '../../src/policy-model/simulate.ts';
import { policyOf, wordOf } from '../../src/policy-tools/run-cases.ts';

const texts = ['x', 'x/y', 'a,b', 'A', 'k1', 'x ', '7', 'x-1', 'p:x'] as const;
const text = fc.constantFrom(...texts);
const field = (path: string) => fc.constantFrom<unknown>(false, path, { path, optional: true });
const sourceOf = fc.record({
  kind: fc.constantFrom('authApi', 'introspection', 'userinfo', 'jwt'),
  userPrefix: fc.constantFrom('', '', 'p:'),
  fields: fc.record({
    keyId: fc.oneof(field('k'), fc.constant({ value: 'k1' })),
    sessionId: field('s'),
    groups: fc.oneof(field('g'), fc.constant({ value: ['x'] })),
    roles: fc.oneof(field('r'), fc.constant({ value: ['user'] })),
    authenticatedAt: field('at'),
    claims: fc.record({ plan: field('plan'), level: field('level'), tags: field('tags') }),
  }),
});

const subject = fc.constantFrom(
  { param: 'id' },
  { param: 'id' },
  { query: 'q' },
  { header: 'x-h' },
  ...['userId', 'source', 'kind', 'groups', 'keyId', 'keyId', 'sessionId', 'claims.plan', 'claims.tags'].map(
    (identity) => ({ identity }),
  ),
);
const comparison = fc
  .tuple(
    subject,
    fc.oneof(
      { weight: 4, arbitrary: text.map((equals) => ({ equals })) },
      { weight: 2, arbitrary: fc.tuple(text, text).map((list) => ({ in: [...new Set(list)] })) },
      { weight: 2, arbitrary: text.map((startsWith) => ({ startsWith })) },
      { weight: 1, arbitrary: fc.boolean().map((exists) => ({ exists })) },
      {
        weight: 1,
        arbitrary: fc.constantFrom('keyId', 'userId', 'claims.plan').map((of) => ({ equals: `identity.${of}` })),
      },
    ),
  )
  .map(([one, other]) => ({ ...one, ...other }) as object);
const condition = fc.oneof(
  { weight: 8, arbitrary: comparison },
  {
    weight: 1,
    arbitrary: fc.constantFrom('bearer', 'keyPair', 'apiKey').map((equals) => ({ identity: 'kind', equals })),
  },
  { weight: 1, arbitrary: fc.constantFrom({ identity: 'claims.level', gt: 5 }, { identity: 'claims.level', lt: 7 }) },
);
const entry = fc.oneof(
  condition,
  condition.map((not) => ({ not })),
  fc.tuple(condition, condition).map((all) => ({ all })),
  fc.tuple(condition, condition).map((any) => ({ any })),
);
const world = fc
  .record({
    source: sourceOf,
    path: fc.constantFrom('/a/{id}', '/a/{id:slug}', '/a/x-{id:int}', '/a/{id}.json'),
    access: fc.constantFrom<unknown>('authenticated', ['user'], 'optional', { none: ['user'] }),
    when: fc.array(entry, { minLength: 1, maxLength: 2 }),
    policy: fc.constantFrom(null, null, { param: 'all', equals: 'x' }, { param: 'all', startsWith: 'x-' }),
  })
  .map(configOf)
  .filter((config) => config !== null);

/** Null: invalid. */
function configOf(of: {
  source: { kind: string; userPrefix: string; fields: object };
  path: string;
  access: unknown;
  when: readonly object[];
  policy: object | null;
}): Config | null {
  const { kind, userPrefix, fields } = of.source;
  const common = { userPrefix, fields: { ...fields, userId: 'sub' } };
  const url = 'http://127.0.0.1:9';
  const source = {
    introspection: { kind, url, client: { id: 'g', secret: 'a-secret-of-the-client-0123456789' }, ...common },
    userinfo: { kind, url, ...common },
    jwt: { kind, issuer: 'https://id.example.test', audience: ['a'], ...common },
  }[kind];
  const file = {
    version: 1,
    ...(source === undefined ? { authApi: { url, ...common } } : { sources: { id: source } }),
    credentials: kind === 'authApi' || kind === 'jwt' ? {} : { apiKey: { prefix: 'key_' }, keyPair: false },
    identity: {
      claims: {
        plan: { field: 'plan', type: 'string' },
        level: { field: 'level', type: 'number' },
        tags: { field: 'tags', type: 'list' },
      },
    },
    conditions: { headers: { 'x-h': 'any' } },
    roles: { user: {} },
    upstreams: { s: { targets: [url] } },
    policies:
      of.policy === null
        ? []
        : [{ id: 'p', match: { path: '/a/{all}/**' }, when: [{ ...of.policy, reason: 'of_policy' }] }],
    routes: [
      {
        id: 'a',
        match: { path: of.path },
        upstream: 's',
        access: of.access,
        when: of.when.map((one, at) => ({ ...one, reason: `word_${at}` })),
      },
    ],
  };
  const read = parseConfig(JSON.stringify(file), { file: 'random', env: {}, readSecret: () => '' });
  return read.ok ? read.config : null;
}

const segments = fc.oneof(
  text.map(encodeURIComponent),
  text.map((one) => `x-${encodeURIComponent(one)}`),
  text.map((one) => `${encodeURIComponent(one)}.json`),
  fc.constantFrom('%FF', 'other'),
);
const some = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined });
const requests = fc.record({
  segment: segments,
  query: fc.oneof(
    text.map((one) => `?q=${encodeURIComponent(one)}`),
    fc.constantFrom('', '?q=1&q=2'),
  ),
  headers: fc.oneof(
    text.map((one) => ['x-h', one]),
    fc.constant([]),
  ),
  json: fc.option(
    fc.record({
      sub: fc.constantFrom('u', 'x', 'A', 'k1'),
      k: some(text),
      s: some(text),
      g: some(fc.subarray([...texts])),
      r: some(fc.subarray(['user', 'other'])),
      at: some(fc.constant(1_700_000_000)),
      plan: some(fc.oneof<fc.Arbitrary<unknown>[]>(text, fc.constant(7))),
      level: some(fc.constantFrom<unknown>(3, 6, 9, 'x')),
      tags: some(fc.subarray([...texts])),
    }),
    { freq: 8 },
  ),
  by: fc.nat(),
});

/** As the source reads it; null: it returns no identity. */
function read(json: object, { kind, acceptedBy: source, users, fields }: Authentication): Identity | null {
  const found = readIdentity(json, {
    ...{ source, users, kind, fractions: true, settings: 's' },
    fields: { ...fields, expireAt: null },
    events: { claimUnreadable: () => {} },
  });
  return 'identity' in found ? found.identity : null;
}

function decided(request: SimulatedRequest, identity: Identity | null, policy: PolicyModel): Decision {
  const { view, resolution } = simulate(request, identity, policy.credentials);
  return decide(view, policy, () => resolution) as Decision;
}

function requestFor(target: string, headers: readonly string[]): SimulatedRequest {
  return { method: 'GET', host: 'a.test', secure: true, target, headers, client: null };
}

/** JSON for which the source returns such an identity, and fields that it requires. */
function jsonOf(
  { userId, keyId, sessionId, groups, roles, claims }: Identity,
  { users, fields }: Authentication,
): object {
  const isRequired = (name: string) => {
    const rules = { k: fields.keyId, s: fields.sessionId, at: fields.authenticatedAt };
    const rule = Object.hasOwn(rules, name)
      ? rules[name as keyof typeof rules]
      : (fields.claims.find((claim) => claim.name === name)?.rule ?? null);
    return rule !== null && 'optional' in rule && !rule.optional;
  };
  const usual = { k: 'a-key', s: 'a-session', at: 1_700_000_000, plan: 'gold', level: 1, tags: [] };
  const required = Object.entries(usual).filter(([name]) => isRequired(name));
  const read = Object.entries(claims).map(([name, value]) => [name, value ?? { of: 'another type' }]);
  return {
    ...{ sub: userId.slice(users.prefix.length), g: groups, r: roles },
    ...Object.fromEntries(required),
    ...(keyId === null ? {} : { k: keyId }),
    ...(sessionId === null ? {} : { s: sessionId }),
    ...Object.fromEntries(read),
  };
}

function allows(decision: Decision, effect: Effect): boolean {
  return effect.kind === 'allows'
    ? decision.outcome === 'allow'
    : wordOf(decision) === (effect as { word?: string }).word;
}

const words = ['word_0', 'word_1', 'of_policy', 'role_missing', 'role_forbidden', 'credential_missing'];
const effects: readonly Effect[] = [
  { kind: 'allows', whom: 'anybody' },
  ...words.map((word): Effect => ({ kind: 'refuses', word })),
];

export function neverHappens(numRuns: number): void {
  const seen = { impossible: 0, reached: 0 };
  fc.assert(
    fc.property(world, fc.array(requests, { minLength: 60, maxLength: 60 }), (config, all) => {
      const policy = policyOf(config);
      const [route] = config.routes.routes;
      const [[, rule]] = rulesOf(route!) as [[string, Parameters<typeof canShow>[1]]];
      const impossible = effects.filter((effect) => !canShow(route!, rule, effect, policy));
      seen.impossible += impossible.length;
      for (const { segment, query, headers, json, by } of all) {
        const way = policy.authentications[by % policy.authentications.length];
        const identity = json === null || way === undefined ? null : read(json, way);
        const decision = decided(requestFor(`/a/${segment}${query}`, headers), identity, policy);
        if (decision.route === null) continue;
        seen.reached += 1;
        const wrong = impossible.find((effect) => allows(decision, effect));
        if (wrong !== undefined)
          expect.fail(`${JSON.stringify({ wrong, segment, query, headers, identity, when: route!.conditions })}`);
      }
    }),
    { numRuns },
  );
  expect(seen.impossible).toBeGreaterThan(numRuns / 2);
  expect(seen.reached).toBeGreaterThan(numRuns);
}

export function examplesHold(numRuns: number): void {
  const seen = { shown: 0, notShown: 0 };
  fc.assert(
    fc.property(world, (config) => {
      const policy = policyOf(config);
      const [route] = config.routes.routes;
      const [[, rule]] = rulesOf(route!) as [[string, Parameters<typeof canShow>[1]]];
      const path = route!.pattern.path.replace(/\{id[^}]*\}/, '1');
      for (const effect of effects) {
        if (!canShow(route!, rule, effect, policy)) {
          expect([...examplesOf(route!, rule, effect, policy, path)]).toEqual([]);
          continue;
        }
        const shown = [...examplesOf(route!, rule, effect, policy, path)].find(({ target, headers, identity }) =>
          allows(decided(requestFor(target, headers), identity, policy), effect),
        );
        seen[shown === undefined ? 'notShown' : 'shown'] += 1;
        if (shown?.identity == null) continue;
        const { kind, acceptedBy } = shown.identity;
        const way = policy.authentications.find((one) => one.kind === kind && one.acceptedBy === acceptedBy)!;
        const json = jsonOf(shown.identity, way);
        const identity = read(json, way);
        expect(identity, JSON.stringify(json)).not.toBeNull();
        const decision = decided(requestFor(shown.target, shown.headers), identity, policy);
        if (!allows(decision, effect)) expect.fail(JSON.stringify({ effect, json, shown, when: route!.conditions }));
      }
    }),
    { numRuns },
  );
  expect(seen.shown).toBeGreaterThan(numRuns);
  expect(seen.notShown).toBeLessThan(seen.shown / 4);
}
