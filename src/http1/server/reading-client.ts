/** Whether a client reads what is sent to it. Its own bytes do not prove that: one byte a minute would hold a response forever. */
import type { Deadline, Deadlines } from '../deadline-wheel.ts';

/** Checks of a client within its time. */
const looks = 4;
/**
 * A client that has ended its side is usually gone, and only a write can show that. One that is still there receives responses without a
 * longer pause than this.
 */
const halfClosedMs = 250;

/** Why the connection must end. */
export interface ReadingEvents {
  /** The client did not read its response in time. */
  onUnread(): void;
  /** The client has ended its side, and nothing was written to it for a while. */
  onGone(): void;
}

export interface ReadingLimits {
  /** The time within which the client must read something. */
  readonly unreadTimeoutMs: number;
  readonly deadlines: Deadlines;
}

/** What is written to the client: its socket, or one stream of it. */
export interface WrittenTo {
  /** Bytes that wait. */
  readonly writableLength: number;
  /** All bytes, those that wait included. */
  readonly bytesWritten?: number;
}

export class ReadingClient implements Deadline {
  deadlineAt = 0;
  earlier: Deadline | null = null;
  later: Deadline | null = null;
  readonly #socket: WrittenTo;
  readonly #timeoutMs: number;
  readonly #deadlines: Deadlines;
  readonly #events: ReadingEvents;
  /** Since when the client has not read waiting bytes; 0: nothing waits. */
  #unreadSince = 0;
  #takenBytes = 0;
  #halfClosed = false;
  /** Bytes written at the last check of a half-closed client. */
  #writtenBytes = 0;

  constructor(socket: WrittenTo, { unreadTimeoutMs, deadlines }: ReadingLimits, events: ReadingEvents) {
    this.#socket = socket;
    this.#timeoutMs = unreadTimeoutMs;
    this.#deadlines = deadlines;
    this.#events = events;
  }

  /** Something was written. */
  wrote(): void {
    if (this.#unreadSince > 0 || this.#socket.writableLength === 0) return;
    const now = performance.now();
    this.#unreadSince = now;
    this.#takenBytes = this.#taken();
    this.#deadlines.schedule(this, now + this.#timeoutMs / looks);
  }

  /** Everything was read. */
  drained(): void {
    this.#unreadSince = 0;
  }

  /** The client has ended its side. */
  ended(): void {
    this.#halfClosed = true;
    this.#writtenBytes = this.#bytesOut();
    this.#deadlines.schedule(this, performance.now() + halfClosedMs);
  }

  /** The response is written, or the connection is over: no more checks. */
  stop(): void {
    this.#unreadSince = 0;
    this.#deadlines.cancel(this);
  }

  onDeadline(): void {
    const now = performance.now();
    if (this.#isUnread(now)) this.#events.onUnread();
    else if (this.#halfClosed && this.#isGone()) this.#events.onGone();
    else this.#scheduleNext(now);
  }

  #scheduleNext(now: number): void {
    const unreadMs = this.#unreadSince > 0 ? this.#timeoutMs / looks : Number.POSITIVE_INFINITY;
    const nextMs = this.#halfClosed ? Math.min(unreadMs, halfClosedMs) : unreadMs;
    if (nextMs < Number.POSITIVE_INFINITY) this.#deadlines.schedule(this, now + nextMs);
  }

  #isUnread(now: number): boolean {
    if (this.#unreadSince === 0) return false;
    const taken = this.#taken();
    if (this.#socket.writableLength === 0) {
      this.#unreadSince = 0;
    } else if (taken !== this.#takenBytes) {
      this.#takenBytes = taken;
      this.#unreadSince = now;
    } else {
      return now - this.#unreadSince >= this.#timeoutMs;
    }
    return false;
  }

  /** Nothing was written since the last check, and nothing waits. */
  #isGone(): boolean {
    const before = this.#writtenBytes;
    this.#writtenBytes = this.#bytesOut();
    return this.#writtenBytes === before && this.#socket.writableLength === 0;
  }

  /** Bytes that the system has accepted, as far as known: a write counts once it is accepted completely. */
  #taken(): number {
    return this.#bytesOut() - this.#socket.writableLength;
  }

  #bytesOut(): number {
    return this.#socket.bytesWritten ?? 0;
  }
}
