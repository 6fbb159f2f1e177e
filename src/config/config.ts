/**
 * The compiled configuration: what the YAML file means, with every default filled in and every unit in its name. Sections are those of the
 * schema, which describes their keys, except for compiled values and file contents. Frozen; created and swapped as a whole.
 */
import type { CredentialSources } from '../core/credential/credential.ts';
import type { IdentityHeader } from '../core/forwarding/forwarding-rules.ts';
import type { ClaimTable } from '../core/identity/claims.ts';
import type { RoleMapping } from '../core/policy/map-roles.ts';
import type { Restriction } from '../core/policy/restrictions.ts';
import type { ViaRule } from '../core/request/via.ts';
import type { RouteTable } from '../core/routing/route-table.ts';
import type { TrustedProxies } from '../core/syntax/addresses.ts';
import type { AccountsConfig } from './accounts-config.ts';
import type { AdminToken } from './admin-token.ts';
import type { ListenerConfig, PortTlsConfig } from './listener-config.ts';
import type { PasskeySettings } from './passkey-settings.ts';
import type { InUnits } from './schema/in-units.ts';
import type { AuthApiFile, ConfigFile } from './schema.ts';
import type { AuthApiSourceConfig, NamedSessionSource, SourceConfig, SourceRule } from './source-config.ts';
import type { TestSuite } from './test-suite.ts';
import type { SmtpConfig } from './units/mail.ts';
import type { Address } from './units/parse-address.ts';

export interface Config {
  /** Identity of what its files contain, without secrets (`config-digest.ts`). */
  readonly digest: string;
  readonly server: ServerConfig;
  /** Null: no checks for other proxies. */
  readonly authorizer: AuthorizerConfig | null;
  readonly log: LogConfig;
  /** Null: requests are not recorded. */
  readonly records: RecordsConfig | null;
  /** Null: nothing is traced. */
  readonly tracing: TracingConfig | null;
  /** Null: only other sources are used. */
  readonly authApi: AuthApiConfig | null;
  /** Sources besides `authApi`. */
  readonly sources: readonly SourceConfig[];
  /** Which source is used for which credentials. */
  readonly sourceRule: SourceRule;
  readonly credentials: CredentialSources;
  /** `server.limits.failedAuthentications`; null: they are not throttled. */
  readonly failedAuthentications: File['server']['limits']['failedAuthentications'];
  readonly cache: CacheConfig;
  /** Null: there is no sign-in with a browser. */
  readonly signIn: SignInConfig | null;
  readonly revocations: RevocationsConfig;
  /** Claims of identities that the configuration declares. */
  readonly claims: ClaimTable;
  /** Declared roles and what each inherits, as written. */
  readonly roles: ReadonlyMap<string, readonly string[]>;
  /** Roles derived from other fields of an identity; null: none. */
  readonly roleMapping: RoleMapping | null;
  /** Restrictions of everything below a prefix; they are part of the routes, too. */
  readonly policies: readonly Restriction[];
  /** Names of conditions (`conditions.named`). */
  readonly conditionNames: readonly string[];
  /** By name; `auth-api` exists if a route uses it and the Auth API is not embedded. */
  readonly upstreams: ReadonlyMap<string, UpstreamConfig>;
  readonly routes: RouteTable;
  /** Headers with the client's identity for upstreams. */
  readonly identityHeaders: readonly IdentityHeader[];
  /** The name of this gateway in `Via`, and how often a request may have passed it; null: no `Via` is sent or checked. */
  readonly via: ViaRule | null;
  /** Signs the client's identity for services; null: nothing is signed. */
  readonly identityAssertion: IdentityAssertionConfig | null;
  readonly errors: { readonly annotate: 'failures' | 'all' };
  /** Tests of the rules, of every file: they do not affect requests. */
  readonly tests: TestSuite;
}

export type { AdminScope, AdminToken } from './admin-token.ts';
export type { CertificateConfig, ListenerConfig, PortTlsConfig } from './listener-config.ts';
export type { Address };

type File = InUnits<Omit<ConfigFile, 'routes' | 'policies' | 'tests'>>;

/** Without the values in `via`, `credentials` and `failedAuthentications`. */
export type ServerConfig = Replace<
  Omit<File['server'], 'listen' | 'name' | 'via' | 'adminToken'>,
  {
    /** Empty: it does not forward. */
    readonly listeners: readonly ListenerConfig[];
    readonly adminTls: PortTlsConfig | null;
    /** Bearers of operators on the admin port; empty: read-only, and no credential is required. */
    readonly adminTokens: readonly AdminToken[];
    readonly trustedProxies: TrustedProxies;
    /** The same as addresses and CIDR ranges. */
    readonly trustedRanges: readonly string[];
    readonly limits: Omit<File['server']['limits'], 'passes' | 'credentialBytes' | 'failedAuthentications'>;
  }
>;

type AuthorizerFile = NonNullable<File['authorizer']>;

export type AuthorizerConfig = Replace<
  AuthorizerFile,
  {
    readonly peers: TrustedProxies;
    readonly secret: string | null;
    /** Null: no checks over HTTP. */
    readonly listen: NonNullable<AuthorizerFile['listen']> | null;
    readonly tls: PortTlsConfig | null;
    readonly dialects: NonNullable<AuthorizerFile['dialects']>;
    /** Null: no checks over gRPC. */
    readonly grpc: Replace<NonNullable<AuthorizerFile['grpc']>, { readonly tls: PortTlsConfig | null }> | null;
  }
>;

export interface LogConfig extends Pick<File['log'], 'level' | 'access' | 'format' | 'fields'> {
  /** Name of this replica. */
  readonly instance: string;
  /** `Infinity`: no request is slow. */
  readonly slowRequestMs: number;
}

export type TracingConfig = Replace<
  NonNullable<File['tracing']>,
  {
    /** Null: no spans are recorded. */
    readonly endpoint: string | null;
    readonly headers: Readonly<Record<string, string>>;
  }
>;

export type RecordsConfig = Replace<
  NonNullable<File['records']>,
  {
    /** Absolute, or from the working directory; null: none. */
    readonly file: string | null;
  }
>;

export type AuthApiConfig = RemoteAuthApiConfig | EmbeddedAuthApiConfig;

type AuthApiCallConfig = Omit<AuthApiSourceConfig, 'urls' | 'gatewaySecret' | 'embedded'>;

export interface RemoteAuthApiConfig extends AuthApiCallConfig {
  readonly kind: 'remote';
  /** Base URLs without trailing slash, at least one: the first is asked, the next ones when it fails. */
  readonly urls: readonly string[];
  /** Shared with the Auth API; null: it must recognize the gateway by its address. */
  readonly gatewaySecret: string | null;
}

export interface EmbeddedAuthApiConfig extends AuthApiCallConfig {
  readonly kind: 'embedded';
  readonly embedded: AuthApiSettings;
}

/** Keys of the Auth API itself: the same under `authApi.embedded` and in its own file. */
export interface AuthApiSettings
  extends Pick<InUnits<AuthApiFile>, 'selfRegistration' | 'revealUnknownEmail' | 'limits'> {
  /** Path of the SQLite file, `:memory:`, or a `postgres://` URL, which may contain a password. */
  readonly database: string;
  /** Key of the hashes of bearers, secrets and codes; at least 32 characters. */
  readonly secret: string;
  /** Earlier values of `secret`, the newest first: hashes under them stay valid. */
  readonly previousSecrets: readonly string[];
  /** `console` prints codes on standard output: for demonstrations. `mail` only with a `mail` that is not null. */
  readonly outbox: 'console' | 'none' | 'mail';
  readonly mail: MailConfig | null;
  readonly sessionLifetimeMs: number;
  readonly unverifiedLifetimeMs: number;
  readonly sessionCapMs: number;
  readonly codeLifetimeMs: number;
  readonly recentSignInMs: number | null;
  /** Shares limits among replicas and publishes revocations; null: this process alone. */
  readonly redis: RedisConfig | null;
  readonly passkeys: PasskeySettings | null;
  /** Shared with gateways, whose `X-Forwarded-For` is trusted with any of them. Embedded: generated at each start. */
  readonly gatewaySecrets: readonly string[];
  /** Other peers whose `X-Forwarded-For` is trusted. */
  readonly trustedProxies: TrustedProxies;
}

export interface MailConfig {
  readonly smtp: SmtpConfig;
  readonly from: { readonly name: string; readonly address: string };
}

export type AuthApiLimits = AuthApiSettings['limits'];

export type CacheConfig = Replace<
  Omit<File['cache'], 'previousSecret'>,
  {
    /** Null: generated at start, which is only possible without Redis. */
    readonly secret: string | null;
    /** Earlier values of `secret`, the newest first: verdicts kept under them are stored again under the current one. */
    readonly previousSecrets: readonly string[];
    readonly redis: RedisConfig | null;
  }
>;

export type IdentityAssertionConfig = Replace<
  NonNullable<File['identityAssertion']>,
  {
    /** Private keys: the first signs, all are published; null: the gateway generates its own. */
    readonly keys: readonly AssertionKey[] | null;
  }
>;

export interface SignInConfig {
  /** Of the protected pages, as browsers see it; without a slash at its end. Further ones get their session from there. */
  readonly origin: string;
  readonly otherOrigins: readonly string[];
  readonly providers: readonly NamedSessionSource[];
  readonly accounts: AccountsConfig | null;
  readonly sessions: SessionsConfig;
}

export interface SessionsConfig {
  readonly store: 'redis' | 'memory' | { readonly file: string };
  readonly maxIdleMs: number;
  readonly maxLifetimeMs: number;
  readonly maxPerPerson: number;
  readonly max: number;
}

export interface RevocationsConfig {
  /** Keys of signed webhooks, any of which is valid; empty: webhooks are refused. */
  readonly webhookSecrets: readonly string[];
}

export interface RedisConfig {
  readonly servers: RedisServers;
  /** User of the ACL; null: the default user. */
  readonly username: string | null;
  readonly password: string | null;
  /** Null: without TLS. For servers and Sentinels. */
  readonly tls: ClientTlsConfig | null;
  readonly keyPrefix: string;
  /** Maximum wait for a command; a later response counts as a miss. */
  readonly commandTimeoutMs: number;
}

export type RedisServers =
  | { readonly kind: 'single'; readonly host: string; readonly port: number; readonly database: number }
  | {
      readonly kind: 'sentinel';
      /** Name of the group of servers at the Sentinels. */
      readonly name: string;
      /** The Sentinels, at least one; the others are discovered. */
      readonly nodes: readonly Address[];
      /** Of the Sentinels themselves. */
      readonly username: string | null;
      readonly password: string | null;
    }
  /** Some nodes, at least one; the others are discovered. */
  | { readonly kind: 'cluster'; readonly nodes: readonly Address[] };

/** TLS to a server: texts of PEM files, read with the configuration. */
export interface ClientTlsConfig {
  /** Authorities for the server; null: those that Node and the system trust. */
  readonly ca: string | null;
  /** Client certificate and key of this process, both or neither. */
  readonly cert: string | null;
  readonly key: string | null;
  /** The name that the server's certificate must contain; null: the host of the connection. */
  readonly serverName: string | null;
}

export type UpstreamConfig = Replace<
  File['upstreams'][string],
  {
    readonly name: string;
    /** Null: the defaults of Node. */
    readonly tls: ClientTlsConfig | null;
    /** Version of the header with which connections begin; null: there is none. */
    readonly proxyProtocol: 'v1' | 'v2' | null;
    /** Null: targets count as healthy. */
    readonly health: Exclude<File['upstreams'][string]['health'], string | undefined> | null;
    readonly requestsPerClient: number;
    readonly streamsPerClient: number;
    /** Sent with every request to the Auth API, which trusts forwarded headers only with it; null: another service. */
    readonly gatewaySecret: string | null;
  }
>;

type Replace<T, Other> = Omit<T, keyof Other> & Other;

/** A private JWK (RFC 7517) and its algorithm. */
export interface AssertionKey {
  readonly algorithm: 'EdDSA' | 'ES256';
  /** As in the file; null: its thumbprint. */
  readonly kid: string | null;
  readonly jwk: {
    readonly kty: string;
    readonly crv: string;
    readonly x: string;
    readonly y?: string;
    readonly d: string;
  };
}
