/**
 * The link that rooms use for Redis, in any topology. Only types, so that a room can use them without loading the client. Redis is
 * optional: nothing here waits for a connection. Addresses, keys and values in errors must not be logged (`redisFailure` has safe words).
 *
 * For users of the link:
 * - `link.run((client) => client.get(...))`: the command rejects at its deadline (`commandTimeoutMs`), and at once while
 *   there is no connection. Nothing is queued, nothing is sent twice.
 * - Replies as bytes: the `Buffer` form of a command (`getrangeBuffer`, `xrangeBuffer`).
 * - Scripts: `link.script({ name, lua, keys })` once, then `run(keys, args)`; strings of the reply are `Buffer`s. All keys
 *   of one script must be in one slot of a Cluster: see `identity/cache/redis-keys.ts`, which tags names with the
 *   credential's.
 * - Subscriptions: `link.subscriber()` is a separate connection in every topology (in a Cluster to one node, and to another one if that is
 *   lost: every node forwards every message). It connects and reconnects by itself. Call `subscribe` on each `ready`: it does not
 *   resubscribe by itself, because its user must know that messages may have been missed. A node of a
 *   Cluster that is cut off from the others responds to PING and forwards nothing: only the return of an own message proves the connection.
 */
import type { Cluster, Redis } from 'ioredis';
import type { RedisConfig } from '../config/config.ts';

export type RedisClient = Redis | Cluster;

export interface RedisLink {
  /** For its events, and for libraries with their own deadlines. */
  readonly client: RedisClient;
  /** Whether commands can be sent now. */
  readonly ready: boolean;
  /** Sends a command with the deadline of the link. */
  run<Reply>(command: (client: RedisClient) => Promise<Reply>): Promise<Reply>;
  /** Another connection, for subscriptions; ends with the link, or by its own `close()`. */
  subscriber(): RedisSubscriber;
  /** Defines a script; it need not be loaded before it is run. */
  script(script: RedisScript): RunScript;
  /** Ends all connections; commands in progress fail. Safe to call twice. */
  close(): void;
}

export interface RedisSubscriber {
  /** `disconnect(true)` reconnects. */
  readonly connection: Redis;
  /** A subscription failed, with this error. */
  failed(error: unknown): void;
  close(): void;
}

export interface RedisScript {
  /** Unique among the scripts of a link. */
  readonly name: string;
  readonly lua: string;
  /** Number of keys. */
  readonly keys: number;
}

/** Bulk strings of the reply are `Buffer`s. */
export type RunScript = (keys: readonly string[], args: readonly (string | number | Buffer)[]) => Promise<unknown>;

export interface RedisLinkOptions {
  /** Shown in CLIENT LIST. */
  readonly name: string;
  /** Commands can be sent, the first time or again; in a Cluster also after nodes were lost. */
  readonly onReady?: () => void;
  /** A connection broke or failed; once per attempt. */
  readonly onAway?: (failure: RedisFailure) => void;
  /** A command has its reply, or failed. */
  readonly onCommand?: (ok: boolean, seconds: number) => void;
  /** For the log: each failure of a connection, a command or a subscription. */
  readonly onFault?: (fault: RedisFault) => void;
}

export interface RedisFault {
  readonly at: 'connection' | 'command' | 'subscription';
  readonly reason: RedisFailure;
  /** From Redis or the socket, such as `NOPERM` or `ECONNREFUSED`, or null. */
  readonly code: string | null;
}

/** Creates a link, which connects by itself. Never throws or waits. */
export type ConnectRedis = (config: RedisConfig, options: RedisLinkOptions) => RedisLink;

/**
 * Why a command failed, in words that may be shown: `disconnected` (no connection, or lost), `timeout`, `forbidden` (password or ACL),
 * `read_only` (a replica), `busy` (loading, in a script, or a Cluster without that slot), `full` (out of memory), `certificate` (TLS),
 * `other`.
 */
export type RedisFailure =
  | 'disconnected'
  | 'timeout'
  | 'forbidden'
  | 'read_only'
  | 'busy'
  | 'full'
  | 'certificate'
  | 'other';
