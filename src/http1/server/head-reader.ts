/** Collects the head of a request. Invalid bytes are refused at once, before the rest arrives; each byte is examined once. */
import { type HeadFault, type RequestHead, readRequestHead } from '../grammar/request-head.ts';

/** Empty lines before a request line (RFC 9112 section 2.2 requires at least one). */
const maxEmptyLines = 8;
const headEnd = Buffer.from('\r\n\r\n');
/** A control character, or a line end that is not CR LF. */
const malformedBytes = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n/;
const cr = 0x0d;
const lf = 0x0a;

export class HeadReader {
  /** Where the head begins in the bytes of the last `read`, after empty lines, and where it ends. */
  start = 0;
  end = 0;
  readonly #maxBytes: number;
  /** Bytes that were already examined. */
  #seen = 0;
  #emptyLines = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** `bytes`: the earlier bytes from `start` on, and the new ones. Null: the head is incomplete. */
  read(bytes: Buffer): RequestHead | HeadFault | 'head_too_large' | null {
    this.start = this.#skipEmptyLines(bytes);
    if (this.#emptyLines > maxEmptyLines) return 'malformed';
    const index = bytes.indexOf(headEnd, this.start);
    this.end = index < 0 ? bytes.length : index + headEnd.length;
    if (this.end - this.start > this.#maxBytes) return 'head_too_large';
    if (index < 0) return this.#isMalformed(bytes) ? 'malformed' : null;
    this.#seen = 0;
    this.#emptyLines = 0;
    return readRequestHead(bytes.subarray(this.start, index + 2));
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
    // A last CR may be the first half of a line end; it is examined with the next bytes.
    const checked = text.endsWith('\r') ? text.slice(0, -1) : text;
    this.#seen += checked.length;
    return malformedBytes.test(checked);
  }
}
