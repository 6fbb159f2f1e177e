/**
 * Receives what others revoke, and proves that it does: its own message must return on the subscription, and it must read both logs to their
 * end, repeatedly. Only what was received before the last proof is certain.
 */
import type { RunScript } from '../../redis/redis-link.ts';
import { presentName } from './acknowledgements.ts';
import type { RevocationConnection } from './revocation-connection.ts';
import type { RevocationEvents, RevocationSource } from './revocation-events.ts';
import {
  announcedChannel,
  gatewaysChannel,
  logKey,
  ownChannel,
  replicasKey,
  resultsLogKey,
} from './revocation-keys.ts';
import {
  type EntryId,
  follow,
  type LogEntry,
  type LogReply,
  type LogStep,
  readReplies,
  writtenMs,
} from './revocation-log.ts';
import { decodeMessage, type Message, maxAnnouncedBytes, maxToldBytes } from './revocation-message.ts';
import { SeenMessages } from './seen-messages.ts';
import type { Subscription } from './subscription.ts';
import { allowedSkewMs, type Revocation } from './tombstones.ts';

export interface RevocationListenerOptions {
  readonly keyPrefix: string;
  readonly replicaId: string;
  readonly connection: RevocationConnection;
  readonly follow: RunScript;
  readonly publish: (channel: string, message: string) => Promise<unknown>;
  /** How far back a new process reads each log: the life of a tombstone. `called`: of the log about sources that are called. */
  readonly windowMs: { readonly all: number; readonly called: number };
  /** It applies to calls until `atMs`; null: until now. It was announced `agoMs` ago. */
  readonly apply: (revocation: Revocation, source: RevocationSource, atMs: number | null, agoMs: number) => void;
  readonly acknowledged: (id: string, replicaId: string) => void;
  /** Redis accepts commands. */
  readonly proven: () => void;
  readonly events: RevocationEvents;
  readonly now: () => number;
}

interface FollowedLog {
  readonly key: string;
  readonly windowMs: number;
  /** What counts as revoked if an entry may be missing. */
  readonly lost: Revocation;
  /** Null: it was never read. */
  from: EntryId | null;
}

const entriesAtOnce = 500;
const own = /^(proof|ack) ([0-9a-f-]{1,36})(?: ([0-9a-f-]{36}))?$/;

/** Wait after a failed proof, regardless of `whileDisconnected`: the connection may return at once. */
const maxRetryMs = 250;
/** Longer than any sender waits. */
const maxRespondedMs = 15_000;

export class RevocationListener {
  readonly #options: RevocationListenerOptions;
  readonly #seen = new SeenMessages();
  /** Name of this process among the replicas. */
  readonly name: string;
  readonly #logs: readonly FollowedLog[];
  #subscribed = false;
  #disconnections = 0;
  /** A later subscription has not caught up yet. */
  #behind = false;
  /** Reported already, before the logs were read to their end. */
  #lost = false;
  #round = 0;
  #echoed = 0;
  #echo: (() => void) | null = null;
  #timer: NodeJS.Timeout | null = null;
  #subscription: Subscription | null = null;
  /** On the clock of `performance.now()`. */
  #provenAt = Number.NEGATIVE_INFINITY;
  #wasConnected = false;
  #closed = false;

  constructor(options: RevocationListenerOptions) {
    this.#options = options;
    const { replicaId, connection, keyPrefix, windowMs } = options;
    this.name = presentName({ replicaId, whileDisconnectedMs: connection.whileDisconnectedMs });
    this.#logs = [
      { key: logKey(keyPrefix), windowMs: windowMs.all, lost: { kind: 'all' }, from: null },
      { key: resultsLogKey(keyPrefix), windowMs: windowMs.called, lost: { kind: 'all', of: 'called' }, from: null },
    ];
  }

  listen(subscription: Subscription): void {
    this.#subscription = subscription;
    const { keyPrefix, replicaId, events } = this.#options;
    subscription.on(announcedChannel(keyPrefix), (bytes) => {
      const message = decodeMessage(bytes, maxAnnouncedBytes);
      if (message === null) return events.invalidMessage('channel');
      if (message.sender === null) this.#seen.announced(bytes.toString('utf8'));
      else this.#seen.sent(message.sender.id);
      this.#take(message, 'channel');
    });
    subscription.on(gatewaysChannel(keyPrefix), (bytes) => {
      const message = decodeMessage(bytes, maxToldBytes);
      if (message === null) return events.invalidMessage('replica');
      if (message.sender !== null) this.#seen.sent(message.sender.id);
      this.#take(message, 'replica');
    });
    subscription.on(ownChannel(keyPrefix, replicaId), (bytes) => this.#ownMessage(bytes));
    // Also while disconnected, for the metric.
    this.#schedule(0);
  }

  subscribed(): void {
    this.#subscribed = true;
    this.#schedule(0);
  }

  disconnected(): void {
    this.#subscribed = false;
    this.#disconnections += 1;
    this.#behind = true;
    this.#echo?.();
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#echo?.();
  }

  #schedule(inMs: number): void {
    if (this.#closed) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#prove(), inMs).unref();
  }

  async #prove(): Promise<void> {
    const { connection, now, events } = this.#options;
    const round = ++this.#round;
    const sentAtMs = now();
    const sentAt = performance.now();
    const proven = this.#subscribed && (await this.#readLogs(round)) && (await this.#echoOf(round));
    // A later round is in progress, or the listener is closed.
    if (round !== this.#round || this.#closed) return;
    this.#conclude(proven && this.#subscribed, sentAtMs, sentAt);
    const connected = connection.isConnected(now());
    if (connected !== this.#wasConnected) events.connected(connected);
    this.#wasConnected = connected;
    this.#schedule(
      proven ? connection.whileDisconnectedMs / 4 : Math.min(connection.whileDisconnectedMs / 8, maxRetryMs),
    );
  }

  #conclude(proven: boolean, sentAtMs: number, sentAt: number): void {
    const { connection, now } = this.#options;
    const { whileDisconnectedMs } = connection;
    // The clock was set back: a proof until a time far ahead is void.
    if (connection.connectedUntilMs > now() + whileDisconnectedMs) connection.lost();
    if (proven && sentAtMs <= now()) {
      this.#provenAt = sentAt;
      connection.proven(sentAtMs);
      this.#options.proven();
    }
    if (performance.now() - this.#provenAt >= whileDisconnectedMs) connection.lost();
  }

  /** Applies new entries. False: a log could not be read to its end. */
  async #readLogs(round: number): Promise<boolean> {
    const { events } = this.#options;
    const started = this.#logs.every(({ from }) => from === null);
    const disconnections = this.#disconnections;
    let missed = this.#behind && !this.#seen.logged;
    for (let more = true; more; missed = false) {
      const replies = await this.#ask(round);
      if (replies === null || round !== this.#round || this.#closed) return false;
      // Of a publisher that does not write to the log; it may concern any source.
      if (missed) this.#lose({ kind: 'all' });
      const steps = this.#logs.map((log, at) => this.#step(log, replies[at]!));
      // Entries come after every gap, because they apply now, and a gap from when its log began.
      for (const { entries, redisMs } of steps) {
        for (const entry of entries) this.#takeEntry(entry, redisMs - writtenMs(entry));
      }
      more = steps.some((step) => step.more);
    }
    this.#seen.readToEnd();
    if (started && !this.#lost) events.caughtUp('started');
    else if (this.#behind && !this.#lost) events.caughtUp('followed');
    this.#lost = false;
    if (disconnections === this.#disconnections) this.#behind = false;
    return true;
  }

  async #ask(round: number): Promise<readonly LogReply[] | null> {
    const { keyPrefix, replicaId, follow, events, now } = this.#options;
    const keys = [replicasKey(keyPrefix), ...this.#logs.map(({ key }) => key)];
    const channel = ownChannel(keyPrefix, replicaId);
    const proof = `proof ${round.toString(16)}`;
    const each = this.#logs.flatMap(({ from, windowMs }) => [from ?? '', windowMs]);
    const args = [entriesAtOnce, this.name, channel, proof, maxToldBytes, ...each];
    const sentAt = performance.now();
    const replies = readReplies(await follow(keys, args).catch(() => null));
    if (replies?.length !== this.#logs.length) return null;
    // Redis read its clock half a round trip ago.
    events.clock(now() - (performance.now() - sentAt) / 2 - replies[0]!.redisMs);
    return replies;
  }

  #step(log: FollowedLog, reply: LogReply): LogStep & Pick<LogReply, 'redisMs'> {
    const { from, windowMs } = log;
    const step = follow(reply, { from, connected: this.#isConnected(), windowMs, limit: entriesAtOnce });
    log.from = step.from;
    this.#mind(log, step.gap);
    return { ...step, redisMs: reply.redisMs };
  }

  /** Nothing can have been missed: the subscription was not lost, and no proof failed for long. */
  #isConnected(): boolean {
    return !this.#behind && this.#options.connection.isConnected(this.#options.now());
  }

  #mind({ lost }: FollowedLog, gap: LogStep['gap']): void {
    const { apply, now } = this.#options;
    if (typeof gap === 'object') {
      // Verdicts from before the log began may be in Redis; the skew is subtracted, because it is added again for them.
      apply(lost, 'log', now() - gap.beganMsAgo - allowedSkewMs, 0);
    }
    if (gap === 'lost') this.#lose(lost);
  }

  /** Anything that `lost` names may have been missed. */
  #lose(lost: Revocation): void {
    const { apply, events } = this.#options;
    apply(lost, 'log', null, 0);
    if (!this.#lost) events.caughtUp('lost');
    this.#lost = true;
  }

  #takeEntry({ message: bytes, begins }: LogEntry, agoMs: number): void {
    if (begins) return;
    const message = bytes === null ? null : decodeMessage(bytes, maxToldBytes);
    if (message === null || bytes === null) {
      this.#options.events.invalidMessage('log');
      return;
    }
    const { sender } = message;
    const isNew = sender === null ? this.#seen.read(bytes.toString('utf8')) : this.#seen.readSent(sender.id);
    if (isNew) this.#take(message, 'log', agoMs);
  }

  #take({ revocation, sender }: Message, source: RevocationSource, agoMs = 0): void {
    const { apply, keyPrefix, publish, replicaId } = this.#options;
    // This process's own announcements already apply here.
    if (sender?.from === replicaId) return;
    apply(revocation, source, null, agoMs);
    // The sender of an old one no longer waits.
    if (sender === null || agoMs > maxRespondedMs) return;
    // A sender that does not receive it stops waiting by itself.
    publish(ownChannel(keyPrefix, sender.from), `ack ${sender.id} ${replicaId}`).catch(() => {});
  }

  #ownMessage(bytes: Buffer): void {
    const [, word, id = '', replicaId] = own.exec(bytes.toString('latin1')) ?? [];
    if (word === 'ack' && replicaId !== undefined) this.#options.acknowledged(id, replicaId);
    if (word !== 'proof' || id !== this.#round.toString(16)) return;
    this.#echoed = this.#round;
    this.#echo?.();
  }

  /** Whether the message of this round returned, or returns in time. Otherwise the connection is dropped. */
  async #echoOf(round: number): Promise<boolean> {
    if (this.#echoed !== round && this.#subscribed && !this.#closed) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#echo = resolve;
      const timer = setTimeout(resolve, this.#options.connection.whileDisconnectedMs).unref();
      await promise;
      clearTimeout(timer);
      this.#echo = null;
    }
    if (this.#echoed === round) return true;
    if (round === this.#round && this.#subscribed && !this.#closed) this.#subscription?.reconnect();
    return false;
  }
}
