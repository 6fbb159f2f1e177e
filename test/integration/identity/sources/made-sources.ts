/** A source of each kind at a URL, for tests that apply to all, with a valid response of each. */
import { compileAuthApiFields } from '../../../../src/config/compile-fields.ts';
import type { RemoteConfig, SourceConfig } from '../../../../src/config/source-config.ts';
import type { Credential } from '../../../../src/core/credential/credential.ts';
import type { FieldRule, SourceFields } from '../../../../src/core/identity/read-fields.ts';
import { createSources } from '../../../../src/identity/sources/create-sources.ts';
import type { SourceResult } from '../../../../src/identity/sources/source.ts';
import { recordEvents } from '../../../unit/identity/recorded-events.ts';
import { ownUsers } from '../../../unit/identity/samples.ts';

export interface MadeSource {
  check(credential: Credential, client?: string): Promise<SourceResult>;
  status(): ReturnType<ReturnType<typeof createSources>['status']>;
  close(): Promise<void>;
}

const at = (path: string, optional = true): FieldRule => ({
  places: [{ path, steps: [path], split: null }],
  optional,
});

export const claimFields: SourceFields = {
  assumeVerifiedEmail: false,
  userId: at('sub', false),
  roles: at('roles'),
  groups: at('groups'),
  expireAt: at('exp'),
  sessionId: at('sid'),
  keyId: null,
  tokenId: at('jti'),
  issuedAt: at('iat'),
  authenticatedAt: at('auth_time'),
  claims: [],
  alias: at('username'),
  fullName: at('name'),
};

const calls: Omit<RemoteConfig, 'urls'> = {
  timeoutMs: 2_000,
  concurrency: 8,
  rejectedStatuses: [401],
  honorCacheControl: false,
  breaker: { failures: 100, openMs: 60_000 },
  tls: null,
};

const claims = {
  audience: null,
  requiredClaims: [],
  requiredValues: {},
  assumeVerifiedEmail: false,
  clockSkewMs: 30_000,
};

type Of<Kind extends SourceConfig['kind']> = Extract<SourceConfig, { kind: Kind }>;

export const authApiAt = (url: string, changes: Partial<Of<'authApi'>> = {}): SourceConfig => ({
  ...{ ...calls, kind: 'authApi', name: 'one', short: false, urls: [url], issuer: null },
  users: ownUsers('one'),
  paths: { session: '/session', keyPair: '/keypair' },
  headers: { apiKey: 'api-key', apiSecret: 'api-secret' },
  ...compileAuthApiFields(
    {
      ...{ userId: 'sub', roles: 'roles', groups: null, expireAt: null, sessionId: null, keyId: null, verified: null },
      ...{ tokenId: null, issuedAt: null, authenticatedAt: null, claims: {}, alias: null, fullName: null },
    },
    {},
  ),
  ...changes,
});

export const introspectionAt = (url: string, changes: Partial<Of<'introspection'>> = {}): SourceConfig => ({
  ...{
    ...calls,
    ...claims,
    kind: 'introspection',
    name: 'one',
    urls: [`${url}/introspect`],
    rejectedStatuses: [],
    issuer: null,
    tokenTypeRequired: false,
  },
  client: { id: 'gateway', auth: 'basic', secret: 'a client secret' },
  users: ownUsers('one'),
  fields: claimFields,
  ...changes,
});

export const userinfoAt = (url: string, changes: Partial<Of<'userinfo'>> = {}): SourceConfig => ({
  ...{ ...calls, kind: 'userinfo', name: 'one', urls: [`${url}/userinfo`], issuer: null, fields: claimFields },
  users: ownUsers('one'),
  ...changes,
});

export const jwtOf = (issuer: string, changes: Partial<Of<'jwt'>> = {}): SourceConfig => ({
  ...{ ...claims, kind: 'jwt', name: 'one', issuer, keys: { from: 'discovery' }, audience: ['orders'] },
  algorithms: ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'],
  types: ['at+jwt', 'jwt'],
  typeRequired: false,
  idTokens: 'refuse',
  maxTokenAgeMs: 86_400_000,
  whileDisconnected: 'refuse',
  logout: null,
  securityEvents: null,
  introspect: 'never',
  introspection: null,
  timeoutMs: 2_000,
  users: ownUsers('one'),
  fields: claimFields,
  tls: null,
  ...changes,
});

/** `others`: sources that the first one calls. */
export function makeSource(
  config: SourceConfig,
  now: () => number = Date.now,
  others: readonly SourceConfig[] = [],
  steady: () => number = now,
): MadeSource {
  const issuers = config.kind === 'jwt' ? [{ issuer: config.issuer, source: config.name }] : [];
  const opaque = config.kind === 'jwt' ? null : config.name;
  const sources = createSources({
    config: {
      list: [config, ...others],
      rule: { bearer: opaque, keyPair: opaque, apiKey: opaque, certificate: null, issuers, sessions: [] },
    },
    events: recordEvents(),
    now,
    steady,
  });
  return {
    async check(credential, client) {
      const source = sources.of(credential);
      if (source === null) throw new Error('the credential has no source');
      return source.check(credential, client);
    },
    status: sources.status,
    close: sources.close,
  };
}
