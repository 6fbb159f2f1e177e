/**
 * Lets go of clients that do not take what waits for them. The timer of a socket does not tell: it starts again with each
 * byte that the client sends, so that one byte a minute would hold an answer for ever.
 */
import type { Socket } from 'node:net';
import type { EndedConnections } from './ended-connections.ts';

/** Looks within the time that a client has. */
const looks = 4;
const longestMs = 5_000;

/** Bytes that the system has taken, as far as they are known, and since when there are no more. */
interface Standstill {
  readonly taken: number;
  readonly since: number;
}

export class UnreadWatch {
  readonly #unreadMs: number;
  readonly #ended: EndedConnections;
  readonly #open = new Set<Socket>();
  /** Of those for which something waits. */
  readonly #standing = new Map<Socket, Standstill>();
  /** Not null while there are connections. */
  #timer: NodeJS.Timeout | null = null;

  constructor(unreadMs: number, ended: EndedConnections) {
    this.#unreadMs = unreadMs;
    this.#ended = ended;
  }

  add(socket: Socket): void {
    this.#open.add(socket);
    this.#timer ??= setInterval(() => this.#lookThrough(), Math.min(this.#unreadMs / looks, longestMs)).unref();
  }

  remove(socket: Socket): void {
    this.#standing.delete(socket);
    if (!this.#open.delete(socket) || this.#open.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  #lookThrough(): void {
    const now = performance.now();
    for (const socket of this.#open) {
      if (socket.writableLength > 0) this.#look(socket, now);
      else this.#standing.delete(socket);
    }
  }

  #look(socket: Socket, now: number): void {
    // A write counts once all of it is taken.
    const taken = socket.bytesWritten - socket.writableLength;
    const standing = this.#standing.get(socket);
    if (standing === undefined || standing.taken !== taken) {
      this.#standing.set(socket, { taken, since: now });
    } else if (now - standing.since >= this.#unreadMs) {
      this.#ended.unread += 1;
      socket.destroy();
    }
  }
}
