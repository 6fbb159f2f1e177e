/** Lines on their way into one write: as text, or as bytes for a destination that takes them, which saves a copy of all. */
import type { LogDestination } from './log-sink.ts';

export interface WaitingLines {
  readonly length: number;
  /** False: there is no room for it. */
  add(line: string): boolean;
  /** Gives everything to the destination. */
  handTo(destination: LogDestination): void;
}

/** A smaller rest is not worth keeping. */
const leastRoom = 16 * 1024;

export class WaitingText implements WaitingLines {
  #text = '';

  get length(): number {
    return this.#text.length;
  }

  add(line: string): boolean {
    this.#text += line;
    return true;
  }

  handTo(destination: LogDestination): void {
    const text = this.#text;
    this.#text = '';
    if (text !== '') destination.write(text);
  }
}

/** Each line is copied when it is new: the parts of many would have to be found again one by one. */
export class WaitingBytes implements WaitingLines {
  length = 0;
  readonly #room: number;
  #bytes: Buffer;

  constructor(room: number) {
    this.#room = room;
    this.#bytes = Buffer.allocUnsafeSlow(room);
  }

  add(line: string): boolean {
    if (line.length > this.#bytes.length - this.length) return false;
    this.length += this.#bytes.write(line, this.length, 'latin1');
    return true;
  }

  handTo(destination: LogDestination): void {
    if (this.length === 0) return;
    const bytes = this.#bytes.subarray(0, this.length);
    const rest = this.#bytes.subarray(this.length);
    this.#bytes = rest.length >= leastRoom ? rest : Buffer.allocUnsafeSlow(this.#room);
    this.length = 0;
    destination.writeBytes!(bytes);
  }
}
