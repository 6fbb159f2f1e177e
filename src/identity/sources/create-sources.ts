/** Creates the configured sources, and finds the one for a credential. */
import {
  accountSource,
  isRemote,
  type JwtSourceConfig,
  type NamedOpenidProvider,
  type RemoteSourceConfig,
  type SourceConfig,
  type SourcesConfig,
  sessionSource,
} from '../../config/source-config.ts';
import type { Credential } from '../../core/credential/credential.ts';
import type { Clocks } from '../clock.ts';
import type { IdentityEvents } from '../events.ts';
import { type Issuers, ownerOf, type UserPrefixes } from '../revocation/revoked-names.ts';
import { createAuthApiSource } from './auth-api/auth-api-source.ts';
import { createCertificateSource } from './certificate/certificate-source.ts';
import { createIntrospectionSource } from './introspection/introspection-source.ts';
import { createKeyFetcher } from './jwt/fetch-keys.ts';
import { fetchedKeys, type IssuerKeys } from './jwt/issuer-keys.ts';
import { createJwtSource } from './jwt/jwt-source.ts';
import type { SourceEvents } from './remote/remote-source.ts';
import { selectSource } from './select-source.ts';
import { createSessionSource, type ForwardableTokens, type SessionsInUse } from './session/session-source.ts';
import type { Source, SourceStatus } from './source.ts';
import { createUserinfoSource } from './userinfo/userinfo-source.ts';

export interface Sources {
  /** Null: no source is configured for this form. */
  of(credential: Credential): Source | null;
  /** Maximum time of a check. */
  readonly timeoutMs: number;
  /** Of sessions, for services; null: there are no sessions. */
  readonly tokens: ForwardableTokens | null;
  /** Who receives the event tokens of an issuer, by the issuer in tokens: at least one. */
  readonly issuers: ReadonlyMap<string, readonly Issuer[]>;
  /** Of every source. */
  readonly issuerOf: Issuers;
  readonly userPrefixes: UserPrefixes;
  /** Names of those whose results end by events of their issuer. */
  readonly announced: ReadonlySet<string>;
  /** Maximum life of a token that is verified here, from its issue, of a session, and of the revocation of a certificate; 0: there are none. */
  readonly tokenMs: number;
  /** Maximum concurrent checks of all sources. */
  readonly concurrency: number;
  status(): Promise<readonly NamedStatus[]>;
  close(): Promise<void>;
}

/** An issuer whose tokens a source verifies here, or at which people sign in. */
export interface Issuer {
  readonly source: string;
  readonly config: Pick<JwtSourceConfig, 'issuer' | 'algorithms' | 'clockSkewMs' | 'logout' | 'securityEvents'>;
  readonly keys: IssuerKeys;
  /** Names of the other sources whose results end with events of this issuer. */
  readonly dependents: readonly string[];
}

export interface NamedStatus extends SourceStatus {
  readonly name: string;
}

export interface SourcesOptions extends Clocks {
  readonly config: SourcesConfig;
  readonly events: SourceEvents & Pick<IdentityEvents, 'sources'>;
  /** Null or unset: there is no sign-in with a browser. */
  readonly sessions?: SessionsInUse | null;
}

/** Concurrent verifications per issuer, for sizing. */
const localChecks = 64;

export function createSources({ config, events, now, steady, sessions = null }: SourcesOptions): Sources {
  events.sources(new Map(config.list.map((one) => [one.name, isRemote(one) ? one.urls.length : 0])));
  const remote = config.list.filter(isRemote);
  const sources = new Map<string, Source>();
  const issuers = new Map<string, readonly Issuer[]>();
  const addIssuer = (config: Issuer['config'], source: string, keys: IssuerKeys) => {
    const dependents = remote.flatMap((one) => ('issuer' in one && one.issuer === config.issuer ? [one.name] : []));
    issuers.set(config.issuer, [...(issuers.get(config.issuer) ?? []), { source, config, keys, dependents }]);
  };
  // Sources that others call come first.
  for (const one of [...config.list].sort((a, b) => Number(a.kind === 'jwt') - Number(b.kind === 'jwt'))) {
    if (one.kind !== 'session') sources.set(one.name, create(one));
  }
  const providers = config.list.filter((one) => one.kind === 'session');
  const openid = providers.filter((one) => one.protocol === 'openid');
  const providerKeys = openid.map((provider) => providerIssuer(provider, { events, now, steady }));
  for (const { source, config, keys } of providerKeys) addIssuer(config, source, keys);
  const ofAccounts = config.rule.sessions.includes(accountSource) ? sources.get(accountSource) : undefined;
  const accounts =
    ofAccounts === undefined ? null : { source: ofAccounts, timeoutMs: timeoutOf(remote, accountSource) };
  const browsers =
    sessions === null ? null : createSessionSource({ providers, accounts, sessions, events, now, steady });
  if (browsers !== null) sources.set(sessionSource, browsers);

  function create(config: Exclude<SourceConfig, { kind: 'session' }>): Source {
    const { name } = config;
    switch (config.kind) {
      case 'authApi':
        return createAuthApiSource({
          name,
          settings: config.short ? name : `sources.${name}`,
          config,
          events,
          now,
          steady,
        });
      case 'introspection':
        return createIntrospectionSource({ name, config, events, now, steady });
      case 'certificate':
        return createCertificateSource({ name, config, events, now });
      case 'userinfo':
        return createUserinfoSource({ name, config, events, now, steady });
      case 'jwt': {
        const introspection = config.introspection === null ? null : (sources.get(config.introspection) ?? null);
        const source = createJwtSource({ name, config, introspection, events, now, steady });
        addIssuer(config, name, source.keys);
        return source;
      }
    }
  }

  const jwt = config.list.filter((one) => one.kind === 'jwt');
  const certificates = config.list.filter((one) => one.kind === 'certificate');
  const issuerOf = new Map(
    config.list.map((one) => [one.name, one.kind === 'jwt' || one.kind === 'session' ? one.issuer : null]),
  );
  return {
    of(credential) {
      const { source } = selectSource(credential, config.rule);
      return source === null ? null : (sources.get(source) ?? null);
    },
    // Keys are fetched first, and then another source may be called.
    timeoutMs:
      Math.max(0, ...[...remote, ...providers].map(({ timeoutMs }) => timeoutMs)) +
      Math.max(0, ...jwt.map(({ timeoutMs }) => timeoutMs)),
    tokens: browsers?.tokens ?? null,
    issuers,
    issuerOf,
    userPrefixes: new Map(
      config.list.flatMap(({ name, users: { prefix } }) => (prefix === '' ? [] : [[ownerOf(name, issuerOf), prefix]])),
    ),
    announced: new Set([...issuers.values()].flat().flatMap(({ dependents }) => dependents)),
    tokenMs: Math.max(
      sessions?.maxLifetimeMs ?? 0,
      ...certificates.map(({ revocationLifeMs }) => revocationLifeMs),
      ...jwt.map(({ maxTokenAgeMs, clockSkewMs }) => maxTokenAgeMs + 2 * clockSkewMs),
    ),
    concurrency:
      remote.reduce((sum, { concurrency }) => sum + concurrency, 0) +
      localChecks * (jwt.length + providers.length + certificates.length),
    status: () =>
      Promise.all([...sources.values()].map(async (source) => ({ name: source.name, ...(await source.status()) }))),
    async close() {
      await Promise.all([...sources.values(), ...providerKeys.map(({ keys }) => keys)].map((one) => one.close()));
    },
  };
}

function timeoutOf(remote: readonly RemoteSourceConfig[], source: string): number {
  return remote.find(({ name }) => name === source)!.timeoutMs;
}

/** Of an OpenID provider of sign-in: for its logout tokens, whose keys are those of its metadata. */
function providerIssuer(
  { name, issuer, algorithms, clockSkewMs, logout, timeoutMs, tls }: NamedOpenidProvider,
  { events, ...clocks }: { readonly events: SourceEvents } & Clocks,
): Omit<Issuer, 'dependents'> {
  const fetcher = createKeyFetcher(name, { issuer, keys: { from: 'discovery' }, timeoutMs, tls }, events.traceCall);
  const config = { issuer, algorithms, clockSkewMs, logout, securityEvents: null };
  return { source: name, config, keys: fetchedKeys(fetcher, clocks) };
}
