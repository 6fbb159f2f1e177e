/** Small random configurations, and every request of a small world: small enough to ask them all. */
import fc from 'fast-check';
import type { Config } from '../../src/config/config.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import type { Identity } from '../../src/core/identity/identity.ts';
import type { SimulatedRequest } from '../../src/workbench/simulate.ts';

const roleNames = ['r1', 'r2', 'r3', 'mapped'] as const;
const roles = fc.subarray([...roleNames], { maxLength: 2 });

const accessWord = fc.constantFrom('public', 'optional', 'authenticated', 'deny');
const rule = fc.oneof(
  accessWord,
  roles.filter((list) => list.length > 0),
  fc
    .record({ any: roles, all: roles, none: roles })
    .filter(({ any, all, none }) => any.length + all.length + none.length > 0)
    .map((lists) => Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0))),
);
const access = fc.oneof(
  { weight: 2, arbitrary: rule },
  { weight: 1, arbitrary: fc.dictionary(fc.constantFrom('GET', 'POST', 'PUT'), rule, { minKeys: 1 }) },
);

const segment = fc.constantFrom('x', 'y', '{p}');
const path = fc.tuple(fc.array(segment, { maxLength: 2 }), fc.boolean()).map(([segments, rest]) => {
  const named = segments.map((text, index) => (text === '{p}' ? `{p${index}}` : text));
  return `/${[...named, ...(rest ? ['**'] : [])].join('/')}`;
});

const comparison = (params: readonly string[]) =>
  fc.constantFrom(
    { header: 'x-region', equals: 'eu' },
    { query: 'q', exists: true },
    ...params.flatMap((param) => [
      { param, in: ['x', 'z'] },
      { param, in: 'identity.groups' },
    ]),
  );
const criterion = (params: readonly string[]) =>
  fc
    .tuple(
      fc.oneof(
        comparison(params),
        comparison(params).map((one) => ({ not: one })),
        fc.tuple(comparison(params), comparison(params)).map((list) => ({ any: list })),
        fc.tuple(comparison(params), comparison(params)).map((list) => ({ all: list })),
      ),
      roles,
      fc.constantFrom('word_a', 'word_b'),
    )
    .map(([condition, unless, reason]) => ({ ...condition, ...(unless.length === 0 ? {} : { unless }), reason }));

const route = fc
  .record({
    host: fc.constantFrom(null, 'a.test', '*.a.test'),
    path,
    access,
    methods: fc.constantFrom(null, ['GET', 'POST']),
    mode: fc.constantFrom('enforce', 'enforce', 'enforce', 'shadow'),
  })
  .chain((base) => {
    const params = [...base.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
    return fc.array(criterion(params), { maxLength: 2 }).map((when) => ({ ...base, when }));
  });

/** The text of a configuration; not every one is valid. */
const text = fc
  .record({
    routes: fc.uniqueArray(route, {
      minLength: 1,
      maxLength: 4,
      selector: ({ host, path: written }) => `${host}${written.replace(/\{\w+\}/g, '{}')}`,
    }),
    inherits: fc.tuple(fc.subarray(['r1']), fc.subarray(['r1', 'r2'])),
    mapped: fc.constantFrom('groups', 'roles', 'kind'),
  })
  .map(({ routes, inherits, mapped }) =>
    JSON.stringify({
      version: 1,
      authApi: { url: 'http://127.0.0.1:9' },
      conditions: { headers: ['x-region'] },
      roles: {
        r1: {},
        r2: { inherits: inherits[0] },
        r3: { inherits: inherits[1] },
        mapped: { from: { field: mapped, equals: { groups: 'z', roles: 'raw', kind: 'key_pair' }[mapped] } },
      },
      upstreams: { s: { targets: ['http://127.0.0.1:9'] } },
      routes: routes.map(({ host, path: written, access: who, methods, mode, when }, index) => ({
        id: `route-${index}`,
        match: { ...(host === null ? {} : { host }), path: written, ...(methods === null ? {} : { methods }) },
        upstream: 's',
        access: who,
        mode,
        ...(when.length === 0 ? {} : { when }),
      })),
    }),
  );

/** Valid ones only: an author would have been told of the others. */
export const configurations = text
  .map((written) => ({ written, read: parseConfig(written, { file: 'random', env: {}, readSecret: () => '' }) }))
  .filter(({ read }) => read.ok)
  .map(({ written, read }) => ({ written, config: (read as { config: Config }).config }));

export interface Asked {
  readonly request: SimulatedRequest;
  readonly identity: Identity | null;
}

const hosts = ['a.test', 'b.a.test', 'other.test'];
const paths = ['/', '/x', '/y', '/z', '/x/x', '/x/z', '/z/y', '/y/x/z'];
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'];
const queries = ['', '?q=1'];
const headers = [[], ['x-region', 'eu']];

const rolesHeld = [[], ['r1'], ['r2'], ['r3'], ['raw'], ['r1', 'r3'], ['r1', 'r2', 'raw'], ['other']];
const groupsHeld = [[], ['x'], ['z'], ['x', 'z']];
const kinds = ['bearer', 'key_pair'] as const;

const identities: readonly (Identity | null)[] = [
  null,
  ...kinds.flatMap((kind) => rolesHeld.flatMap((held) => groupsHeld.map((groups) => identityOf(kind, held, groups)))),
];

function identityOf(kind: Identity['kind'], held: readonly string[], groups: readonly string[]): Identity {
  return {
    kind,
    userId: 'u',
    roles: held,
    groups,
    alias: null,
    fullName: null,
    sessionId: kind === 'bearer' ? 's' : null,
    keyId: kind === 'bearer' ? null : 'k',
    expireAtMs: Number.POSITIVE_INFINITY,
  };
}

/** All of them. */
export function* everyRequest(): Generator<Asked> {
  for (const request of targets()) for (const identity of identities) yield { request, identity };
}

function* targets(): Generator<SimulatedRequest> {
  for (const host of hosts)
    for (const target of paths)
      for (const query of queries)
        for (const method of methods)
          for (const more of headers)
            yield { method, host, secure: false, target: target + query, headers: more, client: '203.0.113.9' };
}

/** Some of them. */
export const requests: fc.Arbitrary<Asked> = fc.record({
  request: fc.constantFrom(...targets()),
  identity: fc.constantFrom(...identities),
});
