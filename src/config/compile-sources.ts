/** Creates the compiled sources, with the content of files, and the source for each kind of credential. */

import type { CredentialKind } from '../core/credential/credential.ts';
import { checks, type SourceKind } from '../core/identity/authentication.ts';
import { compileNaming, type UserNaming } from '../core/identity/user-naming.ts';
import {
  compileAuthApiFields,
  compileCertificateFields,
  compileClaimFields,
  compileGithubFields,
  type DeclaredClaims,
} from './compile-fields.ts';
import { type InUnits, inUnits } from './schema/in-units.ts';
import { algorithms } from './schema/source-values.ts';
import { type ConfigFile, configSchema } from './schema.ts';
import {
  accountSource,
  type GithubProviderConfig,
  type SourceConfig,
  type SourceFiles,
  type SourceRule,
} from './source-config.ts';

type SourceEntries = ConfigFile['sources'];
type WrittenSource = InUnits<SourceEntries>[string];

/** `files`: the content of each source's files. `formOf`: a role in the form of rules. */
export function compileSources(
  file: Pick<ConfigFile, 'authApi' | 'sources' | 'signIn' | 'identity'>,
  files: SourceFiles,
  formOf: (role: string) => string,
): readonly SourceConfig[] {
  const naming = namingOf(file, formOf);
  const { claims } = file.identity;
  const sources: InUnits<SourceEntries> = inUnits(configSchema.shape.sources, file.sources);
  const named = (name: string) => ({ name, users: naming.get(name)! });
  const providers = Object.entries(inUnits(configSchema.shape.signIn, file.signIn)?.providers ?? {});
  return [
    ...Object.entries(sources).map(([name, source]) => compileSource(named(name), source, claims, files)),
    ...providers.map(([name, provider]) => compileProvider(named(name), provider, claims, files)),
  ];
}

type WrittenProvider = InUnits<NonNullable<ConfigFile['signIn']>>['providers'][string];

/** As for ID tokens. */
const providerSkewMs = 60_000;

function compileProvider(
  named: Named,
  entry: WrittenProvider,
  claims: DeclaredClaims,
  files: SourceFiles,
): SourceConfig {
  const { tls, provider: client } = files.of(named.name);
  const { label = named.name, scopes, timeoutMs } = entry;
  const common = { ...named, kind: 'session', label, scopes, timeoutMs, tls } as const;
  if (entry.kind === 'github') {
    const { url, maxClaimsAgeMs, fields } = entry;
    const own = { issuer: url, client: client as GithubProviderConfig['client'], maxClaimsAgeMs };
    return { ...common, ...own, protocol: 'github', fields: compileGithubFields(fields, claims) };
  }
  const { issuer, clientId, fields, assumeVerifiedEmail, authorizationParameters, logout: rules } = entry;
  const logout = { ...rules, audience: [clientId] };
  const own = { issuer, client: client!, authorizationParameters };
  const times = { logout, algorithms, clockSkewMs: providerSkewMs, maxClaimsAgeMs: null };
  // An ID token expires within minutes: it is no end of the session.
  return {
    ...common,
    ...own,
    ...times,
    protocol: 'openid',
    fields: { ...compileClaimFields({ fields, assumeVerifiedEmail }, claims, true), expireAt: null },
  };
}

/** Of the users of a provider. */
function issuerOf(provider: NonNullable<ConfigFile['signIn']>['providers'][string]): string {
  return provider.kind === 'github' ? provider.url : provider.issuer;
}

/** Whether people sign in at the embedded Auth API, on pages of the gateway. */
export function hasAccounts({ authApi, signIn }: Pick<ConfigFile, 'authApi' | 'signIn'>): boolean {
  if (authApi?.embedded === undefined || signIn === undefined) return false;
  return signIn.accounts !== undefined || Object.keys(signIn.providers).length === 0;
}

/** What `signIn` of a route can name. */
export function namesOfSignIn(file: Pick<ConfigFile, 'authApi' | 'signIn'>): readonly string[] {
  return [...Object.keys(file.signIn?.providers ?? {}), ...(hasAccounts(file) ? [accountSource] : [])];
}

/** How each source names its users; `authApi` comes before the others. */
export function namingOf(
  { authApi, sources, signIn }: Pick<ConfigFile, 'authApi' | 'sources' | 'signIn'>,
  formOf: (role: string) => string,
): ReadonlyMap<string, UserNaming> {
  const all = [
    ...(authApi === undefined ? [] : [['authApi', authApi] as const]),
    ...Object.entries(sources),
    ...Object.entries(signIn?.providers ?? {}).map(([name, one]) => [name, { ...one, issuer: issuerOf(one) }] as const),
  ];
  return compileNaming(
    all.map(([name, one]) => {
      const { userPrefix = '', roles } = one;
      const issuer = 'issuer' in one ? (one.issuer ?? null) : null;
      return { name, issuer, userPrefix, roles: roles?.map(formOf) ?? null };
    }),
  );
}

type Named = Pick<SourceConfig, 'name' | 'users'>;

function compileSource(named: Named, source: WrittenSource, claims: DeclaredClaims, files: SourceFiles): SourceConfig {
  const { tls, client, keys } = files.of(named.name);
  switch (source.kind) {
    case 'certificate': {
      const { userId, userPrefix: _, roles: __, fields, ...own } = source;
      return { ...own, ...named, fields: compileCertificateFields(userId, fields, claims) };
    }
    case 'authApi': {
      const { url, issuer = null, userPrefix: _, roles: __, assumeVerifiedEmail, ...rest } = source;
      const fields = compileAuthApiFields(source.fields, claims, assumeVerifiedEmail);
      return { ...rest, ...named, short: false, urls: listOf(url), issuer, tls, ...fields };
    }
    case 'introspection': {
      const { userPrefix: _, roles: __, ...own } = source;
      const { url, audience = null, issuer = null, tokenTypeRequired = audience === null, ...rest } = own;
      const fields = compileClaimFields(source, claims, true);
      return { ...rest, ...named, urls: [url], issuer, audience, tokenTypeRequired, tls, fields, client: client! };
    }
    case 'userinfo': {
      const { url, issuer = null, userPrefix: _, roles: __, assumeVerifiedEmail: ___, ...rest } = source;
      return { ...rest, ...named, urls: [url], issuer, tls, fields: compileClaimFields(source, claims, true) };
    }
    case 'jwt': {
      const { userPrefix: _, roles: __, ...own } = source;
      const { jwks, audience, introspection = null, logout = null, securityEvents = null, types, ...rest } = own;
      return {
        ...rest,
        ...named,
        keys:
          keys !== null
            ? { from: 'files', keys }
            : jwks === undefined
              ? { from: 'discovery' }
              : { from: 'jwks', url: jwks },
        audience: typeof audience === 'boolean' ? null : audience,
        types: types.map((type) => type.toLowerCase().replace(/^application\//, '')),
        introspection,
        logout,
        securityEvents,
        tls,
        fields: compileClaimFields(source, claims, false),
      };
    }
  }
}

/** Whether a source of this kind can be configured for such credentials. Those of issuers receive their tokens automatically. */
export function takes(source: SourceKind, credential: CredentialKind): boolean {
  return source !== 'jwt' && checks(source, credential);
}

/** Which source is used: those in `credentials`, otherwise the only possible one. */
export function sourceRuleOf({
  authApi,
  sources,
  credentials,
  signIn,
}: Pick<ConfigFile, 'authApi' | 'sources' | 'credentials' | 'signIn'>): SourceRule {
  const { bearer, keyPair, apiKey } = credentials;
  const hasAuthApi = authApi !== undefined;
  const all = Object.entries(sources).map(([name, source]) => ({ ...source, name }));
  const byDefault = (kind: CredentialKind) => {
    const [only, ...others] = hasAuthApi
      ? ['authApi']
      : all.filter((one) => takes(one.kind, kind)).map(({ name }) => name);
    return only === undefined || others.length > 0 ? null : only;
  };
  return {
    bearer: bearer === null ? null : (bearer.source ?? byDefault('bearer')),
    keyPair: keyPair === null ? null : (keyPair.source ?? byDefault('keyPair')),
    apiKey: apiKey === null ? null : (apiKey.source ?? byDefault('apiKey')),
    certificate: all.find((one) => one.kind === 'certificate')?.name ?? null,
    issuers: all.flatMap((one) => (one.kind === 'jwt' ? [{ issuer: one.issuer, source: one.name }] : [])),
    sessions: namesOfSignIn({ authApi, signIn }),
  };
}

export function listOf(url: string | readonly string[] | undefined): readonly string[] {
  return url === undefined ? [] : typeof url === 'string' ? [url] : url;
}
