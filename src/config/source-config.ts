/** Compiled sources: the services that validate credentials, and how each is called. */
import type { FieldRule, SourceFields } from '../core/identity/read-fields.ts';
import type { UserNaming } from '../core/identity/user-naming.ts';
import type { ClientTlsConfig } from './config.ts';

/** A service that is called over HTTP. */
export interface RemoteConfig {
  /** At least one: the first is called, the next ones if it fails. */
  readonly urls: readonly string[];
  readonly timeoutMs: number;
  /** Maximum concurrent calls. */
  readonly concurrency: number;
  /** Statuses by which it rejects a credential. */
  readonly rejectedStatuses: readonly number[];
  readonly honorCacheControl: boolean;
  readonly breaker: { readonly failures: number; readonly openMs: number };
  /** Null: certificates are checked by the authorities that Node and the system trust. */
  readonly tls: ClientTlsConfig | null;
}

/** `authApi`, and sources of that kind; `urls` without trailing slash. */
export interface AuthApiSourceConfig extends RemoteConfig {
  /** The issuer whose logout tokens and security event tokens end its results; null: none does. */
  readonly issuer: string | null;
  readonly paths: { readonly session: string; readonly keyPair: string };
  readonly headers: { readonly apiKey: string; readonly apiSecret: string };
  /** A boolean that must be true; null: the status alone accepts. */
  readonly verified: FieldRule | null;
  readonly fields: { readonly session: SourceFields; readonly keyPair: SourceFields };
  readonly users: UserNaming;
  /** Identifies the gateway to the bundled Auth API; null or unset: not sent. */
  readonly gatewaySecret?: string | null;
  /** It belongs to this process, and has a different address in each. */
  readonly embedded?: boolean;
}

/** An endpoint of token introspection. */
export interface IntrospectionSourceConfig extends RemoteConfig, ClaimRules {
  /** How the gateway authenticates to it. */
  readonly client: ClientConfig;
  /** The issuer whose logout tokens and security event tokens end its results; null: none does. */
  readonly issuer: string | null;
  /** Whether `token_type` must be `Bearer`. */
  readonly tokenTypeRequired: boolean;
  readonly fields: SourceFields;
  readonly users: UserNaming;
}

export type ClientConfig = { readonly id: string } & (
  | { readonly auth: 'basic' | 'post'; readonly secret: string }
  | {
      readonly auth: 'privateKeyJwt';
      /** In PEM form. */
      readonly key: string;
      readonly keyId: string | null;
      readonly algorithm: string;
      /** Null: the URL of the endpoint. */
      readonly audience: string | null;
    }
);

/** The UserInfo endpoint of an OpenID provider. */
export interface UserinfoSourceConfig extends RemoteConfig {
  /** The issuer whose logout tokens and security event tokens end its results; null: none does. */
  readonly issuer: string | null;
  readonly fields: SourceFields;
  readonly users: UserNaming;
}

/** Requirements for claims, besides the identity. */
export interface ClaimRules {
  /** One of them must be in `aud`; null: not checked. */
  readonly audience: readonly string[] | null;
  readonly requiredClaims: readonly string[];
  /** Claims that must have one of these values. */
  readonly requiredValues: Readonly<Record<string, readonly string[]>>;
  /** Whether a required value of `email` counts if the source does not say that the address is verified. */
  readonly assumeVerifiedEmail: boolean;
  /** How far the clock of the issuer may be off. */
  readonly clockSkewMs: number;
}

/** Tokens that the gateway verifies itself, by the keys of their issuer. */
export interface JwtSourceConfig extends ClaimRules {
  readonly issuer: string;
  readonly keys: JwtKeys;
  readonly algorithms: readonly string[];
  /** In lower case, without "application/". */
  readonly types: readonly string[];
  /** Whether `typ` is required. */
  readonly typeRequired: boolean;
  readonly idTokens: 'refuse' | 'accept';
  /** Maximum time since it was issued; revocations are kept longer. */
  readonly maxTokenAgeMs: number;
  /** Whether tokens are refused while this process may miss revocations. */
  readonly whileDisconnected: 'refuse' | 'accept';
  /** Back-channel logout; null: logout tokens are refused. */
  readonly logout: LogoutConfig | null;
  /** Null: security event tokens are refused. */
  readonly securityEvents: EventTokenConfig | null;
  readonly introspect: 'never' | 'onMiss' | 'always';
  /** Name of a source of kind `introspection`; null with `never`. */
  readonly introspection: string | null;
  /** Of a request for keys. */
  readonly timeoutMs: number;
  readonly fields: SourceFields;
  readonly users: UserNaming;
  readonly tls: ClientTlsConfig | null;
}

/** A provider at which browsers sign in: the source of the identities of their sessions. */
export type SessionSourceConfig = OpenidProviderConfig | GithubProviderConfig;

interface ProviderConfig {
  readonly issuer: string;
  /** Its name for people. */
  readonly label: string;
  readonly scopes: readonly string[];
  /** Of a call to it. */
  readonly timeoutMs: number;
  readonly fields: SourceFields;
  readonly users: UserNaming;
  readonly tls: ClientTlsConfig | null;
}

export interface OpenidProviderConfig extends ProviderConfig {
  readonly protocol: 'openid';
  /** How the gateway authenticates to it: by a secret, or with the private key in PEM form. */
  readonly client: { readonly id: string } & ({ readonly secret: string } | { readonly key: string });
  /** Of the request to sign in, besides those of the protocol. */
  readonly authorizationParameters: Readonly<Record<string, string>>;
  /** Back-channel logout. */
  readonly logout: LogoutConfig;
  /** Of logout tokens. */
  readonly algorithms: readonly string[];
  /** How far its clock may be off. */
  readonly clockSkewMs: number;
  /** Claims are as old as the tokens. */
  readonly maxClaimsAgeMs: null;
}

export interface GithubProviderConfig extends ProviderConfig {
  readonly protocol: 'github';
  readonly client: { readonly id: string; readonly secret: string };
  /** The user is read again after this time at the latest. */
  readonly maxClaimsAgeMs: number;
}

/** Client certificates of connections. */
export interface CertificateSourceConfig {
  /** How long a revocation by fingerprint is kept. */
  readonly revocationLifeMs: number;
  /** Whether certificates are refused while this process may miss revocations. */
  readonly whileDisconnected: 'refuse' | 'accept';
  readonly fields: SourceFields;
  readonly users: UserNaming;
}

/** A source that is called over HTTP for every credential. */
export type RemoteSourceConfig = Exclude<SourceConfig, { readonly kind: 'jwt' | 'session' | 'certificate' }>;

export function isRemote(source: SourceConfig): source is RemoteSourceConfig {
  return source.kind !== 'jwt' && source.kind !== 'session' && source.kind !== 'certificate';
}

/** The source of all sessions: each names its provider. No source of the configuration has this name. */
export const sessionSource = 'signIn';

/** The Auth API of the section `authApi`: its name as a source, and in `signIn` of a route. */
export const accountSource = 'authApi';

export type NamedSessionSource = Extract<SourceConfig, { readonly kind: 'session' }>;

export type NamedOpenidProvider = Extract<NamedSessionSource, { readonly protocol: 'openid' }>;

export interface EventTokenConfig {
  /** One of them must be in `aud`. */
  readonly audience: readonly string[];
  /** Maximum time since `iat`. */
  readonly maxMessageAgeMs: number;
}

export interface LogoutConfig extends EventTokenConfig {
  /** What a logout token with a session and a user ends. */
  readonly ends: 'session' | 'user';
}

export type JwtKeys =
  | { readonly from: 'discovery' }
  | { readonly from: 'jwks'; readonly url: string }
  /** In the form of JSON Web Keys. */
  | { readonly from: 'files'; readonly keys: readonly Readonly<Record<string, unknown>>[] };

export type SourceKind = SourceConfig['kind'];

/** `short`: it is the section `authApi`, and not an entry of `sources`. */
export type SourceConfig = { readonly name: string } & (
  | (AuthApiSourceConfig & { readonly kind: 'authApi'; readonly short: boolean })
  | (IntrospectionSourceConfig & { readonly kind: 'introspection' })
  | (UserinfoSourceConfig & { readonly kind: 'userinfo' })
  | (JwtSourceConfig & { readonly kind: 'jwt' })
  | (SessionSourceConfig & { readonly kind: 'session' })
  | (CertificateSourceConfig & { readonly kind: 'certificate' })
);

/** The name of the source by the form of a credential; null: none, and it is rejected. */
export interface SourceRule {
  readonly bearer: string | null;
  readonly keyPair: string | null;
  readonly apiKey: string | null;
  readonly certificate: string | null;
  readonly issuers: readonly { readonly issuer: string; readonly source: string }[];
  /** Providers, and `authApi` if people sign in there: a session itself names its own. */
  readonly sessions: readonly string[];
}

export interface SourcesConfig {
  readonly list: readonly SourceConfig[];
  readonly rule: SourceRule;
}

/** The content of a source's files. */
export interface FilesOfSource {
  readonly tls: ClientTlsConfig | null;
  readonly client: ClientConfig | null;
  /** Of a provider. */
  readonly provider: OpenidProviderConfig['client'] | null;
  /** Public keys, as JSON Web Keys. */
  readonly keys: readonly Readonly<Record<string, unknown>>[] | null;
}

export interface SourceFiles {
  of(name: string): FilesOfSource;
}
