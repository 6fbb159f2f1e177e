/**
 * A file of recorded decisions: lines appended a batch at a time, bounded in rate and size. One full file is kept under its name with ".1".
 * Failed writes are counted, and nothing waits for writes.
 */
import { closeSync, fstatSync, openSync, renameSync, write, writeSync } from 'node:fs';
import type { Logger } from '../log/logger.ts';
import type { RecordEvents } from '../metrics/decision-metrics.ts';

export interface DecisionFileOptions {
  readonly file: string;
  readonly perSecond: number;
  readonly sizeBytes: number;
  readonly events: RecordEvents;
  readonly log: Pick<Logger, 'warn'>;
  readonly now?: () => number;
}

const mostWaitingBytes = 4 * 1024 * 1024;

export class DecisionFile {
  readonly #options: DecisionFileOptions;
  readonly #now: () => number;
  #head = '';
  #second = 0;
  #inSecond = 0;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #descriptor: number | null = null;
  #bytes = 0;
  #writing = false;
  #warned = false;
  #closed = false;
  #idle: (() => void)[] = [];

  constructor(options: DecisionFileOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** The head of each file; written at once. */
  begin(head: object): void {
    this.#head = `${JSON.stringify(head)}\n`;
    // A newly opened file begins with it anyway.
    if (this.#descriptor !== null) this.#push(this.#head);
  }

  /** Whether another record may be written in this second. */
  get hasRoom(): boolean {
    const second = Math.floor(this.#now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#inSecond = 0;
    }
    return !this.#closed && this.#inSecond < this.#options.perSecond && this.#waitingBytes < mostWaitingBytes;
  }

  write(record: object): void {
    this.#inSecond += 1;
    this.#push(`${JSON.stringify(record)}\n`);
  }

  /** Resolves when everything is written or has failed. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#writing) await new Promise<void>((done) => this.#idle.push(done));
    if (this.#descriptor !== null) closeSync(this.#descriptor);
    this.#descriptor = null;
  }

  #push(line: string): void {
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
    if (!this.#writing) this.#flush();
  }

  #flush(): void {
    if (this.#waiting.length === 0) {
      this.#writing = false;
      for (const done of this.#idle.splice(0)) done();
      return;
    }
    this.#writing = true;
    try {
      this.#open();
    } catch (error) {
      this.#failed(this.#takeUpTo(Number.POSITIVE_INFINITY).length, error);
      this.#flush();
      return;
    }
    const lines = this.#takeUpTo(this.#options.sizeBytes - this.#bytes);
    const bytes = Buffer.from(lines.join(''));
    write(this.#descriptor!, bytes, (error, written) => {
      this.#bytes += written ?? 0;
      if (error !== null) this.#failed(lines.length, error);
      else if (written < bytes.length) this.#failed(lines.length, new Error('the disk took a part'));
      else for (const line of lines) if (line !== this.#head) this.#options.events.recorded('written');
      this.#flush();
    });
  }

  /** As many waiting lines as fit, but at least one. */
  #takeUpTo(bytes: number): readonly string[] {
    let count = 1;
    let taken = this.#waiting[0]?.length ?? 0;
    for (; count < this.#waiting.length && taken + this.#waiting[count]!.length <= bytes; count += 1) {
      taken += this.#waiting[count]!.length;
    }
    this.#waitingBytes -= taken;
    return this.#waiting.splice(0, count);
  }

  /** Opens the file if it is not open, and starts the next one if it is full. Only its owner may read it. */
  #open(): void {
    const { file, sizeBytes } = this.#options;
    if (this.#descriptor !== null && this.#bytes < sizeBytes) return;
    if (this.#descriptor !== null) {
      closeSync(this.#descriptor);
      this.#descriptor = null;
      renameSync(file, `${file}.1`);
    }
    const descriptor = openSync(file, 'a', 0o600);
    this.#descriptor = descriptor;
    this.#bytes = fstatSync(descriptor).size + writeSync(descriptor, this.#head);
  }

  #failed(lines: number, error: unknown): void {
    for (let n = 0; n < lines; n += 1) this.#options.events.recorded('failed');
    if (this.#warned) return;
    this.#warned = true;
    this.#options.log.warn({ err: error }, 'decisions cannot be recorded');
  }
}
