/** Writes the body of a request to its connection as it arrives: by its length, or in chunks. */
import type { Socket } from 'node:net';
import type { BodySink, BodySource } from '../body.ts';
import { writePart } from '../write-part.ts';

export interface BodyWriterEvents {
  /** A part was written. */
  sent(): void;
  /** All of it was written. */
  whole(): void;
}

export class BodyWriter implements BodySink {
  readonly #socket: Socket;
  readonly #source: BodySource;
  readonly #chunked: boolean;
  readonly #events: BodyWriterEvents;

  constructor(socket: Socket, source: BodySource, chunked: boolean, events: BodyWriterEvents) {
    this.#socket = socket;
    this.#source = source;
    this.#chunked = chunked;
    this.#events = events;
  }

  /** Writes the head with the part of the body that has arrived. */
  start(head: string): void {
    this.#socket.cork();
    this.#socket.write(head, 'latin1');
    this.#source.start(this);
    this.#socket.uncork();
  }

  /** The server can accept more. */
  resume(): void {
    this.#source.resume();
  }

  /** The rest of the body is not needed. */
  stop(): void {
    this.#source.stop();
  }

  take(part: Buffer, ownMemory: boolean): void {
    if (!writePart(this.#socket, '', part, this.#chunked, ownMemory)) this.#source.pause();
    this.#events.sent();
  }

  end(): void {
    if (this.#chunked) this.#socket.write('0\r\n\r\n', 'latin1');
    this.#events.whole();
  }
}
