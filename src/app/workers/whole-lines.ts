/** Hands on what a process prints in whole lines, so that lines of several processes never mix. */

/** Lines of the log are shorter by far; one without an end is cut here. */
const longestLine = 1024 * 1024;
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
    if (this.#length > longestLine) this.end();
  }

  /** The process is gone: what it did not finish is a line of its own. */
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
