/**
 * Ends connections so that their clients can read the last response: sends FIN, and reads and drops what a client still sends. Unread bytes
 * would make TCP reset the connection, and a client loses a response that it has not read before the reset. Many clients read only after
 * they have sent a whole upload, so this is bounded by time and by the number of such connections, never by bytes.
 */
import type { Duplex } from 'node:stream';
import type { Deadline, Deadlines } from '../deadline-wheel.ts';
import { hasOwnMemory, releaseMemory } from '../part-memory.ts';

/** Longest time without bytes from the client; while draining, the longest time in all. */
export const lingerSilenceMs: number = 5_000;
/** Longest time in all. */
export const maxLingerMs: number = 30_000;
/** Maximum number of such connections of a server; beyond it, the oldest of the client with the most is closed. */
export const maxLingering: number = 1_000;

export class LingeringClose {
  readonly #deadlines: Deadlines;
  /** A limit closed one, although its client may not have read the response. */
  readonly #onCut: () => void;
  /** By client key; the oldest of a client first. */
  readonly #ofClient = new Map<string, Set<LingeringConnection>>();
  #size = 0;
  #maxMs = maxLingerMs;

  constructor(deadlines: Deadlines, onCut: () => void) {
    this.#deadlines = deadlines;
    this.#onCut = onCut;
  }

  /** Its last response is written. From now on, nothing else reads the socket. */
  close(socket: Duplex, clientKey: string): void {
    if (this.#size >= maxLingering) this.#cut(this.#oldestOfLargest());
    const lingering = new LingeringConnection(socket, clientKey, this.#deadlines, (late) => this.#cut(late));
    lingering.endWithin(this.#maxMs);
    this.#add(lingering);
    socket.end();
    socket.on('data', lingering.drop);
    socket.on('close', () => {
      this.#remove(lingering);
      this.#deadlines.cancel(lingering);
    });
    socket.resume();
    lingering.wait();
  }

  /** Clients that keep sending must not prolong the end of the process. */
  drain(): void {
    this.#maxMs = lingerSilenceMs;
    for (const ofClient of this.#ofClient.values()) {
      for (const lingering of ofClient) lingering.endWithin(lingerSilenceMs);
    }
  }

  /** Of the client with the most, so that a client with many ends none of others. */
  #oldestOfLargest(): LingeringConnection {
    let largest = new Set<LingeringConnection>();
    for (const ofClient of this.#ofClient.values()) {
      if (ofClient.size > largest.size) largest = ofClient;
    }
    const [oldest] = largest;
    return oldest!;
  }

  #cut(lingering: LingeringConnection): void {
    this.#remove(lingering);
    this.#onCut();
    lingering.socket.destroy();
  }

  #add(lingering: LingeringConnection): void {
    const { clientKey } = lingering;
    const ofClient = this.#ofClient.get(clientKey);
    if (ofClient === undefined) this.#ofClient.set(clientKey, new Set([lingering]));
    else ofClient.add(lingering);
    this.#size += 1;
  }

  #remove(lingering: LingeringConnection): void {
    const { clientKey } = lingering;
    const ofClient = this.#ofClient.get(clientKey);
    if (ofClient?.delete(lingering) !== true) return;
    this.#size -= 1;
    if (ofClient.size === 0) this.#ofClient.delete(clientKey);
  }
}

class LingeringConnection implements Deadline {
  deadlineAt = 0;
  earlier: Deadline | null = null;
  later: Deadline | null = null;
  readonly socket: Duplex;
  readonly clientKey: string;
  readonly #deadlines: Deadlines;
  readonly #onLate: (lingering: LingeringConnection) => void;
  #endsAt = Number.POSITIVE_INFINITY;

  constructor(
    socket: Duplex,
    clientKey: string,
    deadlines: Deadlines,
    onLate: (lingering: LingeringConnection) => void,
  ) {
    this.socket = socket;
    this.clientKey = clientKey;
    this.#deadlines = deadlines;
    this.#onLate = onLate;
  }

  /** A deadline that is set already comes within the silence, so it needs no change. */
  endWithin(ms: number): void {
    this.#endsAt = Math.min(this.#endsAt, performance.now() + ms);
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
    if (performance.now() >= this.#endsAt) this.#onLate(this);
    else this.socket.destroy();
  }
}
