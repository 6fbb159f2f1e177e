/**
 * Receives what others revoke, and proves that it does: its own message must return on the subscription, and it must read the log to its
 * end, repeatedly. Only what was received before the last proof is certain.
 */
import type { RunScript } from '../../redis/redis-link.ts';
import { presentName } from './acknowledgements.ts';
import type { RevocationConnection } from './revocation-connection.ts';
import type { RevocationEvents, RevocationSource } from './revocation-events.ts';
import { announcedChannel, gatewaysChannel, logKey, ownChannel, replicasKey } from './revocation-keys.ts';
import { type EntryId, follow, type LogEntry, type LogReply, readReply, writtenMs } from './revocation-log.ts';
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
  /** How far back a new process reads the log: the life of a tombstone. */
  readonly windowMs: number;
  /** It applies to calls until `atMs`; null: until now. It was announced `agoMs` ago. */
  readonly apply: (revocation: Revocation, source: RevocationSource, atMs: number | null, agoMs: number) => void;
  readonly acknowledged: (id: string, replicaId: string) => void;
  /** Redis accepts commands. */
  readonly proven: () => void;
  readonly events: RevocationEvents;
  readonly now: () => number;
}

const entriesAtOnce = 500;
const own = /^(proof|ack) ([0-9a-f-]{1,36})(?: ([0-9a-f-]{36}))?$/;

/** Wait after a failed proof, regardless of `whileDisconnected`: the connection may return at once. */
const longestRetryMs = 250;
/** Longer than any sender waits. */
const longestRespondedMs = 15_000;

export class RevocationListener {
  readonly #options: RevocationListenerOptions;
  readonly #seen = new SeenMessages();
  /** Name of this process among the replicas. */
  readonly name: string;
  /** Null: the log was never read. */
  #from: EntryId | null = null;
  #subscribed = false;
  /** A later subscription has not caught up yet. */
  #behind = false;
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
    const { replicaId, connection } = options;
    this.name = presentName({ replicaId, whileDisconnectedMs: connection.whileDisconnectedMs });
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
    const proven = this.#subscribed && (await this.#readLog(round)) && (await this.#echoOf(round));
    // A later round is in progress, or the listener is closed.
    if (round !== this.#round || this.#closed) return;
    this.#conclude(proven && this.#subscribed, sentAtMs, sentAt);
    const connected = connection.isConnected(now());
    if (connected !== this.#wasConnected) events.connected(connected);
    this.#wasConnected = connected;
    this.#schedule(
      proven ? connection.whileDisconnectedMs / 4 : Math.min(connection.whileDisconnectedMs / 8, longestRetryMs),
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

  /** Applies new entries. False: the log could not be read to its end. */
  async #readLog(round: number): Promise<boolean> {
    for (;;) {
      const reply = await this.#ask(round);
      if (reply === null || round !== this.#round || this.#closed) return false;
      const { from, connected, windowMs } = {
        from: this.#from,
        connected: this.#isConnected(),
        windowMs: this.#options.windowMs,
      };
      const step = follow(reply, { from, connected, windowMs, limit: entriesAtOnce });
      this.#from = step.from;
      this.#mind(step.gap, from === null);
      for (const entry of step.entries) this.#takeEntry(entry, reply.redisMs - writtenMs(entry));
      if (!step.more) break;
    }
    this.#seen.readToEnd();
    return true;
  }

  async #ask(round: number): Promise<LogReply | null> {
    const { keyPrefix, replicaId, follow, windowMs } = this.#options;
    const keys = [logKey(keyPrefix), replicasKey(keyPrefix)];
    const channel = ownChannel(keyPrefix, replicaId);
    const proof = `proof ${round.toString(16)}`;
    const args = [this.#from ?? '', windowMs, entriesAtOnce, this.name, channel, proof, maxToldBytes];
    return readReply(await follow(keys, args).catch(() => null));
  }

  /** Nothing can have been missed: the subscription was not lost, and no proof failed for long. */
  #isConnected(): boolean {
    return !this.#behind && this.#options.connection.isConnected(this.#options.now());
  }

  #mind(gap: ReturnType<typeof follow>['gap'], first: boolean): void {
    const { apply, events, now } = this.#options;
    if (typeof gap === 'object') {
      // Verdicts from before the log began may be in Redis; the skew is subtracted, because it is added again for them.
      apply({ kind: 'all' }, 'log', now() - gap.beganMsAgo - allowedSkewMs, 0);
    }
    const lost = gap === 'lost' || (this.#behind && !this.#seen.logged);
    if (lost) apply({ kind: 'all' }, 'log', null, 0);
    if (first) events.caughtUp(lost ? 'lost' : 'started');
    else if (this.#behind || lost) events.caughtUp(lost ? 'lost' : 'followed');
    this.#behind = false;
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
    if (sender === null || agoMs > longestRespondedMs) return;
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
