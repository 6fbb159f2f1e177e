/**
 * A file of decision records: lines appended a batch at a time, bounded in size. One full file is kept under its name with ".1". Failed
 * writes are counted, and nothing waits for writes.
 */
import { closeSync, fstatSync, openSync, renameSync, write } from 'node:fs';
import type { Logger } from '../log/logger.ts';

export interface DecisionFileOptions {
  readonly file: string;
  readonly fileSizeBytes: number;
  /** A record is not in the file. */
  readonly unwritten: () => void;
  readonly log: Pick<Logger, 'warn'>;
}

const maxWaitingBytes = 4 * 1024 * 1024;

export class DecisionFile {
  readonly #options: DecisionFileOptions;
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
  }

  /** JSON of one record. */
  write(text: string): void {
    if (this.#closed || this.#waitingBytes >= maxWaitingBytes) {
      this.#options.unwritten();
      return;
    }
    this.#waiting.push(`${text}\n`);
    this.#waitingBytes += text.length + 1;
    if (!this.#writing) this.#flush();
  }

  /** Resolves when everything is written or has failed. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#writing) await new Promise<void>((done) => this.#idle.push(done));
    if (this.#descriptor !== null) closeSync(this.#descriptor);
    this.#descriptor = null;
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
    const lines = this.#takeUpTo(this.#options.fileSizeBytes - this.#bytes);
    const bytes = Buffer.from(lines.join(''));
    write(this.#descriptor!, bytes, (error, count) => {
      this.#bytes += count ?? 0;
      if (error !== null) this.#failed(lines.length, error);
      else if (count < bytes.length) this.#failed(lines.length, new Error('the disk took a part'));
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
    const { file, fileSizeBytes } = this.#options;
    if (this.#descriptor !== null && this.#bytes < fileSizeBytes) return;
    if (this.#descriptor !== null) {
      closeSync(this.#descriptor);
      this.#descriptor = null;
      renameSync(file, `${file}.1`);
    }
    this.#descriptor = openSync(file, 'a', 0o600);
    this.#bytes = fstatSync(this.#descriptor).size;
  }

  #failed(lines: number, error: unknown): void {
    for (let n = 0; n < lines; n += 1) this.#options.unwritten();
    if (this.#warned) return;
    this.#warned = true;
    this.#options.log.warn({ err: error }, 'decisions cannot be recorded');
  }
}
