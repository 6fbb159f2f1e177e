/**
 * Joins two sockets after a WebSocket upgrade: bytes, ends and failures of one side reach the other. It follows the
 * frames, so that it can end both sides with a Close frame between two of theirs.
 */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { resetSocket } from '../../http1/reset-socket.ts';
import { closeFrame, type Farewell } from './close-frame.ts';
import { FrameTracker } from './frame-tracker.ts';

export interface TunnelEvents {
  /** One side has ended its direction. */
  halfClosed(): void;
  /** Both sides are gone. The bytes received from the client, and those sent to it. */
  closed(bytesIn: number, bytesOut: number): void;
}

/** TCP probes detect a dead peer within minutes, even if nothing is sent. */
const keepAliveMs = 60_000;

export class Tunnel {
  readonly #sides: readonly [Direction, Direction];
  readonly #events: TunnelEvents;
  #open = 2;
  #ending = false;

  /** `clientHead` and `upstreamHead` are bytes that were read together with the handshake. */
  constructor(client: Duplex, upstream: Duplex, clientHead: Buffer, upstreamHead: Buffer, events: TunnelEvents) {
    this.#events = events;
    this.#sides = [new Direction(upstream, client, false), new Direction(client, upstream, true)];
    for (const [side, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      if (side instanceof Socket) side.setKeepAlive(true, keepAliveMs);
      // A failure is passed on as a failure: an end would look intentional.
      side.on('error', () => this.#failed(other));
      side.once('end', () => events.halfClosed());
      side.once('close', () => this.#closed(side, other));
    }
    this.#sides[0].start(upstreamHead);
    this.#sides[1].start(clientHead);
  }

  /** Sends both sides a Close frame, as soon as the current frame to each is complete, and forwards nothing more. */
  end(farewell: Farewell): void {
    if (this.#ending) return;
    this.#ending = true;
    for (const side of this.#sides) side.end(farewell);
  }

  /** Breaks both sides. */
  destroy(): void {
    for (const { to } of this.#sides) to.destroy();
  }

  #failed(other: Duplex): void {
    // A Close frame on its way to the other side must not be lost.
    if (!this.#ending) resetSocket(other);
  }

  #closed(side: Duplex, other: Duplex): void {
    this.#open -= 1;
    if (this.#ending) {
      // The client has its Close frame; the service receives only the rest of what was already written to it.
      if (other === this.#sides[1].to) other.end(() => other.destroy());
    } else {
      // After a proper end, the other side may still be sending; otherwise there is nothing to save.
      if (!side.readableEnded) resetSocket(other);
      else if (!other.writableEnded) other.end();
    }
    if (this.#open === 0) this.#events.closed(this.#sides[1].bytes, this.#sides[0].bytes);
  }
}

/** One direction of the tunnel. */
class Direction {
  readonly from: Duplex;
  readonly to: Duplex;
  /** Forwarded bytes. */
  bytes = 0;
  readonly #frames = new FrameTracker();
  readonly #masked: boolean;
  #farewell: Farewell | null = null;
  #done = false;

  constructor(from: Duplex, to: Duplex, masked: boolean) {
    this.from = from;
    this.to = to;
    this.#masked = masked;
  }

  start(head: Buffer): void {
    if (head.length > 0) {
      this.#frames.pass(head);
      this.bytes += head.length;
      this.to.write(head);
    }
    // Sees each chunk before `pipe`, which pauses the faster side and forwards an end as an end.
    this.from.on('data', this.#seen);
    this.from.pipe(this.to);
  }

  end(farewell: Farewell): void {
    this.from.unpipe(this.to);
    this.#farewell = farewell;
    if (this.#frames.between) this.#say();
    // Later bytes are read and dropped: unread bytes would turn the end into a reset.
    this.from.resume();
  }

  readonly #seen = (chunk: Buffer): void => {
    if (this.#farewell === null) {
      this.bytes += chunk.length;
      this.#frames.pass(chunk);
      return;
    }
    if (this.#done) return;
    const taken = this.to.write(chunk.subarray(0, this.#frames.finish(chunk)));
    if (this.#frames.between) {
      this.#say();
    } else if (!taken) {
      // The frame may be endless, or the other side may not read.
      this.from.pause();
      this.to.once('drain', () => this.from.resume());
    }
  };

  #say(): void {
    this.#done = true;
    // After a Close frame nothing may follow.
    if (this.#frames.closing) this.to.end();
    else this.to.end(closeFrame(this.#farewell!, this.#masked));
  }
}
