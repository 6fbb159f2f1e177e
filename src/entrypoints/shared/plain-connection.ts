/**
 * A client connection as long as it is plain: one request without a body after the other, each whole when it comes. The
 * first thing that is anything else hands the connection over to `node:http`, with what came and for good, before any of
 * it is acted on; so whatever is odd is read, bounded and refused in one place.
 */
import type { Socket } from 'node:net';
import type { Deadline, Deadlines } from '../../upstream/deadline-wheel.ts';
import type { ClientConnection } from './client-connection.ts';
import type { EndedConnections } from './ended-connections.ts';
import { type AnswerConnection, PlainAnswer } from './plain-answer.ts';
import { headEnd, type PlainHead, type PlainRequest, readPlainRequest } from './plain-request.ts';

/** What plain connections of a server have in common. */
export interface PlainDoor {
  readonly deadlines: Deadlines;
  readonly maxHeadBytes: number;
  /** A client that says nothing for so long after it has connected is waited for by `node:http`. */
  readonly silentMs: number;
  readonly keepAliveMs: number;
  readonly keepAliveLines: string;
  readonly ended: EndedConnections;
  onRequest(request: PlainRequest, answer: PlainAnswer, from: ClientConnection): void;
  /** It is no plain one any more. */
  takeOver(socket: Socket): void;
}

/** A longer head is not kept for the next request. */
const longestKeptHead = 4 * 1024;

/** What a client may send ahead of an answer before nothing more is read. */
const maxAheadBytes = 64 * 1024;

export class PlainConnection implements Deadline, AnswerConnection {
  deadlineAt = 0;
  earlier: Deadline | null = null;
  later: Deadline | null = null;
  lastRequest = false;
  readonly keepAliveLines: string;
  readonly socket: Socket;
  readonly #from: ClientConnection;
  readonly #door: PlainDoor;
  readonly #open: Set<PlainConnection>;
  #answer: PlainAnswer | null = null;
  /** Nothing was asked yet. */
  #fresh = true;
  /** Headers of the last request, which clients mostly repeat. */
  #head: PlainHead | null = null;
  /** What came while a request was being answered. */
  #ahead: Buffer | null = null;

  /** `open`: those that are plain, with this one as long as it is. */
  constructor(socket: Socket, from: ClientConnection, door: PlainDoor, open: Set<PlainConnection>) {
    this.socket = socket;
    this.#from = from;
    this.#door = door;
    this.#open = open;
    this.keepAliveLines = door.keepAliveLines;
    open.add(this);
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
    door.deadlines.schedule(this, performance.now() + door.silentMs);
  }

  /** While draining: ends it, unless a request is being answered, or has yet to come. */
  endIdle(): void {
    if (this.#answer !== null) return;
    if (this.#fresh) this.#handOver(null);
    else this.socket.destroy();
  }

  onDeadline(): void {
    if (this.#fresh) {
      this.#handOver(null);
      return;
    }
    this.#door.ended.idle += 1;
    this.socket.destroy();
  }

  answered(last: boolean): void {
    this.#answer = null;
    if (last) {
      this.lastRequest = true;
      this.#ahead = null;
      this.socket.destroySoon();
      return;
    }
    this.#door.deadlines.schedule(this, performance.now() + this.#door.keepAliveMs);
    if (this.#ahead !== null) setImmediate(this.#goOn);
  }

  unread(): void {
    const answer = this.#answer!;
    const { socket } = this;
    socket.write('', 'latin1', (error) => {
      // Broken off: it was not taken, whatever is left to write.
      if (error != null || socket.destroyed) return;
      if (socket.writableLength === 0) answer.finished();
    });
  }

  readonly #onData = (bytes: Buffer): void => {
    if (this.#answer !== null || this.#ahead !== null) this.#keep(bytes);
    else if (!this.lastRequest) this.#take(bytes);
  };

  #take(bytes: Buffer): void {
    const request = readPlainRequest(bytes, this.#door.maxHeadBytes, this.socket, this.#head);
    if (request === null) {
      this.#handOver(bytes);
      return;
    }
    this.#fresh = false;
    this.#head = request.head.block.length <= longestKeptHead ? request.head : null;
    // Whoever answers sees to it that it does not take for ever.
    this.#door.deadlines.cancel(this);
    const answer = new PlainAnswer(this, request.method === 'HEAD');
    this.#answer = answer;
    this.#door.onRequest(request, answer, this.#from);
  }

  /** Comes before its time: it waits for the answer before it, and a bound keeps it small. */
  #keep(bytes: Buffer): void {
    this.#ahead = this.#ahead === null ? bytes : Buffer.concat([this.#ahead, bytes]);
    if (this.#ahead.length > maxAheadBytes) this.socket.pause();
  }

  readonly #goOn = (): void => {
    const bytes = this.#ahead;
    this.#ahead = null;
    if (bytes === null || this.socket.destroyed) return;
    this.socket.resume();
    if (!this.socket.readableEnded) this.#take(bytes);
    // Nobody else can read on after the end: plain requests may still be answered, up to the first that is none.
    else this.#takeLast(bytes);
  };

  #takeLast(bytes: Buffer): void {
    const end = bytes.indexOf(headEnd) + headEnd.length;
    const first = bytes.subarray(0, end);
    this.lastRequest = end === bytes.length;
    if (readPlainRequest(first, this.#door.maxHeadBytes, this.socket) === null) {
      this.socket.destroySoon();
      return;
    }
    if (!this.lastRequest) this.#ahead = bytes.subarray(end);
    this.#take(first);
  }

  #handOver(bytes: Buffer | null): void {
    const { socket } = this;
    this.#letGo();
    socket.off('data', this.#onData);
    socket.off('end', this.#onEnd);
    socket.off('error', this.#onError);
    socket.off('close', this.#onClose);
    socket.pause();
    if (bytes !== null) socket.unshift(bytes);
    this.#door.takeOver(socket);
    socket.resume();
  }

  #letGo(): void {
    this.#head = null;
    this.#open.delete(this);
    this.#door.deadlines.cancel(this);
  }

  /** The client sends no more; it may still read. */
  readonly #onEnd = (): void => {
    if (this.#ahead !== null) return;
    if (this.#answer === null) this.socket.end();
    else this.lastRequest = true;
  };

  readonly #onError = (): void => {
    this.socket.destroy();
  };

  readonly #onClose = (): void => {
    this.#letGo();
    this.#answer?.closed();
    this.#answer = null;
  };
}
