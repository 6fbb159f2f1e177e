/** Random sources, with a route and a policy, and random requests to them by users of the source. */
import fc from 'fast-check';
import type { Config } from '../../src/config/config.ts';
import { parseConfig } from '../../src/config/parse-config.ts';

const texts = ['x', 'x/y', 'a,b', 'A', 'k1', 'x ', '7', 'x-1', 'p:x'] as const;
const text = fc.constantFrom(...texts);
const field = (path: string) => fc.constantFrom<unknown>(false, path, { path, optional: true });
const sourceOf = fc.record({
  kind: fc.constantFrom<string>('authApi', 'introspection', 'userinfo', 'jwt'),
  userPrefix: fc.constantFrom('', '', 'p:'),
  roles: fc.constantFrom(undefined, undefined, ['user'], ['extra'], ['user', 'extra'], ['ed']),
  fields: fc.record({
    keyId: fc.oneof(field('k'), fc.constant({ value: 'k1' })),
    sessionId: field('s'),
    groups: fc.oneof(field('g'), fc.constantFrom({ value: ['x'] }, { value: ['x', 'k1'] })),
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
  { weight: 1, arbitrary: fc.constant({ param: 'id', equals: 'A' }) },
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
const access = fc.constantFrom<unknown>(
  'authenticated',
  ['user'],
  'optional',
  { none: ['user'] },
  ['extra'],
  { none: ['extra'] },
  { all: ['user'], none: ['extra'] },
  { all: ['user', 'extra'] },
  ['ed'],
  { none: ['ed'] },
);
const when = fc.array(entry, { minLength: 1, maxLength: 2 });
const policy = fc.constantFrom(null, null, { param: 'all', equals: 'x' }, { param: 'all', startsWith: 'x-' });
const parts = fc.record({
  source: sourceOf,
  /** What the derived role follows from. */
  extra: fc.constantFrom<object>(
    { field: 'roles', equals: 'user' },
    { field: 'groups', equals: 'x' },
    { field: 'kind', equals: 'bearer' },
  ),
  path: fc.constantFrom('/a/{id}', '/a/{id:slug}', '/a/x-{id:int}', '/a/{id}.json', '/a/x;y', '/a/x%2Fy'),
  access,
  when,
  policy,
});
type Parts = typeof parts extends fc.Arbitrary<infer T> ? T : never;

export const world = parts.map(configOf).filter((config) => config !== null);

/** Two configurations of one source: their rules differ. */
export const pair = fc
  .tuple(parts, fc.record({ access, when, policy }, { requiredKeys: [] }))
  .map(([before, change]) => [configOf(before), configOf({ ...before, ...change })] as const)
  .filter((both): both is readonly [Config, Config] => both.every((config) => config !== null));

/** Null: invalid. */
function configOf(of: Parts): Config | null {
  const { kind, userPrefix, roles, fields } = of.source;
  const common = { userPrefix, fields: { ...fields, userId: 'sub' }, ...(roles === undefined ? {} : { roles }) };
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
    roles: { user: {}, extra: { from: of.extra }, ed: { scopedBy: 'id' } },
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
        path: { semicolon: 'keep', encodedSlash: 'keep' },
        access: of.access,
        when: of.when.map((one, at) => ({ ...withParam(one, of.path), reason: `word_${at}` })),
      },
    ],
  };
  const read = parseConfig(JSON.stringify(file), { file: 'random', env: {}, readSecret: () => '' });
  return read.ok ? read.config : null;
}

/** A path without the parameter has conditions on a header instead. */
function withParam(condition: object, path: string): object {
  const text = JSON.stringify(condition);
  return JSON.parse(path.includes('{id') ? text : text.replaceAll('"param":"id"', '"header":"x-h"')) as object;
}

const segments = fc.oneof(
  text.map(encodeURIComponent),
  text.map((one) => `x-${encodeURIComponent(one)}`),
  text.map((one) => `${encodeURIComponent(one)}.json`),
  fc.constantFrom('%FF', 'other', 'a', 'x;y', 'x%2Fy'),
);
const some = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined });
export const requests = fc.record({
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
      r: some(fc.subarray(['user', 'other', 'extra', 'x:ed'])),
      at: some(fc.constant(1_700_000_000)),
      plan: some(fc.oneof<fc.Arbitrary<unknown>[]>(text, fc.constant(7))),
      level: some(fc.constantFrom<unknown>(3, 6, 9, 'x')),
      tags: some(fc.subarray([...texts])),
    }),
    { freq: 8 },
  ),
  by: fc.nat(),
});
