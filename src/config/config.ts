/**
 * The compiled configuration: what the YAML file means, with every default filled in and every unit in its name.
 * Frozen; made whole and swapped whole.
 */
import type { CredentialSources } from '../core/credential/credential.ts';
import type { IdentityHeader } from '../core/forwarding/identity-headers.ts';
import type { TrustedProxies } from '../core/forwarding/trusted-proxies.ts';
import type { RouteTable } from '../core/routing/compile-routes.ts';

export interface Config {
  readonly server: ServerConfig;
  readonly log: LogConfig;
  readonly authApi: AuthApiConfig;
  readonly credentials: CredentialSources;
  readonly cache: CacheConfig;
  /** Declared roles and what each inherits, as written. */
  readonly roles: ReadonlyMap<string, readonly string[]>;
  /** By name; `auth-api` is there when a route uses it and the Auth API is not embedded. */
  readonly upstreams: ReadonlyMap<string, UpstreamConfig>;
  readonly routes: RouteTable;
  /** Headers that tell the upstream who the client is. */
  readonly identityHeaders: readonly IdentityHeader[];
  readonly errors: { readonly annotate: 'failures' | 'all' };
}

export interface Address {
  /** Empty: every interface. */
  readonly host: string;
  readonly port: number;
}

export interface ServerConfig {
  readonly listen: Address;
  /** Null: no admin port. */
  readonly admin: Address | null;
  /** The bearer of operators on the admin port; null: it only shows, and asks nobody. */
  readonly adminToken: string | null;
  /** Further host names under which operators reach the admin port, in lower case, without port. */
  readonly adminHosts: readonly string[];
  readonly trustedProxies: TrustedProxies;
  /** Longest wait for requests in flight when the process ends. */
  readonly drainTimeoutMs: number;
  readonly limits: {
    readonly headerBytes: number;
    readonly headers: number;
    readonly targetBytes: number;
    /** Longest time for all headers of a request to arrive. */
    readonly headersTimeoutMs: number;
    /** Longest time for a whole request to arrive; 0: no limit. */
    readonly requestTimeoutMs: number;
    /** How long an idle connection is kept. */
    readonly keepAliveTimeoutMs: number;
    /** Connections at once; beyond it new ones are closed. */
    readonly connections: number;
  };
}

export interface LogConfig {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Whether each request writes a line. */
  readonly access: boolean;
}

export type AuthApiConfig = RemoteAuthApiConfig | EmbeddedAuthApiConfig;

interface AuthApiCallConfig {
  readonly timeoutMs: number;
  /** Calls at once; more wait, up to as many again, and beyond that are refused. */
  readonly concurrency: number;
  /** Consecutive failures that open the circuit breaker, and for how long it stays open. */
  readonly breaker: { readonly failures: number; readonly openMs: number };
  readonly paths: { readonly session: string; readonly keypair: string };
  /** Header names in which a key pair is sent to the Auth API. */
  readonly headers: { readonly apiKey: string; readonly apiSecret: string };
  /** Where the fields stand in the Auth API's answers: dotted paths. */
  readonly fields: AuthApiFields;
}

export interface AuthApiFields {
  readonly userId: string;
  readonly roles: string;
  readonly groups: string | null;
  readonly expireAt: string | null;
  readonly sessionId: string | null;
  readonly keyId: string | null;
  /** `alias` of a session and `userAlias` of a key pair, and so on: one path for each kind. */
  readonly alias: { readonly session: string | null; readonly keypair: string | null };
  readonly fullName: { readonly session: string | null; readonly keypair: string | null };
  readonly verified: string | null;
}

export interface RemoteAuthApiConfig extends AuthApiCallConfig {
  readonly kind: 'remote';
  /** Base URL without trailing slash. */
  readonly url: string;
}

export interface EmbeddedAuthApiConfig extends AuthApiCallConfig {
  readonly kind: 'embedded';
  readonly embedded: AuthApiSettings;
}

/** Keys of the Auth API itself: the same under `authApi.embedded` and in its own file. */
export interface AuthApiSettings {
  /** Path of the SQLite file, `:memory:`, or a `postgres://` URL, which may hold a password. */
  readonly database: string;
  /** Key of the hashes of bearers, secrets and codes; at least 32 characters. */
  readonly secret: string;
  /** Earlier values of `secret`, the newest first: what was hashed under them stays valid. */
  readonly previousSecrets: readonly string[];
  readonly selfRegistration: boolean;
  readonly revealUnknownEmail: boolean;
  /** `console` prints codes on standard output: for demonstrations. `mail` only with a `mail` that is not null. */
  readonly outbox: 'console' | 'none' | 'mail';
  readonly mail: MailConfig | null;
  readonly sessionLifetimeMs: number;
  readonly unverifiedLifetimeMs: number;
  readonly sessionCapMs: number;
  readonly codeLifetimeMs: number;
  readonly limits: AuthApiLimits;
  /** Shares limits among replicas and publishes revocations; null: this process alone. */
  readonly redis: RedisConfig | null;
  /** Cookie that can carry the bearer of a web page; null: none. */
  readonly webSession: { readonly cookie: string } | null;
  /** Peers whose `X-Forwarded-For` is believed; embedded: this machine, as the gateway asks from it. */
  readonly trustedProxies: TrustedProxies;
}

export interface MailConfig {
  readonly smtp: SmtpConfig;
  readonly from: { readonly name: string; readonly address: string };
}

export interface SmtpConfig {
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte (`smtps://`); otherwise by STARTTLS where the server offers it. */
  readonly implicitTls: boolean;
  /** Without TLS no mail is handed over, and no password sent. */
  readonly requireTls: boolean;
  readonly credentials: { readonly user: string; readonly password: string } | null;
}

export interface AuthApiLimits {
  /** Wrong tries of one code. */
  readonly codeTries: number;
  /** Mails to one address, and mails that one client asks for, within `mailWindowMs`. */
  readonly mailsPerAddress: number;
  readonly mailsPerClient: number;
  readonly mailWindowMs: number;
  /** Failing checks of one API key within `keyWindowMs`. */
  readonly keyFailures: number;
  readonly keyWindowMs: number;
}

export interface CacheConfig {
  /** Null: made at start, which is only possible without Redis. */
  readonly secret: string | null;
  readonly acceptedMs: number;
  readonly rejectedMs: number;
  readonly staleOnOutageMs: number;
  /** Entries held in memory: accepted and rejected apart. */
  readonly maxAccepted: number;
  readonly maxRejected: number;
  readonly redis: RedisConfig | null;
}

export interface RedisConfig {
  readonly url: string;
  readonly keyPrefix: string;
  /** Longest wait for a command; beyond it the answer counts as a miss. */
  readonly commandTimeoutMs: number;
}

export interface UpstreamConfig {
  readonly name: string;
  /** Origins such as `http://orders-1:8080`, at least one. */
  readonly targets: readonly string[];
  /** Path asked on every target now and then; null: targets count as healthy. */
  readonly health: { readonly path: string; readonly intervalMs: number; readonly timeoutMs: number } | null;
  /** Connections to each target at most. */
  readonly connections: number;
  readonly connectTimeoutMs: number;
}
