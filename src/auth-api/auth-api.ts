/** The interface between the Auth API and its embedder. */
import type { Address, AuthApiSettings } from '../config/config.ts';
import type { HttpLimits, SecurePort } from '../operations/http-server.ts';
import type { MetricsFormat } from '../operations/metrics-format.ts';
import type { ConnectRedis } from '../redis/redis-link.ts';
import type { ForwardedIgnored, MailOutcome, MailState, TraceRequest } from '../telemetry/auth-api-events.ts';
import type { AuthApiLog, MetricsPage, RevocationEvent } from './events.ts';
import type { OutgoingMail } from './outbox/outbox.ts';
import type { SmtpOutboxLimits } from './outbox/smtp-outbox.ts';
import type { Names, UserEntry } from './store/user-store.ts';

export interface AuthApiOptions {
  readonly settings: AuthApiSettings;
  readonly log: AuthApiLog;
  /** Required if the settings have a Redis. */
  readonly connectRedis?: ConnectRedis;
  /** Receives mail instead of the log, if `settings.outbox` is `console`. */
  readonly printCode?: (mail: OutgoingMail) => void;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Called when a result that a gateway may have cached is no longer valid. */
  readonly onRevoked?: (event: RevocationEvent) => void;
  /** Called for a request whose forwarded headers are ignored. */
  readonly onForwardedIgnored?: (reason: ForwardedIgnored) => void;
  /** Called with every outcome of a mail. */
  readonly onMail?: (outcome: MailOutcome) => void;
  /** If unset: nothing is traced. */
  readonly traceRequest?: TraceRequest;
  /** The response to `GET /metrics` of `listenMetrics`. */
  readonly metrics?: (format: MetricsFormat) => Promise<MetricsPage>;
  readonly http?: Partial<HttpLimits>;
  readonly mail?: Partial<SmtpOutboxLimits>;
  /** Mail is handed to the outbox at a random moment within this time. Default: 500 for SMTP, 0 otherwise. */
  readonly mailDelayMs?: number;
}

export interface NewAccount {
  readonly email: string;
  readonly fullName: string;
  readonly alias: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
}

/** Thrown when an account cannot be created because another one has its address or alias. */
export class AccountTakenError extends Error {
  override readonly name = 'AccountTakenError';
  readonly taken: 'email' | 'alias';

  constructor(taken: 'email' | 'alias') {
    super(`this ${taken} belongs to another account`);
    this.taken = taken;
  }
}

export interface AuthApi {
  /**
   * Without `secure`, connections have no TLS. Rejects if the address cannot be used; port 0 chooses a free one, which the result contains.
   */
  listen(address: Address, secure?: SecurePort | null): Promise<Address>;
  /** Serves only `GET /metrics`. Throws `TypeError` without `metrics`; otherwise like `listen`. */
  listenMetrics(address: Address, secure?: SecurePort | null): Promise<Address>;
  /** Finishes requests in progress, for a few seconds at most, and closes the store. Safe to call twice. */
  close(): Promise<void>;
  /** Null: no mail is sent. */
  mailState(): MailState | null;
  /**
   * Creates a user whose address counts as verified. Rejects with `TypeError` if a field is not valid, and with `AccountTakenError` if
   * another account has the address or alias.
   */
  createUser(account: NewAccount): Promise<{ userId: string }>;
  /** Null: no user has this verified address. */
  findUser(email: string): Promise<string | null>;
  /** Which field of a new account is taken; null: `createUser` would succeed. */
  findTaken(account: { readonly email: string; readonly alias: string }): Promise<'email' | 'alias' | null>;
  /** Null: there is no such user. */
  readUser(userId: string): Promise<UserEntry | null>;
  /**
   * Gives a user missing roles and groups, returns them, and notifies gateways. Null: there is no such user. Rejects with `TypeError` if a
   * name is not valid.
   */
  grant(userId: string, names: Names): Promise<Names | null>;
  /** The text of a link that opens one session, in which the user adds a passkey. It ends the earlier one. Null: there is no such user. */
  createLink(userId: string): Promise<string | null>;
  /** Creates a verified session, without mail. The bearer is not stored and cannot be shown again. */
  createVerifiedSession(userId: string): Promise<{ bearer: string; sessionId: string; expireAtMs: number }>;
  /** Creates a verified key pair, without mail. The secret is not stored and cannot be shown again. */
  createVerifiedKeyPair(
    userId: string,
    name: string,
    days: number,
  ): Promise<{ apiKey: string; apiSecret: string; keyId: string; expireAtMs: number }>;
}
