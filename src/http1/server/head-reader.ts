/**
 * Gathers the head of a request. What cannot become one is refused as soon as it shows, before the rest of it arrives;
 * each byte is looked at once.
 */
import { type HeadFault, type RequestHead, readRequestHead } from '../grammar/request-head.ts';

/** Empty lines before a request line (RFC 9112 section 2.2 asks for one at least). */
const maxEmptyLines = 8;
const headEnd = Buffer.from('\r\n\r\n');
/** A control character, or a line end that is not CR LF. */
const malformedBytes = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n/;
const cr = 0x0d;
const lf = 0x0a;

export class HeadReader {
  /** Where the head begins in the bytes of the last `read`, behind empty lines, and where it ends. */
  start = 0;
  end = 0;
  readonly #maxBytes: number;
  /** Bytes that were looked at already. */
  #seen = 0;
  #emptyLines = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** `bytes`: what came from `start` on, and what came now. Null: the head is not whole. */
  read(bytes: Buffer): RequestHead | HeadFault | 'head_too_large' | null {
    this.start = this.#skipEmptyLines(bytes);
    if (this.#emptyLines > maxEmptyLines) return 'malformed';
    const found = bytes.indexOf(headEnd, this.start);
    this.end = found < 0 ? bytes.length : found + headEnd.length;
    if (this.end - this.start > this.#maxBytes) return 'head_too_large';
    if (found < 0) return this.#isMalformed(bytes) ? 'malformed' : null;
    this.#seen = 0;
    this.#emptyLines = 0;
    return readRequestHead(bytes.toString('latin1', this.start, found));
  }

  #skipEmptyLines(bytes: Buffer): number {
    let at = 0;
    while (bytes[at] === cr && bytes[at + 1] === lf) {
      at += 2;
      this.#emptyLines += 1;
      this.#seen = 0;
    }
    return at;
  }

  #isMalformed(bytes: Buffer): boolean {
    const text = bytes.toString('latin1', this.start + this.#seen);
    // A last CR may be the first half of a line end; it is looked at with what follows.
    const checked = text.endsWith('\r') ? text.slice(0, -1) : text;
    this.#seen += checked.length;
    return malformedBytes.test(checked);
  }
}
