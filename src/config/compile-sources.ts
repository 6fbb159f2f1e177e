/** Creates the compiled sources: fields as rules, the content of files, and the source for each kind of credential. */

import type { CredentialKind } from '../core/credential/credential.ts';
import { carried, checks, type SourceKind } from '../core/identity/authentication.ts';
import type { ClaimField, FieldPlace, FieldRule, SourceFields } from '../core/identity/read-fields.ts';
import { compileNaming, type UserNaming } from '../core/identity/user-naming.ts';
import { type InUnits, inUnits } from './schema/in-units.ts';
import type { WrittenClaimFields, WrittenField } from './schema/source-fields.ts';
import { algorithms } from './schema/source-values.ts';
import { type ConfigFile, configSchema } from './schema.ts';
import {
  type AuthApiSourceConfig,
  accountSource,
  type GithubProviderConfig,
  type SourceConfig,
  type SourceFiles,
  type SourceRule,
} from './source-config.ts';
import { parseFieldPath } from './units/parse-field-path.ts';

type AuthApiFields = InUnits<NonNullable<ConfigFile['authApi']>>['fields'];
type Field = InUnits<WrittenField>;
type DeclaredClaims = InUnits<ConfigFile['identity']['claims']>;
type Written = ConfigFile['sources'];
type WrittenSource = InUnits<Written>[string];
type FieldPath = DeclaredClaims[string]['field'];

/** `files`: the content of each source's files. `formOf`: a role in the form of rules. */
export function compileSources(
  file: Pick<ConfigFile, 'authApi' | 'sources' | 'signIn' | 'identity'>,
  files: SourceFiles,
  formOf: (role: string) => string,
): readonly SourceConfig[] {
  const naming = namingOf(file, formOf);
  const { claims } = file.identity;
  const sources: InUnits<Written> = inUnits(configSchema.shape.sources, file.sources);
  const named = (name: string) => ({ name, users: naming.get(name)! });
  const providers = Object.entries(inUnits(configSchema.shape.signIn, file.signIn)?.providers ?? {});
  return [
    ...Object.entries(sources).map(([name, source]) => compileSource(named(name), source, claims, files)),
    ...providers.map(([name, provider]) => compileProvider(named(name), provider, claims, files)),
  ];
}

type WrittenProvider = InUnits<NonNullable<ConfigFile['signIn']>>['providers'][string];
type GithubFields = Extract<WrittenProvider, { readonly kind: 'github' }>['fields'];

/** As for ID tokens. */
const providerSkewMs = 60_000;

function compileProvider(
  named: Named,
  written: WrittenProvider,
  claims: DeclaredClaims,
  files: SourceFiles,
): SourceConfig {
  const { tls, provider: client } = files.of(named.name);
  const { label = named.name, scopes, timeoutMs } = written;
  const common = { ...named, kind: 'session', label, scopes, timeoutMs, tls } as const;
  if (written.kind === 'github') {
    const { url, maxClaimsAgeMs, fields } = written;
    const own = { issuer: url, client: client as GithubProviderConfig['client'], maxClaimsAgeMs };
    return { ...common, ...own, protocol: 'github', fields: compileGithubFields(fields, claims) };
  }
  const { issuer, clientId, fields, authorizationParameters, logout: rules } = written;
  const logout = { ...rules, audience: [clientId] };
  const own = { issuer, client: client!, authorizationParameters };
  const times = { logout, algorithms, clockSkewMs: providerSkewMs, maxClaimsAgeMs: null };
  // An ID token expires within minutes: it is no end of the session.
  return {
    ...common,
    ...own,
    ...times,
    protocol: 'openid',
    fields: { ...compileClaimFields(fields, claims, true), expireAt: null },
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
    all.map(([name, { issuer = null, userPrefix = '', roles }]) => {
      return { name, issuer, userPrefix, roles: roles?.map(formOf) ?? null };
    }),
  );
}

type Named = Pick<SourceConfig, 'name' | 'users'>;

function compileSource(named: Named, source: WrittenSource, claims: DeclaredClaims, files: SourceFiles): SourceConfig {
  const { tls, client, keys } = files.of(named.name);
  switch (source.kind) {
    case 'authApi': {
      const { url, issuer = null, userPrefix: _, roles: __, ...rest } = source;
      const fields = compileAuthApiFields(source.fields, claims);
      return { ...rest, ...named, short: false, urls: listOf(url), issuer, tls, ...fields };
    }
    case 'introspection': {
      const { userPrefix: _, roles: __, ...own } = source;
      const { url, audience = null, issuer = null, tokenTypeRequired = audience === null, ...rest } = own;
      const fields = compileClaimFields(source.fields, claims, true);
      return { ...rest, ...named, urls: [url], issuer, audience, tokenTypeRequired, tls, fields, client: client! };
    }
    case 'userinfo': {
      const { url, issuer = null, userPrefix: _, roles: __, ...rest } = source;
      return { ...rest, ...named, urls: [url], issuer, tls, fields: compileClaimFields(source.fields, claims, true) };
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
        fields: compileClaimFields(source.fields, claims, false),
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
    issuers: all.flatMap((one) => (one.kind === 'jwt' ? [{ issuer: one.issuer, source: one.name }] : [])),
    sessions: namesOfSignIn({ authApi, signIn }),
  };
}

export function listOf(url: string | readonly string[] | undefined): readonly string[] {
  return url === undefined ? [] : typeof url === 'string' ? [url] : url;
}

/** `endOptional`: for a source that returns the current state of a token; a token itself always contains its expiry. */
function compileClaimFields(
  fields: InUnits<WrittenClaimFields>,
  claims: DeclaredClaims,
  endOptional: boolean,
): SourceFields {
  return {
    userId: rule(fields.userId)!,
    roles: rule(fields.roles),
    groups: rule(fields.groups),
    expireAt: rule({ path: 'exp', optional: endOptional }),
    sessionId: rule(fields.sessionId),
    keyId: rule(fields.keyId),
    tokenId: rule(fields.tokenId),
    issuedAt: rule({ path: 'iat', optional: true }),
    authenticatedAt: rule(fields.authenticatedAt),
    claims: compileClaims(claims, fields.claims),
    alias: rule(fields.alias),
    fullName: rule(fields.fullName),
  };
}

function compileGithubFields(
  { roles, groups, alias, fullName, claims: own }: GithubFields,
  claims: DeclaredClaims,
): SourceFields {
  return {
    userId: rule('sub')!,
    roles: rule(roles),
    groups: rule(groups),
    expireAt: null,
    sessionId: null,
    keyId: null,
    tokenId: null,
    issuedAt: null,
    authenticatedAt: null,
    claims: compileClaims(claims, own),
    alias: rule(alias),
    fullName: rule(fullName),
  };
}

export function compileAuthApiFields(
  fields: AuthApiFields,
  claims: DeclaredClaims,
): Pick<AuthApiSourceConfig, 'fields' | 'verified'> {
  const common = {
    userId: rule(fields.userId)!,
    roles: rule(fields.roles),
    groups: rule(fields.groups),
    expireAt: rule(fields.expireAt),
    sessionId: rule(fields.sessionId),
    keyId: rule(fields.keyId),
    tokenId: rule(fields.tokenId),
    issuedAt: rule(fields.issuedAt),
    authenticatedAt: rule(fields.authenticatedAt),
    claims: compileClaims(claims, fields.claims),
  };
  const [alias, fullName] = [ofEach(fields.alias), ofEach(fields.fullName)];
  const names = (of: 'session' | 'keyPair') => ({ alias: rule(alias[of], true), fullName: rule(fullName[of], true) });
  const session = carried({ ...common, ...names('session') }, 'authApi', 'bearer');
  const keyPair = carried({ ...common, ...names('keyPair') }, 'authApi', 'keyPair');
  return { verified: rule(fields.verified), fields: { session, keyPair } };
}

/** By the declaration, unless the source has another path. */
function compileClaims(
  declared: DeclaredClaims,
  own: Readonly<Record<string, InUnits<WrittenField>>>,
): readonly ClaimField[] {
  return Object.entries(declared).map(([name, { field, type, split, optional }]) => {
    const path = { path: field, optional, ...(split === undefined ? {} : { split }) };
    return { name, type, rule: Object.hasOwn(own, name) ? rule(own[name]!, optional) : rule(path) };
  });
}

function ofEach(field: AuthApiFields['alias']) {
  return typeof field === 'object' && field !== null && 'session' in field ? field : { session: field, keyPair: field };
}

/** `optional`: the default if not specified. */
function rule(
  written: Field | { readonly path: FieldPath; readonly optional: boolean; readonly split?: string },
  optional = false,
): FieldRule | null {
  if (written === null) return null;
  if (typeof written === 'string') return { places: [place(written, null)], optional };
  if ('value' in written) return { value: written.value };
  if (!('path' in written)) return { places: written.map((one) => placeOf(one, null)), optional };
  const { path, optional: may } = written;
  const split = 'split' in written ? (written.split ?? null) : null;
  const places = typeof path === 'string' ? [path] : path;
  return { places: places.map((one) => placeOf(one, split)), optional: optional || may };
}

function placeOf(
  written: string | { readonly path: string; readonly split?: string | undefined },
  split: string | null,
): FieldPlace {
  return typeof written === 'string' ? place(written, split) : place(written.path, written.split ?? split);
}

function place(path: string, split: string | null): FieldPlace {
  const steps = parseFieldPath(path);
  if (steps === null) throw new Error('the schema takes no other path');
  return { path, steps, split };
}
