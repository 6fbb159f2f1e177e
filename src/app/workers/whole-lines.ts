/** Forwards the output of a process in whole lines, so that lines of several processes never mix. */

/** Log lines are much shorter; a line without an end is cut here. */
const maxLine = 1024 * 1024;
const lineFeed = 0x0a;

export class WholeLines {
  readonly #write: (lines: string) => void;
  #parts: Buffer[] = [];
  #length = 0;

  constructor(write: (lines: string) => void) {
    this.#write = write;
  }

  take(chunk: Buffer): void {
    const end = chunk.lastIndexOf(lineFeed) + 1;
    if (end > 0) {
      this.#parts.push(chunk.subarray(0, end));
      this.#hand();
    }
    if (end === chunk.length) return;
    this.#parts.push(chunk.subarray(end));
    this.#length += chunk.length - end;
    if (this.#length > maxLine) this.end();
  }

  /** The process is gone: unfinished output becomes a line. */
  end(): void {
    if (this.#parts.length === 0) return;
    this.#parts.push(Buffer.from('\n'));
    this.#hand();
  }

  #hand(): void {
    // Lines of the log are pure ASCII.
    const text = (this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts)).toString('latin1');
    this.#parts = [];
    this.#length = 0;
    this.#write(text);
  }
}
