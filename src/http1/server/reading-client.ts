/** Whether a client reads what is sent to it. Its own bytes do not prove that: one byte a minute would hold a response forever. */
import type { Duplex } from 'node:stream';

/** Checks of a client within its time. */
const looks = 4;
/**
 * A client that has ended its side is usually gone, and only a write can show that. One that is still there receives responses without a
 * longer pause than this.
 */
const halfClosedMs = 250;

export class ReadingClient {
  readonly #socket: Duplex;
  readonly #timeoutMs: number;
  /** Since when the client has not read waiting bytes; 0: nothing waits. */
  #unreadSince = 0;
  #takenBytes = 0;
  #halfClosed = false;
  /** Bytes written at the last check of a half-closed client. */
  #writtenBytes = 0;

  /** `timeoutMs`: the time within which the client must read something. */
  constructor(socket: Duplex, timeoutMs: number) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
  }

  /** Something was written. Returns the milliseconds until `look` is due; null: it was already scheduled, or nothing waits. */
  wrote(now: number): number | null {
    if (this.#unreadSince > 0 || this.#socket.writableLength === 0) return null;
    this.#unreadSince = now;
    this.#takenBytes = this.#taken();
    return this.#timeoutMs / looks;
  }

  /** Everything was read. */
  drained(): void {
    this.#unreadSince = 0;
  }

  /** The client has ended its side. Returns the milliseconds until `look` is due. */
  ended(): number {
    this.#halfClosed = true;
    this.#writtenBytes = this.#written();
    return halfClosedMs;
  }

  /** `unread`, `gone`: the connection must end. Otherwise the milliseconds until the next check, or `Infinity`. */
  look(now: number): number | 'unread' | 'gone' {
    const unread = this.#lookAtUnread(now);
    if (unread === 'unread' || !this.#halfClosed) return unread;
    const written = this.#written();
    if (written === this.#writtenBytes && this.#socket.writableLength === 0) return 'gone';
    this.#writtenBytes = written;
    return Math.min(unread, halfClosedMs);
  }

  #lookAtUnread(now: number): number | 'unread' {
    if (this.#unreadSince === 0) return Number.POSITIVE_INFINITY;
    const taken = this.#taken();
    if (this.#socket.writableLength === 0) {
      this.#unreadSince = 0;
      return Number.POSITIVE_INFINITY;
    }
    if (taken !== this.#takenBytes) {
      this.#takenBytes = taken;
      this.#unreadSince = now;
    } else if (now - this.#unreadSince >= this.#timeoutMs) {
      return 'unread';
    }
    return this.#timeoutMs / looks;
  }

  /** Bytes that the system has accepted, as far as known: a write counts once it is accepted completely. */
  #taken(): number {
    return this.#written() - this.#socket.writableLength;
  }

  #written(): number {
    return 'bytesWritten' in this.#socket ? Number(this.#socket.bytesWritten) : 0;
  }
}
