/**
 * Small random configurations, and every request of a small world: small enough to try them all. Parts that no valid
 * configuration has are not generated, because parsing a configuration takes most of the time.
 */
import fc from 'fast-check';
import type { FileReaders } from '../../src/config/config-files.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import type { Claims } from '../../src/core/identity/claims.ts';
import type { Identity } from '../../src/core/identity/identity.ts';
import type { SimulatedRequest } from '../../src/policy-model/simulate.ts';
import type { ReadConfig } from '../../src/policy-tools/diff/setting-changes.ts';

const roleNames = ['r1', 'r2', 'r3', 'mapped', 's1', 's2'] as const;
const roles = fc.subarray([...roleNames], { maxLength: 2 });

const accessWord = fc.constantFrom('public', 'optional', 'authenticated', 'deny');
interface Roles {
  readonly any?: readonly (string | Roles)[];
  readonly all?: readonly (string | Roles)[];
  readonly none?: readonly (string | Roles)[];
}
/** Whether no part both requires a role and excludes it, which is invalid. */
function isConsistent({ any = [], all = [], none = [] }: Roles): boolean {
  const wanted = [...any, ...all];
  return (
    !none.some((term) => typeof term === 'string' && wanted.includes(term)) &&
    [...wanted, ...none].every((term) => typeof term === 'string' || isConsistent(term))
  );
}
/** Of such terms. */
const rolesOf = (term: fc.Arbitrary<string | Roles>): fc.Arbitrary<Roles> => {
  const terms = fc.array(term, { minLength: 1, maxLength: 2 });
  return fc
    .record({ any: terms, all: terms, none: terms }, { requiredKeys: [] })
    .filter((lists) => Object.keys(lists).length > 0 && isConsistent(lists));
};
const roleName = fc.constantFrom(...roleNames);
const within = (inner: fc.Arbitrary<Roles>) =>
  rolesOf(fc.oneof({ weight: 3, arbitrary: roleName }, { weight: 1, arbitrary: inner }));
/** To a depth of three. */
const nested = within(within(rolesOf(roleName)));
const rule = fc.oneof(
  accessWord,
  roles.filter((list) => list.length > 0),
  fc
    .record({ any: roles, all: roles, none: roles })
    .filter((lists) => lists.any.length + lists.all.length + lists.none.length > 0 && isConsistent(lists))
    .map((lists) => Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0))),
  nested,
);
const access = fc.oneof(
  { weight: 2, arbitrary: rule },
  { weight: 1, arbitrary: fc.dictionary(fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', '*'), rule, { minKeys: 1 }) },
);

const plainSegment = fc.constantFrom('x', 'y', 'X', '{p}');
const formedSegment = fc.constantFrom(
  '{p:(x|y)}',
  '{p:(z|x1)}',
  '{p:int}',
  '{p:slug}',
  'x{p}',
  '{p}.y',
  'x{p:int}',
  '{p:slug}.y',
);
const segment = fc.oneof({ weight: 3, arbitrary: plainSegment }, { weight: 2, arbitrary: formedSegment });
const path = fc.tuple(fc.array(segment, { maxLength: 3 }), fc.boolean()).map(([segments, rest]) => {
  const named = segments.map((text, index) => text.replace('{p', `{p${index}`));
  return `/${[...named, ...(rest ? ['**'] : [])].join('/')}`;
});

/** When requests arrive, to the second. A running gateway has its own clock, so all limits are far from these. */
const nowMs = Math.floor(Date.now() / 1000) * 1000;
const hoursMs = 3_600_000;

/** Two list files, before and after a change. */
const listsNow = { 'texts.txt': 'x\n# gone\ngold\n1\n', 'nets.txt': '10.0.0.0/8\n', 'none.txt': '# nobody\n' };
const listsLater = { 'texts.txt': 'z\ngold\n7\n', 'nets.txt': '203.0.113.9 # one\n', 'none.txt': '' };
type ReadList = NonNullable<FileReaders['readList']>;

const readFrom =
  (files: Readonly<Record<string, string>>): ReadList =>
  (file) => ({ file, text: files[file]! });

/** Four hours of some days, or every day, that start this many hours after the requests; times in the zone itself. */
function hoursFrom(after: number, zone: string, days: 'every' | 'its' | 'others'): object {
  const at = (ms: number) => new Intl.DateTimeFormat('en-GB', { timeZone: zone, timeStyle: 'short' }).format(ms);
  const begin = nowMs + after * hoursMs;
  const itsDay = new Intl.DateTimeFormat('en-GB', { timeZone: zone, weekday: 'short' }).format(begin).toLowerCase();
  const others = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'].filter((day) => day !== itsDay);
  const listed = { every: {}, its: { days: [itsDay] }, others: { days: others } }[days];
  return { time: { ...listed, from: at(begin), to: at(begin + 4 * hoursMs), zone } };
}

const hours = [
  hoursFrom(-2, 'Etc/UTC', 'every'),
  hoursFrom(-2, 'Europe/Berlin', 'its'),
  hoursFrom(-2, 'Asia/Kolkata', 'others'),
  hoursFrom(6, 'America/New_York', 'every'),
];

const comparison = (params: readonly string[]) =>
  fc.constantFrom<object>(
    ...hours,
    { query: 'q', in: { file: 'texts.txt' } },
    { header: 'x-region', in: { file: 'none.txt' } },
    { client: 'address', cidr: { file: 'nets.txt' } },
    { identity: 'claims.plan', in: { file: 'texts.txt' } },
    { identity: 'claims.since', gte: '2001-01-01T00:00:00Z' },
    { identity: 'claims.since', lt: '2020-01-01T00:00:00Z' },
    { identity: 'claims.since', exists: true },
    { header: 'x-region', equals: 'eu' },
    { header: 'x-region', startsWith: 'e' },
    { header: 'x-cert', equals: 'ok' },
    { header: 'x-cert', exists: false },
    { query: 'q', exists: true },
    { query: 'q', in: ['1', '2'] },
    { query: 'q', gte: 1 },
    { query: 'q', lt: 2 },
    { client: 'address', cidr: ['203.0.113.0/24', '10.0.0.0/8'] },
    { client: 'address', cidr: '203.0.113.8/29' },
    { identity: 'claims.plan', equals: 'gold' },
    { identity: 'claims.plan', startsWith: 'g' },
    { identity: 'claims.plan', exists: false },
    { identity: 'claims.level', in: [1, 2] },
    { identity: 'claims.staff', equals: true },
    { identity: 'claims.tags', in: ['x', 'y'] },
    { query: 'q', equals: 'identity.claims.level' },
    ...params.flatMap((param) => [
      { param, in: ['x', 'z'] },
      { param, in: { file: 'texts.txt' } },
      { param, equals: 'x' },
      { param, startsWith: 'x' },
      { param, lte: 1 },
      { param, in: 'identity.groups' },
      { param, in: 'identity.claims.tags' },
      { param, equals: 'identity.claims.plan' },
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
      fc.constantFrom(null, null, null, ['GET'], ['PUT', 'POST'], ['HEAD']),
    )
    .map(([condition, unless, reason, methods]) => ({
      ...condition,
      ...(unless.length === 0 ? {} : { unless }),
      ...(methods === null ? {} : { methods }),
      reason,
    }));
const named = {
  in_region: { header: 'x-region', equals: 'eu', reason: 'word_a' },
  inside: { client: 'address', cidr: '10.0.0.0/8', methods: ['POST', 'GET'] },
  asks: { not: { query: 'q', exists: false }, unless: ['r2'] },
};

/** Only rules that require a credential have one. */
const signInAge = fc.constantFrom<null | string | object>(null, null, null, null, null, '1h', {
  GET: '1h',
  '*': '24h',
});

/** Each far from the time of the requests. */
const openTimes = fc.constantFrom<object>(
  ...Array<object>(8).fill({}),
  { notBefore: '2001-01-01T00:00:00Z' },
  { notBefore: '2999-01-01T00:00:00Z' },
  { notBefore: '2001-01-01T00:00:00Z', notAfter: '2999-01-01T00:00:00Z' },
  { notAfter: '2002-01-01T00:00:00Z' },
);

const route = fc
  .record({
    host: fc.constantFrom(null, 'a.test', '*.a.test'),
    path,
    access,
    methods: fc.constantFrom(null, ['GET', 'POST']),
    reading: fc.constantFrom(
      ...Array<object>(6).fill({}),
      { caseSensitive: false },
      { encodedSlash: 'keep' },
      { encodedSlash: 'decode' },
      { mergeSlashes: false },
      { doubleEncoding: 'keep' },
    ),
    cors: fc.constantFrom(null, null, null, { origins: ['https://page.test'] }),
    further: fc.constantFrom(null, null, null, 'host', 'path'),
    maxAuthAge: signInAge,
    open: openTimes,
    upstream: fc.constantFrom('s', 's', 't'),
    rewrite: fc.constantFrom<object | null>(
      null,
      null,
      null,
      { addPrefix: '/x' },
      { addPrefix: '/y' },
      { stripPrefix: '/x' },
    ),
  })
  .map((base) => {
    const strips = base.rewrite !== null && 'stripPrefix' in base.rewrite;
    return strips && (!base.path.startsWith('/x/') || base.further === 'path') ? { ...base, rewrite: null } : base;
  })
  .chain((base) => {
    const params = [...base.path.matchAll(/\{(\w+)/g)].map(([, name]) => name!);
    const entry = fc.oneof(
      { weight: 4, arbitrary: criterion(params) },
      { weight: 1, arbitrary: fc.constantFrom(...Object.keys(named)) },
    );
    return fc.array(entry, { maxLength: 2 }).map((when) => ({ ...base, when }));
  })
  .filter((one) => namesScopes(one) && takesItsRules(one));

/** Whether a rule reads no credential, or allows callers without one. */
function asksNobody(who: object | string): boolean {
  return /public|optional|deny/.test(JSON.stringify(who));
}

/** Whether the path has the parameter that scopes the route's roles. */
function namesScopes({ path: written, access: who, when }: { path: string; access: object | string; when: object }) {
  return written.includes('{p0') || !/"s[12]"/.test(JSON.stringify([who, when]));
}

/** Whether the methods that the route lists are those of its rules. */
function takesItsRules({
  access: who,
  methods: listed,
}: {
  access: object | string;
  methods: readonly string[] | null;
}) {
  if (listed === null || typeof who === 'string') return true;
  return !('PUT' in who) && !('*' in who && listed.every((method) => method in who));
}

const restriction = rule.filter((one) => one !== 'public' && one !== 'optional');

/** Rules by method, not one for all. */
export function isByMethod(access: unknown): access is object {
  const keys = typeof access === 'object' && access !== null && !Array.isArray(access) ? Object.keys(access) : [];
  return keys.length > 0 && keys.every((key) => !['any', 'all', 'none'].includes(key));
}

const policy = fc
  .record({
    match: fc.constantFrom<{ host?: string; path?: string; upstream?: string }>(
      { upstream: 't' },
      { upstream: 't', path: '/x/**' },
      { upstream: 't', path: '/y/{a}/**' },
      { path: '/x/**' },
      { path: '/{a:slug}/**' },
      { path: '/{a}/**' },
      { host: 'a.test' },
      { path: '/y/{a}/**' },
    ),
    access: fc.oneof(
      fc.constant(null),
      restriction,
      fc.dictionary(fc.constantFrom('GET', 'HEAD', 'PUT', '*'), restriction, { minKeys: 1 }),
    ),
    unless: fc.constantFrom([], [], ['r3']),
    concerned: fc.constantFrom([], [], ['r1'], ['r2', 's1'], ['mapped']),
    maxAuthAge: signInAge,
  })
  .chain((base) => {
    const params = base.match.path?.includes('{a') === true ? ['a'] : [];
    return fc
      .array(fc.oneof(criterion(params), fc.constantFrom('in_region')), { maxLength: 1 })
      .map((when) => ({ ...base, when }));
  })
  .filter(({ access: who, when }) => who !== null || when.length > 0);

const parts = fc.record({
  policies: fc.array(policy, { maxLength: 2 }),
  routes: fc.uniqueArray(route, {
    minLength: 1,
    maxLength: 4,
    selector: ({ host, path: written }) => `${host}${written.replace(/\{\w+/g, '{')}`,
  }),
  inherits: fc.tuple(fc.subarray(['r1']), fc.subarray(['r1', 'r2'])),
  mapped: fc.constantFrom('groups', 'roles', 'kind', 'userId', 'keyId'),
});

type Parts = typeof parts extends fc.Arbitrary<infer T> ? T : never;

/** The text of a configuration; not every one is valid. */
function textOf({ routes, policies, inherits, mapped }: Parts): string {
  return JSON.stringify({
    version: 1,
    server: { trustedProxies: ['127.0.0.1'] },
    authApi: { url: 'http://127.0.0.1:9' },
    identity: {
      claims: {
        plan: { field: 'plan', type: 'string' },
        level: { field: 'more.level', type: 'number' },
        staff: { field: 'staff', type: 'boolean' },
        tags: { field: 'tags', type: 'list', split: ' ' },
        since: { field: 'since', type: 'time' },
      },
    },
    conditions: { headers: { 'x-region': 'any', 'x-cert': 'trusted' }, named },
    roles: {
      r1: {},
      r2: { inherits: inherits[0] },
      r3: { inherits: inherits[1] },
      s1: { scopedBy: 'p0' },
      s2: { scopedBy: 'p0', inherits: ['s1'] },
      mapped: { from: { field: mapped, equals: mappedFrom[mapped] } },
    },
    policies: policies.map(({ match, access: who, when, unless, concerned, maxAuthAge }, index) => ({
      id: `policy-${index}`,
      match,
      // "authenticated" restricts none of them.
      ...(concerned.length === 0 || JSON.stringify(who).includes('authenticated') ? {} : { for: concerned }),
      ...(who === null ? {} : { access: who }),
      ...(maxAuthAge === null || who === null || isByMethod(who) ? {} : { maxAuthAge }),
      ...(when.length === 0 ? {} : { when, ...(unless.length === 0 ? {} : { unless }) }),
    })),
    upstreams: { s: { targets: ['http://127.0.0.1:9'] }, t: { targets: ['http://127.0.0.1:9'] } },
    routes: routes.map(
      (
        {
          host,
          path: written,
          access: who,
          methods,
          when,
          reading,
          cors,
          further,
          maxAuthAge,
          open,
          upstream,
          rewrite,
        },
        index,
      ) => ({
        id: `route-${index}`,
        match: {
          ...(further === 'host' ? { hosts: [host ?? 'a.test', 'other.test'] } : host === null ? {} : { host }),
          // Parameters are at other places in it.
          ...(further === 'path' ? { paths: [written, `/y${written}`] } : { path: written }),
          ...(methods === null ? {} : { methods }),
        },
        upstream,
        ...(rewrite === null ? {} : { rewrite }),
        access: who,
        ...(when.length === 0 ? {} : { when }),
        ...(Object.keys(reading).length === 0 ? {} : { path: reading }),
        ...(cors === null ? {} : { cors }),
        ...(maxAuthAge === null || asksNobody(who) ? {} : { maxAuthAge }),
        ...open,
      }),
    ),
  });
}

const mappedFrom = { groups: 'z', roles: 'raw', kind: 'keyPair', userId: 'u', keyId: 'k' };

export interface World extends ReadConfig {
  readonly written: string;
  readonly readList: ReadList;
}

/** Null: invalid; an author would see the problems. */
export function readWorld(written: string, readList: ReadList = readFrom(listsNow)): World | null {
  const read = parseConfig(written, { file: 'random', env: {}, readSecret: () => '', readList });
  return read.ok ? { written, readList, config: read.config, settings: read.settings } : null;
}

const worldOf = (of: Parts): World | null => readWorld(textOf(of));

export const configurations: fc.Arbitrary<World> = parts.map(worldOf).filter((world) => world !== null);

/** With a public route for every path of one host, which takes precedence over the paths of other routes. */
export const openHosts: fc.Arbitrary<World> = parts
  .map(({ routes: [first, ...others], ...rest }) =>
    worldOf({ ...rest, routes: [{ ...first!, host: 'a.test', path: '/**', access: 'public' }, ...others] }),
  )
  .filter((world) => world !== null);

/** Two configurations: unrelated, or one small change apart. */
export const pairs: fc.Arbitrary<readonly [World, World]> = fc.oneof(
  fc.tuple(configurations, configurations),
  fc
    .tuple(
      parts,
      route,
      fc.constantFrom('/x', '/y', '/X/x', '/x/y'),
      fc.constantFrom('added', 'removed', 'changed', 'mixed', 'beside', 'inherits', 'policies', 'lists'),
      fc.nat(),
      parts,
    )
    .map(([before, other, below, change, at, second]) => {
      const index = at % before.routes.length;
      const { routes } = before;
      const old = routes[index]!;
      const after: Parts = {
        ...before,
        ...(change === 'policies' ? { policies: second.policies } : {}),
        ...(change === 'inherits' ? { inherits: second.inherits, mapped: second.mapped } : {}),
        routes: {
          added: [...routes, other],
          removed: routes.toSpliced(index, 1),
          changed: routes.with(index, {
            ...other,
            host: old.host,
            path: old.path,
            when: old.when,
            further: old.further,
          }),
          mixed: routes.with(index, {
            ...old,
            access: other.access,
            reading: other.reading,
            cors: other.cors,
            maxAuthAge: other.maxAuthAge,
            open: other.open,
          }),
          // For some of its paths, a more specific route with all of its settings.
          beside: [...routes, { ...old, path: old.path.replace(/\/(?:\*\*)?$/, '') + below }],
          inherits: routes,
          policies: routes,
          lists: routes,
        }[change],
      };
      const lists = change === 'lists' ? listsLater : listsNow;
      return [worldOf(before), readWorld(textOf(after), readFrom(lists))] as const;
    })
    .filter((both): both is readonly [World, World] => both.every((world) => world !== null)),
);

export interface Asked {
  readonly request: SimulatedRequest;
  readonly identity: Identity | null;
}

const hosts = ['a.test', 'b.a.test', 'other.test'];
const plainPaths = [
  '/',
  '/x',
  '/y',
  '/z',
  '/x/x',
  '/x/z',
  '/z/y',
  '/y/x/z',
  '/x/y/x/y',
  '/1',
  '/x1',
  '/xz.y',
  '/x/1.y',
];
/** With more than one reading, or read differently by some routes. */
const oddPaths = [
  '/X',
  '/Z',
  '/X/y',
  '/x/X',
  '/x%2Fx',
  '/x/y%2Fx',
  '/x//y',
  '/x/y//../x',
  '/x/%252Fy',
  '/y;a',
  '/z/..//x',
];
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'];
const queries = ['', '?q=1', '?q=7'];
const headers = [[], ['x-region', 'eu', 'x-cert', 'ok']];
const page = ['origin', 'https://page.test', 'access-control-request-method', 'GET'];
/** A scheme that no route reads, which equals no credential. Two credentials: refused before any source is called. */
export const oddCredentials = {
  none: ['authorization', 'Basic eA=='],
  two: ['authorization', 'Bearer x', 'api-key', 'k'],
};

const rolesHeld = [
  ['x:s1'],
  ['z:s2', 'r1'],
  ['s1', 'y:s1'],
  [],
  ['r1'],
  ['r2'],
  ['r3'],
  ['raw'],
  ['r1', 'r3'],
  ['r1', 'r2', 'raw'],
  ['other'],
];
const groupsHeld = [[], ['x'], ['z'], ['x', 'z']];
const claimsHeld: readonly Claims[] = [
  {},
  { plan: 'gold', level: 2, since: Date.UTC(2024, 1, 29) },
  { plan: 'x', staff: true, tags: ['x', 'z'], since: Date.UTC(1999, 11, 31) },
  { plan: 'silver', level: 1, staff: false, tags: [] },
  { level: 7, tags: ['y'] },
];
const signInsMs = [null, nowMs - 60_000, nowMs - 36_000_000] as const;
const kinds = ['bearer', 'keyPair'] as const;

const identities: readonly (Identity | null)[] = [
  null,
  ...kinds.flatMap((kind, k) =>
    rolesHeld.flatMap((held, r) =>
      groupsHeld.map((groups, g) => {
        const at = k + r + g;
        return identityOf(kind, held, groups, claimsHeld[at % claimsHeld.length]!, signInsMs[at % signInsMs.length]!);
      }),
    ),
  ),
  ...claimsHeld.map((claims) => identityOf('bearer', ['r1', 'r2', 'r3'], ['x'], claims, signInsMs[1])),
];

function identityOf(
  kind: Identity['kind'],
  held: readonly string[],
  groups: readonly string[],
  claims: Claims,
  authenticatedAtMs: number | null,
): Identity {
  return {
    kind,
    userId: 'u',
    roles: held,
    groups,
    alias: null,
    fullName: null,
    sessionId: kind === 'bearer' ? 's' : null,
    keyId: kind === 'bearer' ? null : 'k',
    tokenId: null,
    issuedAtMs: null,
    authenticatedAtMs,
    claims,
    source: 'authApi',
    acceptedBy: 'authApi',
    expireAtMs: Number.POSITIVE_INFINITY,
  };
}

/** All of them, and some at another time of the day. */
export function* everyRequest(): Generator<Asked> {
  for (const request of targets()) for (const identity of identities) yield { request, identity };
  for (const request of targets()) {
    if (request.method !== 'PUT') continue;
    for (const identity of identities) yield { request: { ...request, time: nowMs + 7 * hoursMs }, identity };
  }
}

function* targets(): Generator<SimulatedRequest> {
  for (const host of hosts) {
    const of = (method: string, target: string, more: readonly string[]): SimulatedRequest => {
      return {
        method,
        host,
        secure: false,
        target,
        headers: more,
        client: more.length === 0 ? '203.0.113.9' : '10.1.2.3',
        // The proxy under test trusts the peer.
        trusted: true,
        time: nowMs,
      };
    };
    for (const target of plainPaths) {
      for (const query of queries)
        for (const method of methods) for (const more of headers) yield of(method, target + query, more);
      for (const more of [[], page, [...page.slice(0, 3), 'PUT'], ['origin', 'https://other.test', ...page.slice(2)]])
        yield of('OPTIONS', target, more);
      for (const more of Object.values(oddCredentials)) yield of('GET', target, more);
    }
    for (const target of oddPaths) for (const method of ['GET', 'POST']) yield of(method, target, []);
  }
}

/** Some of them. */
export const requests: fc.Arbitrary<Asked> = fc.record({
  request: fc.constantFrom(...targets()),
  identity: fc.constantFrom(...identities),
});
