/**
 * What the rooms that use Redis get: one link, whatever form Redis has. Types only, so that a room can name them without
 * loading the client. Redis is a help, never a condition: nothing here waits for a connection, and no address, key or
 * value of an error is for a log (`redisFailure` has the words that are).
 *
 * For users of the link:
 * - `link.run((client) => client.get(...))`: the command rejects at its deadline (`commandTimeoutMs`), and at once while
 *   there is no connection. Nothing is queued, nothing is sent twice.
 * - Replies as bytes: the `Buffer` form of a command (`getrangeBuffer`, `xrangeBuffer`).
 * - Scripts: `link.script({ name, lua, keys })` once, then `run(keys, args)`; strings of the reply are `Buffer`s. All keys
 *   of one script must be in one slot of a Cluster: see `identity/cache/redis-keys.ts`, which tags names with the
 *   credential's.
 * - Subscriptions: `link.subscriber()` is a connection of its own in every form (in a Cluster to one node, another one
 *   when that is lost: every node forwards every message). It connects by itself and again. `subscribe` on each `ready`:
 *   it does not subscribe again by itself, because its user has to know that messages may have been missed. A node of a
 *   Cluster that is cut off from the others responds to PING and forwards nothing: only an own message that comes back
 *   proves the connection.
 */
import type { Cluster, Redis } from 'ioredis';
import type { RedisConfig } from '../config/config.ts';

export type RedisClient = Redis | Cluster;

export interface RedisLink {
  /** For its events, and for libraries that bring a deadline of their own. */
  readonly client: RedisClient;
  /** Whether commands can be sent now. */
  readonly ready: boolean;
  /** Sends a command with the deadline of the link. */
  run<Reply>(command: (client: RedisClient) => Promise<Reply>): Promise<Reply>;
  /** One more connection, for subscriptions; ends with the link, or by its own `close()`. */
  subscriber(): RedisSubscriber;
  /** Makes a script known; it need not be loaded before it is run. */
  script(script: RedisScript): RunScript;
  /** Ends all connections; commands under way fail. Safe to call twice. */
  close(): void;
}

export interface RedisSubscriber {
  /** `disconnect(true)` makes another connection. */
  readonly connection: Redis;
  /** A subscription failed, with this error. */
  failed(error: unknown): void;
  close(): void;
}

export interface RedisScript {
  /** A name of its own among the scripts of a link. */
  readonly name: string;
  readonly lua: string;
  /** How many keys it takes. */
  readonly keys: number;
}

/** Bulk strings of the reply are `Buffer`s. */
export type RunScript = (keys: readonly string[], args: readonly (string | number | Buffer)[]) => Promise<unknown>;

export interface RedisLinkOptions {
  /** Shown in CLIENT LIST. */
  readonly name: string;
  /** Commands can be sent, at first and again; in a Cluster also when nodes were lost in between. */
  readonly onReady?: () => void;
  /** A connection broke or could not be made; once for every attempt. */
  readonly onAway?: (failure: RedisFailure) => void;
  /** A command has its reply, or failed. */
  readonly onCommand?: (ok: boolean, seconds: number) => void;
  /** For the log: each time that a connection, a command or a subscription failed. */
  readonly onFault?: (fault: RedisFault) => void;
}

export interface RedisFault {
  readonly at: 'connection' | 'command' | 'subscription';
  readonly reason: RedisFailure;
  /** As Redis or the socket has it, such as `NOPERM` or `ECONNREFUSED`; null: it has none. */
  readonly code: string | null;
}

/** Makes a link, which connects by itself. Never throws and never waits. */
export type ConnectRedis = (config: RedisConfig, options: RedisLinkOptions) => RedisLink;

/**
 * Why Redis did not do it, in words that may be shown: `disconnected` (no connection, or lost), `timeout`, `forbidden`
 * (password or ACL), `read_only` (a replica), `busy` (loading, in a script, or a Cluster without that slot), `full`
 * (out of memory), `certificate` (TLS), `other`.
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
