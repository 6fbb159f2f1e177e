/**
 * Decodes a chunked body (RFC 9112 section 7.1), strictly: lines end in CR LF, sizes are plain hex digits, extensions and trailers are
 * dropped and bounded together. The chunks of one read become one part, so a thousand chunks of one byte cost no more than one chunk of a
 * thousand.
 */
import type { ResponseRule } from './response-fault.ts';

/** Maximum bytes of extensions and trailers in one body. */
const maxExtraBytes = 16 * 1024;
/** A trailer field (RFC 9112 section 7.1.2), in Latin-1 and without its line end. */
const trailerField = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*$/;
/** Chunk extensions (RFC 9112 section 7.1.1), from the first semicolon on, in Latin-1. They are checked and dropped. */
const extensions =
  /^(?:[\t ]*;[\t ]*[!#$%&'*+\-.^_`|~\w]+(?:[\t ]*=[\t ]*(?:[!#$%&'*+\-.^_`|~\w]+|"(?:[\t !\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"))?)+$/;
const maxSizeDigits = 12;

type State =
  | 'size'
  | 'extension'
  | 'size-lf'
  | 'data'
  | 'data-cr'
  | 'data-lf'
  | 'trailer-start'
  | 'trailer'
  | 'trailer-lf'
  | 'end-lf'
  | 'ended';

/** What each state expects. */
const ruleOf = {
  size: 'chunk_size',
  extension: 'chunk_extension',
  'size-lf': 'chunk_size',
  data: 'chunk_end',
  'data-cr': 'chunk_end',
  'data-lf': 'chunk_end',
  'trailer-start': 'trailer_line',
  trailer: 'trailer_line',
  'trailer-lf': 'trailer_line',
  'end-lf': 'trailer_line',
  ended: 'trailer_line',
} as const satisfies Record<State, ResponseRule>;

export class ChunkedBody {
  #state: State = 'size';
  #size = 0;
  #digits = 0;
  #extra = 0;
  /** The chunk extensions or the trailer field received so far. */
  #line = '';

  /** Which rule a malformed body violates. */
  fault: ResponseRule = 'chunk_size';
  /** The part of the body in the bytes of the last `read`: positions in them. Equal: none. */
  partStart = 0;
  partEnd = 0;

  /**
   * Reads on, moving the body's bytes together within `bytes`. Returns the position after the end of the body, -1 if it has not ended in
   * `bytes`, and -2 if it is malformed.
   */
  read(bytes: Buffer, from: number): number {
    this.partStart = from;
    this.partEnd = from;
    let at = from;
    while (at < bytes.length) {
      if (this.#state === 'data') {
        const end = Math.min(bytes.length, at + this.#size);
        this.#addToPart(bytes, at, end);
        this.#size -= end - at;
        if (this.#size === 0) this.#state = 'data-cr';
        at = end;
        continue;
      }
      const byte = bytes[at]!;
      at += 1;
      const state = this.#state;
      if (!this.#step(byte)) {
        this.fault = ruleOf[state];
        return -2;
      }
      if (this.#state === 'ended') return at;
    }
    return -1;
  }

  #addToPart(bytes: Buffer, from: number, to: number): void {
    if (this.partStart === this.partEnd) {
      this.partStart = from;
      this.partEnd = to;
    } else {
      bytes.copyWithin(this.partEnd, from, to);
      this.partEnd += to - from;
    }
  }

  #step(byte: number): boolean {
    switch (this.#state) {
      case 'size':
        return this.#readSize(byte);
      case 'extension':
        return this.#readExtension(byte);
      case 'size-lf':
        if (byte !== lf) return false;
        this.#state = this.#size === 0 ? 'trailer-start' : 'data';
        this.#digits = 0;
        return true;
      case 'data-cr':
        this.#state = 'data-lf';
        return byte === cr;
      case 'data-lf':
        this.#state = 'size';
        return byte === lf;
      case 'trailer-start':
        this.#state = byte === cr ? 'end-lf' : 'trailer';
        this.#line = String.fromCharCode(byte);
        return byte === cr || (byte !== lf && this.#spare());
      case 'trailer':
        if (byte === lf) return false;
        if (byte === cr) this.#state = 'trailer-lf';
        else this.#line += String.fromCharCode(byte);
        return this.#spare();
      case 'trailer-lf':
        this.#state = 'trailer-start';
        return byte === lf && trailerField.test(this.#line);
      case 'end-lf':
        this.#state = 'ended';
        return byte === lf;
      default:
        return false;
    }
  }

  #readSize(byte: number): boolean {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      this.#size = this.#size * 16 + digit;
      this.#digits += 1;
      return this.#digits <= maxSizeDigits;
    }
    if (this.#digits === 0) return false;
    if (byte === cr) this.#state = 'size-lf';
    else if (byte === semicolon) {
      this.#state = 'extension';
      this.#line = ';';
    } else return false;
    return true;
  }

  /**
   * A CR within a quoted string is refused like any other fault: servers read the line end after it differently (CVE-2025-58056,
   * CVE-2026-33870).
   */
  #readExtension(byte: number): boolean {
    if (byte === cr) {
      this.#state = 'size-lf';
      return extensions.test(this.#line);
    }
    this.#line += String.fromCharCode(byte);
    return byte !== lf && this.#spare();
  }

  #spare(): boolean {
    this.#extra += 1;
    return this.#extra <= maxExtraBytes;
  }
}

const cr = 0x0d;
const lf = 0x0a;
const semicolon = 0x3b;

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
