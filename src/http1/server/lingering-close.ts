/**
 * Ends connections so that their clients can read the last response: sends FIN, and reads and drops what a client still sends. Unread bytes
 * would make TCP reset the connection, and a client loses a response that it has not read before the reset. Many clients read only after
 * they have sent a whole upload, so this is bounded by time and by the number of such connections, never by bytes.
 */
import type { Duplex } from 'node:stream';
import type { Deadline, Deadlines } from '../deadline-wheel.ts';
import { hasOwnMemory, releaseMemory } from '../part-memory.ts';

/** Longest time without bytes from the client. */
export const lingerSilenceMs: number = 5_000;
/** Longest time in all. */
export const maxLingerMs: number = 30_000;
/** Maximum number of such connections of a server; beyond it, the oldest is closed. */
export const maxLingering: number = 1_000;

export class LingeringClose {
  readonly #deadlines: Deadlines;
  /** A limit closed one, although its client may not have read the response. */
  readonly #onCut: () => void;
  /** The oldest first. */
  readonly #open = new Set<LingeringConnection>();

  constructor(deadlines: Deadlines, onCut: () => void) {
    this.#deadlines = deadlines;
    this.#onCut = onCut;
  }

  /** Its last response is written. From now on, nothing else reads the socket. */
  close(socket: Duplex): void {
    if (this.#open.size >= maxLingering) {
      const [oldest] = this.#open;
      this.#cut(oldest!);
    }
    const lingering = new LingeringConnection(socket, this.#deadlines, () => this.#cut(lingering));
    this.#open.add(lingering);
    socket.end();
    socket.on('data', lingering.drop);
    socket.on('close', () => {
      this.#open.delete(lingering);
      this.#deadlines.cancel(lingering);
    });
    socket.resume();
    lingering.wait();
  }

  #cut(lingering: LingeringConnection): void {
    this.#open.delete(lingering);
    this.#onCut();
    lingering.socket.destroy();
  }
}

class LingeringConnection implements Deadline {
  deadlineAt = 0;
  earlier: Deadline | null = null;
  later: Deadline | null = null;
  readonly socket: Duplex;
  readonly #deadlines: Deadlines;
  readonly #endsAt = performance.now() + maxLingerMs;
  readonly #cut: () => void;

  constructor(socket: Duplex, deadlines: Deadlines, cut: () => void) {
    this.socket = socket;
    this.#deadlines = deadlines;
    this.#cut = cut;
  }

  /** For the next bytes. */
  wait(): void {
    this.#deadlines.schedule(this, Math.min(performance.now() + lingerSilenceMs, this.#endsAt));
  }

  readonly drop = (bytes: Buffer): void => {
    if (hasOwnMemory(bytes)) releaseMemory(bytes);
    this.wait();
  };

  onDeadline(): void {
    if (performance.now() >= this.#endsAt) this.#cut();
    else this.socket.destroy();
  }
}
