/**
 * The PROXY protocol of an address: each connection begins with a header, from a trusted peer and in time, or is closed. The bytes after
 * the header stay in the socket, for TLS or the first request.
 */
import type { Socket } from 'node:net';
import type { Deadline, Deadlines } from '../http1/deadline-wheel.ts';
import { type HeaderFault, readHeader } from './read-header.ts';

/** Why a connection is closed. `peer`: it is not from a trusted one. `cut`: it ended within its header. `silent`: it ended without a byte. */
export type HeaderRefusal = HeaderFault | 'peer' | 'late' | 'cut' | 'silent';

/** Connections so far, by outcome. `client`: their header has the address of a client. `own`: they are of the proxy itself. */
export type HeaderCounts = Record<'client' | 'own' | HeaderRefusal, number>;

export const noHeaders: Readonly<HeaderCounts> = {
  client: 0,
  own: 0,
  peer: 0,
  missing: 0,
  malformed: 0,
  too_long: 0,
  late: 0,
  cut: 0,
  silent: 0,
};

/** Longest time for a header to arrive. A proxy sends it at once. */
export const headerTimeoutMs = 1_000;

export interface HeaderPortOptions {
  readonly deadlines: Deadlines;
  /** Whether the peer at this address may name clients. */
  readonly trusts: (peer: string) => boolean;
  readonly refused: (refusal: HeaderRefusal, peer: string) => void;
}

export class HeaderPort {
  readonly counts: HeaderCounts = { ...noHeaders };
  readonly #options: HeaderPortOptions;

  constructor(options: HeaderPortOptions) {
    this.#options = options;
  }

  /** Calls `done` once: with the address of the client; or with null, after the end of the connection. */
  begin(socket: Socket, done: (client: string | null) => void): void {
    const { deadlines, trusts, refused } = this.#options;
    const peer = socket.remoteAddress ?? '';
    const arrival = new Arrival(socket, {
      refused: (refusal) => {
        this.counts[refusal] += 1;
        refused(refusal, peer);
      },
      ended: (client) => {
        deadlines.cancel(arrival);
        if (client !== undefined) this.counts[client === null ? 'own' : 'client'] += 1;
        done(client === undefined ? null : (client ?? peer));
      },
    });
    if (trusts(peer)) deadlines.schedule(arrival, performance.now() + headerTimeoutMs);
    // A connection of TCP that has been reset by now has no peer, and was a check of the port. A Unix socket has no addresses.
    else arrival.refuse(peer === '' && socket.localAddress !== undefined ? 'silent' : 'peer');
  }
}

interface ArrivalEvents {
  /** The end follows. */
  readonly refused: (refusal: HeaderRefusal) => void;
  /** Once. Null: the header names no client. Undefined: the connection has ended. */
  readonly ended: (client: string | null | undefined) => void;
}

/** One header on its way. */
class Arrival implements Deadline {
  deadlineAt = 0;
  earlier: Deadline | null = null;
  later: Deadline | null = null;
  readonly #socket: Socket;
  readonly #events: ArrivalEvents;
  #bytes: Buffer = Buffer.alloc(0);
  #refused = false;

  constructor(socket: Socket, events: ArrivalEvents) {
    this.#socket = socket;
    this.#events = events;
    // For the whole life of the socket: `close` follows.
    socket.on('error', () => {});
    socket.on('readable', this.#onReadable);
    socket.on('end', this.#onEnd);
    socket.on('close', this.#onClose);
  }

  readonly #onReadable = (): void => {
    const more: Buffer | null = this.#socket.read();
    if (more === null) return;
    this.#bytes = this.#bytes.length === 0 ? more : Buffer.concat([this.#bytes, more]);
    const header = readHeader(this.#bytes);
    if (header === null) return;
    if (typeof header === 'string') {
      this.refuse(header);
      return;
    }
    this.#leave();
    if (this.#bytes.length > header.length) this.#socket.unshift(this.#bytes.subarray(header.length));
    this.#events.ended(header.client);
  };

  refuse(refusal: HeaderRefusal): void {
    if (this.#refused) return;
    this.#refused = true;
    this.#events.refused(refusal);
    this.#socket.destroy();
  }

  /** Half-open sockets do not close by themselves. */
  readonly #onEnd = (): void => this.refuse(this.#bytes.length === 0 ? 'silent' : 'cut');

  readonly #onClose = (): void => {
    this.#onEnd();
    this.#leave();
    this.#events.ended(undefined);
  };

  #leave(): void {
    this.#socket.off('readable', this.#onReadable);
    this.#socket.off('end', this.#onEnd);
    this.#socket.off('close', this.#onClose);
  }

  onDeadline(): void {
    this.refuse('late');
  }
}
