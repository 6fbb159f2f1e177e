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

/**
 * Each line is copied when it is new: the parts of many would have to be found again one by one. A page is used again once
 * all that was handed over of it is written, since a fresh one each time pushes out of the processor's caches what requests
 * need.
 */
export class WaitingBytes implements WaitingLines {
  readonly #room: number;
  #page: Page;
  /** In the page: where those lines begin and end that were not handed over. */
  #start = 0;
  #end = 0;
  /** To be used next; null: none is free. */
  #spare: Page | null = null;

  constructor(room: number) {
    this.#room = room;
    this.#page = new Page(room);
  }

  get length(): number {
    return this.#end - this.#start;
  }

  add(line: string): boolean {
    const { bytes } = this.#page;
    if (line.length > bytes.length - this.#end) return false;
    this.#end += bytes.write(line, this.#end, 'latin1');
    return true;
  }

  handTo(destination: LogDestination): void {
    if (this.length === 0) return;
    const page = this.#page;
    const lines = page.bytes.subarray(this.#start, this.#end);
    page.parts += 1;
    this.#start = this.#end;
    if (page.bytes.length - this.#end < leastRoom) this.#turn();
    destination.writeBytes!(lines, () => this.#written(page));
  }

  #turn(): void {
    this.#page = this.#spare ?? new Page(this.#room);
    this.#spare = null;
    this.#start = 0;
    this.#end = 0;
  }

  #written(page: Page): void {
    page.parts -= 1;
    if (page.parts === 0 && page !== this.#page) this.#spare = page;
  }
}

class Page {
  readonly bytes: Buffer;
  /** Parts that were handed over and are not written yet. */
  parts = 0;

  constructor(room: number) {
    this.bytes = Buffer.allocUnsafeSlow(room);
  }
}
