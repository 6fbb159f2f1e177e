/** What an embedder gives to the Auth API and gets from it. */
import type { Address, AuthApiSettings } from '../config/config.ts';
import type { HttpLimits } from '../http-base/http-server.ts';
import type { MetricsFormat } from '../http-base/metrics-format.ts';
import type { ConnectRedis } from '../redis/redis-link.ts';
import type { AuthApiLog, MetricsPage, RevocationEvent, TraceRequest } from './events.ts';
import type { ForwardedIgnored } from './http/client-address.ts';
import type { MailOutcome, MailState } from './outbox/mail-events.ts';
import type { OutgoingMail } from './outbox/outbox.ts';
import type { SmtpOutboxLimits } from './outbox/smtp-outbox.ts';
import type { Names, UserEntry } from './store/user-store.ts';

export interface AuthApiOptions {
  readonly settings: AuthApiSettings;
  readonly log: AuthApiLog;
  /** Needed when the settings have a Redis. */
  readonly connectRedis?: ConnectRedis;
  /** Takes mail in place of the log, when `settings.outbox` is `console`. */
  readonly printCode?: (mail: OutgoingMail) => void;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Called when a result that a gateway may keep is no longer true. */
  readonly onRevoked?: (event: RevocationEvent) => void;
  /** Called for a request whose forwarded headers are not believed. */
  readonly onForwardedIgnored?: (reason: ForwardedIgnored) => void;
  /** Called at every step of a mail that is sent. */
  readonly onMail?: (outcome: MailOutcome) => void;
  /** If unset: nothing is traced. */
  readonly traceRequest?: TraceRequest;
  /** What `GET /metrics` of `listenMetrics` responds with. */
  readonly metrics?: (format: MetricsFormat) => Promise<MetricsPage>;
  readonly http?: Partial<HttpLimits>;
  readonly mail?: Partial<SmtpOutboxLimits>;
  /** Within this time mail is handed to the outbox, at a random moment. Default: 500 for SMTP, 0 otherwise. */
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
  /** Rejects when the address cannot be used; port 0 takes a free one, which the result names. */
  listen(address: Address): Promise<Address>;
  /** Serves `GET /metrics` alone. Throws `TypeError` without `metrics`; otherwise like `listen`. */
  listenMetrics(address: Address): Promise<Address>;
  /** Finishes requests under way, as long as some seconds, and closes the store. Safe to call twice. */
  close(): Promise<void>;
  /** Null: no mail is sent. */
  mailState(): MailState | null;
  /**
   * Makes a user whose address counts as verified. Rejects with `TypeError` when a field is not valid, and with
   * `AccountTakenError` when another account has the address or alias.
   */
  createUser(account: NewAccount): Promise<{ userId: string }>;
  /** Null: no user has this verified address. */
  findUser(email: string): Promise<string | null>;
  /** What of a new account another one has; null: `createUser` would succeed. */
  findTaken(account: { readonly email: string; readonly alias: string }): Promise<'email' | 'alias' | null>;
  /** Null: there is no such user. */
  readUser(userId: string): Promise<UserEntry | null>;
  /**
   * Gives a user the roles and groups that it does not hold yet, and returns which those were; gateways hear of it.
   * Null: there is no such user. Rejects with `TypeError` when a name is not valid.
   */
  grant(userId: string, names: Names): Promise<Names | null>;
  /** Makes a session that is verified already, without mail. The bearer is not stored and cannot be shown again. */
  createVerifiedSession(userId: string): Promise<{ bearer: string; sessionId: string; expireAtMs: number }>;
  /** Makes a key pair that is verified already, without mail. The secret is not stored and cannot be shown again. */
  createVerifiedKeyPair(
    userId: string,
    name: string,
    days: number,
  ): Promise<{ apiKey: string; apiSecret: string; keyId: string; expireAtMs: number }>;
}
