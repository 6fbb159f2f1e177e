/**
 * The compiled configuration: what the YAML file means, with every default filled in and every unit in its name.
 * Frozen; made whole and swapped whole.
 */
import type { CredentialSources } from '../core/credential/credential.ts';
import type { ForwardedSource } from '../core/forwarding/forwarded-header.ts';
import type { IdentityHeader } from '../core/forwarding/identity-headers.ts';
import type { RoleMapping } from '../core/policy/map-roles.ts';
import type { ViaRule } from '../core/request/read-head.ts';
import type { RouteTable } from '../core/routing/compile-routes.ts';
import type { TrustedProxies } from '../core/syntax/addresses.ts';
import type { TestSuite } from './test-suite.ts';

export interface Config {
  readonly server: ServerConfig;
  readonly log: LogConfig;
  /** Null: no decisions are recorded. */
  readonly decisions: DecisionsConfig | null;
  readonly authApi: AuthApiConfig;
  readonly credentials: CredentialSources;
  readonly cache: CacheConfig;
  readonly revocations: RevocationsConfig;
  /** Declared roles and what each inherits, as written. */
  readonly roles: ReadonlyMap<string, readonly string[]>;
  /** Roles that follow from other fields of an identity; null: none do. */
  readonly roleMapping: RoleMapping | null;
  /** By name; `auth-api` is there when a route uses it and the Auth API is not embedded. */
  readonly upstreams: ReadonlyMap<string, UpstreamConfig>;
  readonly routes: RouteTable;
  /** Headers that tell the upstream who the client is. */
  readonly identityHeaders: readonly IdentityHeader[];
  /** The name of this gateway in `Via`, and how often a request may have passed it; null: no `Via` is sent or looked at. */
  readonly via: ViaRule | null;
  readonly errors: { readonly annotate: 'failures' | 'all' };
  /** Patterns of the files that are included, from the folder of the main one. */
  readonly include: readonly string[];
  /** Tests of the rules, of every file: nothing of them bears on a request. */
  readonly tests: TestSuite;
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
  /** They are all peers (`server.trustEveryPeer`). */
  readonly trustEveryPeer: boolean;
  /** What is believed of them. */
  readonly forwardedHeaders: ForwardedSource;
  /** Further headers that only they may send; "*" at the end stands for any rest. */
  readonly proxyHeaders: readonly string[];
  /** How long a process that has to end still takes requests, and reports that it is not ready. */
  readonly drainDelayMs: number;
  /** Longest wait for requests in flight when the process ends. */
  readonly drainTimeoutMs: number;
  /** Processes that serve; `auto`: as many as cores may be used. For `rolegate serve` alone. */
  readonly workers: number | 'auto';
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
    /** Of one client that is no trusted proxy; 0: no limit. */
    readonly connectionsPerClient: number;
    /** 0: no limit. */
    readonly requestsPerConnection: number;
    /** Bytes that the first parts of all bodies (`bodyBufferBytes` of a route) take together. */
    readonly bodyMemoryBytes: number;
    /** Time over which the rate of a body is measured. */
    readonly bodyGraceMs: number;
    /** A client that takes nothing of what waits for it this long is let go. */
    readonly unreadTimeoutMs: number;
    /** Delay of the event loop beyond which a part of the requests is refused; 0: none ever is. */
    readonly eventLoopLagMs: number;
  };
}

export interface LogConfig {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Whether each request writes a line. */
  readonly access: boolean;
}

export interface DecisionsConfig {
  /** Absolute, or from the working directory. */
  readonly file: string;
  /** Records in a second at most. */
  readonly perSecond: number;
  /** Bytes of a file at which the next one is begun. */
  readonly sizeBytes: number;
}

export type AuthApiConfig = RemoteAuthApiConfig | EmbeddedAuthApiConfig;

interface AuthApiCallConfig {
  readonly timeoutMs: number;
  /** Calls at once; more wait, up to as many again, and beyond that are refused. */
  readonly concurrency: number;
  /** Statuses by which it rejects a credential. */
  readonly rejectedStatuses: readonly number[];
  /** Whether `Cache-Control` of an answer can shorten the life of its verdict. */
  readonly honorCacheControl: boolean;
  /** Consecutive failures that open the circuit breaker of a URL, and for how long it stays open. */
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
  /** Base URLs without trailing slash, at least one: the first is asked, the next ones when it fails. */
  readonly urls: readonly string[];
  /** Shared with the Auth API; null: it has to know the gateway by its address. */
  readonly gatewaySecret: string | null;
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
  /** Shared with gateways, whose `X-Forwarded-For` is believed with any of them. Embedded: made at each start. */
  readonly gatewaySecrets: readonly string[];
  /** Other peers whose `X-Forwarded-For` is believed. */
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
  /** Sign-ins and registrations, and the mails for them, within `mailWindowMs`. */
  readonly requestsPerClient: number;
  readonly mailsPerClient: number;
  readonly mailsPerAddressAndClient: number;
  readonly mailsPerAddress: number;
  /** Mails that a signed-in user asks for within `mailWindowMs`. */
  readonly mailsPerUser: number;
  readonly mailWindowMs: number;
  /** Failed verifications of a client in a day, beyond which each has to wait. */
  readonly failuresPerClient: number;
  /** Failing checks of one API key within `keyWindowMs`. */
  readonly keyFailures: number;
  readonly keyWindowMs: number;
}

export interface CacheConfig {
  /** Null: made at start, which is only possible without Redis. */
  readonly secret: string | null;
  /** Earlier values of `secret`, the newest first: verdicts kept under them are kept anew under the current one. */
  readonly previousSecrets: readonly string[];
  readonly acceptedMs: number;
  readonly rejectedMs: number;
  readonly staleOnOutageMs: number;
  /** Longest life of a verdict while this process would not hear of a revocation. */
  readonly unhearingMs: number;
  /** Whether verdicts in use are asked for again before they end. */
  readonly refreshAhead: boolean;
  /** Entries held in memory: accepted and rejected apart. */
  readonly maxAccepted: number;
  readonly maxRejected: number;
  /** Bytes that both take in memory at most. */
  readonly maxBytes: number;
  readonly redis: RedisConfig | null;
}

export interface RevocationsConfig {
  /** Keys of signed webhooks, any of which is good; empty: no webhook is taken. */
  readonly webhookSecrets: readonly string[];
}

export interface RedisConfig {
  readonly servers: RedisServers;
  /** User of the ACL; null: the default user. */
  readonly username: string | null;
  readonly password: string | null;
  /** Null: without TLS. In front of the servers, and of Sentinels too. */
  readonly tls: RedisTlsConfig | null;
  readonly keyPrefix: string;
  /** Longest wait for a command; beyond it the answer counts as a miss. */
  readonly commandTimeoutMs: number;
}

export type RedisServers =
  | { readonly kind: 'single'; readonly host: string; readonly port: number; readonly database: number }
  | {
      readonly kind: 'sentinel';
      /** Of the group of servers, as the Sentinels call it. */
      readonly name: string;
      /** The Sentinels, at least one; the others are learned from them. */
      readonly nodes: readonly Address[];
      /** Of the Sentinels themselves. */
      readonly username: string | null;
      readonly password: string | null;
    }
  /** Some nodes, at least one; the others are learned from them. */
  | { readonly kind: 'cluster'; readonly nodes: readonly Address[] };

/** Texts of PEM files, read with the configuration. */
export interface RedisTlsConfig {
  /** Who may vouch for the server; null: those whom Node and the system trust. */
  readonly ca: string | null;
  /** What this process shows of itself, both or neither. */
  readonly cert: string | null;
  readonly key: string | null;
  /** The name that the server's certificate must bear; null: the one that it is connected by. */
  readonly serverName: string | null;
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
  /** Requests of one client at once, over all targets. */
  readonly requestsPerClient: number;
  /** Requests that wait for a free connection: how many, and how long. */
  readonly queue: { readonly length: number; readonly waitMs: number };
  /** Sent with every request to the Auth API, which believes forwarded headers only with it; null: with none. */
  readonly gatewaySecret: string | null;
}
