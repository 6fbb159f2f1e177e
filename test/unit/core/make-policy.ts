/** Helpers for tests of the core: routes with defaults filled in, policies, identities, requests. */
import { expect } from 'vitest';
import { compileChallenges } from '../../../src/core/credential/challenges.ts';
import { type CredentialKind, kindsOf } from '../../../src/core/credential/credential.ts';
import type { SignIn } from '../../../src/core/credential/sign-in.ts';
import type { Policy } from '../../../src/core/decide.ts';
import type { ForwardingSettings } from '../../../src/core/forwarding/compile-forwarding.ts';
import type { CorsPolicy } from '../../../src/core/forwarding/cors.ts';
import type { IdentityHeader } from '../../../src/core/forwarding/forwarding-rules.ts';
import type { ResponseRules } from '../../../src/core/forwarding/response-rules.ts';
import type { PathRewrite } from '../../../src/core/forwarding/rewrite-path.ts';
import type { Accepted, Identity, Resolution } from '../../../src/core/identity/identity.ts';
import { type AccessSource, compileRouteAccess } from '../../../src/core/policy/access.ts';
import { type CriterionSource, compileConditions } from '../../../src/core/policy/conditions.ts';
import type { RoleTable } from '../../../src/core/policy/roles.ts';
import type { RequestView } from '../../../src/core/request/request-view.ts';
import { compileRoutes } from '../../../src/core/routing/compile-routes.ts';
import type { Route } from '../../../src/core/routing/route.ts';
import type { RouteTable } from '../../../src/core/routing/route-table.ts';
import { compilePattern } from '../../../src/core/url/compile-pattern.ts';
import { compilePathReading, type PathReadingSource } from '../../../src/core/url/path-reading.ts';
import { plainSources } from '../../support/credential-sources.ts';

/** A route as a test writes it; `on` combines host and path: `api.example.test/v1/**` or `/v1/**`. */
export interface RouteSpec {
  readonly on: string;
  readonly id?: string;
  readonly methods?: readonly string[];
  readonly access?: AccessSource | Readonly<Record<string, AccessSource>>;
  readonly when?: readonly CriterionSource[];
  readonly tolerates?: number;
  readonly reading?: Partial<PathReadingSource>;
  readonly cors?: CorsPolicy;
  readonly response?: ResponseRules;
  readonly maxVerdictAgeMs?: number;
  readonly maxVerdictAgeMsByMethod?: ReadonlyMap<string, number>;
  readonly rewrite?: PathRewrite;
  readonly forwardCredentials?: boolean;
  readonly credentials?: readonly CredentialKind[];
  readonly signIn?: SignIn;
}

/** admin inherits reporter, reporter inherits user; suspended is unrelated. */
export const roles: RoleTable = new Map([
  ['user', []],
  ['reporter', ['user']],
  ['admin', ['reporter']],
  ['suspended', []],
]);

export { plainSources as sources };

/** What the upstream receives if the configuration sets nothing. */
export const defaultIdentityHeaders: readonly IdentityHeader[] = [
  { name: 'user-id', field: 'userId' },
  { name: 'groups', field: 'groups' },
];

export const forwardingSettings: ForwardingSettings = {
  identityHeaders: defaultIdentityHeaders,
  identityAssertion: null,
  credentials: plainSources,
  via: { name: 'rolegate' },
  server: { forwardedHeaders: 'x-forwarded', clientCertificateHeader: null, proxyHeaders: [], returnRequestId: false },
};

const ordinaryReading: PathReadingSource = { encodedSlash: 'reject', caseSensitive: null, mergeSlashes: true };

export function makeRoute(spec: RouteSpec, index = 0): Route {
  const slash = spec.on.indexOf('/');
  const pattern = compilePattern(slash === 0 ? null : spec.on.slice(0, slash), spec.on.slice(slash));
  return {
    id: spec.id ?? spec.on,
    index,
    pattern,
    methods: spec.methods ?? null,
    hasRule: true,
    access: compileRouteAccess(accessOf(spec.access ?? 'public'), roles),
    credentials: spec.credentials ?? kindsOf(plainSources),
    challenges: compileChallenges(plainSources, spec.credentials ?? kindsOf(plainSources)),
    signIn: spec.signIn ?? null,
    restricted: null,
    conditions: compileConditions(spec.when ?? [], roles),
    tolerates: spec.tolerates ?? 0,
    reading: spec.reading === undefined ? null : compilePathReading({ ...ordinaryReading, ...spec.reading }, pattern),
    cors: spec.cors ?? null,
    response: spec.response ?? null,
    maxVerdictAgeMs: spec.maxVerdictAgeMs ?? null,
    maxVerdictAgeMsByMethod: spec.maxVerdictAgeMsByMethod ?? null,
    upstream: 'service',
    audience: null,
    timeoutMs: 10_000,
    idleTimeoutMs: null,
    maxBodyBytes: Number.POSITIVE_INFINITY,
    rewrite: spec.rewrite ?? null,
    forwardCredentials: spec.forwardCredentials ?? false,
    forwardToken: null,
    websocket: false,
    bodyBufferBytes: 0,
    bodyRate: 0,
    recheckMs: 0,
    evict: null,
    scopes: null,
  };
}

export function makeTable(specs: readonly RouteSpec[]): RouteTable {
  const table = compileRoutes(specs.map(makeRoute));
  if ('ties' in table) return expect.fail(`ties: ${table.ties.map((tie) => tie.example).join('; ')}`);
  return table;
}

export function makePolicy(specs: readonly RouteSpec[], credentials = plainSources): Policy {
  return { routes: makeTable(specs), credentials, roleMapping: null };
}

export function makeIdentity(part: Partial<Identity> = {}): Identity {
  return {
    kind: 'bearer',
    userId: '66666666-7777-4888-9999-aaaaaaaaaaaa',
    roles: ['user'],
    groups: ['acme'],
    alias: null,
    fullName: null,
    sessionId: '11111111-2222-4333-8444-555555555555',
    keyId: null,
    tokenId: null,
    issuedAtMs: null,
    authenticatedAtMs: null,
    claims: {},
    source: 'authApi',
    acceptedBy: 'authApi',
    expireAtMs: Number.POSITIVE_INFINITY,
    ...part,
  };
}

export function accept(part: Partial<Identity> = {}): Accepted {
  return { identity: makeIdentity(part), reason: null, stale: false, source: 'memory' };
}

export function unresolved(reason: Exclude<Resolution['reason'], null>, retryAfterS: number | null = null): Resolution {
  return { identity: null, reason, retryAfterS, source: 'auth-api' };
}

/** A request with one Host; `headers` are written `name: value`. */
export function view(line: string, headers: readonly string[] = [], host = 'api.example.test'): RequestView {
  const space = line.indexOf(' ');
  return {
    method: line.slice(0, space),
    target: line.slice(space + 1),
    rawHeaders: ['Host', host, ...headers.flatMap(splitHeader)],
    httpVersion: '1.1',
  };
}

export function splitHeader(line: string): [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+/, '')];
}

function accessOf(access: NonNullable<RouteSpec['access']>): AccessSource | ReadonlyMap<string, AccessSource> {
  if (typeof access === 'string' || isList(access)) return access;
  const keys = Object.keys(access);
  if (keys.every((key) => ['any', 'all', 'none'].includes(key))) return access;
  return new Map(Object.entries(access as Readonly<Record<string, AccessSource>>));
}

function isList(access: object): access is readonly string[] {
  return Array.isArray(access);
}
