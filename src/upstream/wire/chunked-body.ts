/**
 * Takes the chunks out of a chunked body (RFC 9112 section 7.1), strictly: lines end in CR LF, sizes are plain hex digits,
 * extensions and trailers are dropped and bounded together.
 */

/** Takes a part of the body. */
export type TakeBytes = (bytes: Buffer) => void;

/** Bytes of extensions and trailers in one body. */
const maxExtraBytes = 16 * 1024;
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

export class ChunkedBody {
  #state: State = 'size';
  #size = 0;
  #digits = 0;
  #extra = 0;

  /**
   * Reads on, and hands each part of the body to `take`. Returns the position after the end of the body, -1 when it has
   * not ended in `bytes`, and -2 when it is malformed.
   */
  read(bytes: Buffer, from: number, take: TakeBytes): number {
    let at = from;
    while (at < bytes.length) {
      if (this.#state === 'data') {
        const end = Math.min(bytes.length, at + this.#size);
        this.#size -= end - at;
        if (this.#size === 0) this.#state = 'data-cr';
        take(bytes.subarray(at, end));
        at = end;
        continue;
      }
      const byte = bytes[at]!;
      at += 1;
      if (!this.#step(byte)) return -2;
      if (this.#state === 'ended') return at;
    }
    return -1;
  }

  #step(byte: number): boolean {
    switch (this.#state) {
      case 'size':
        return this.#readSize(byte);
      case 'extension':
        if (byte === cr) this.#state = 'size-lf';
        else if (byte === lf || !this.#spare()) return false;
        return true;
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
        // A blank would fold the line before.
        return byte === cr || (byte !== lf && byte !== 0x20 && byte !== 0x09 && this.#spare());
      case 'trailer':
        if (byte === cr) this.#state = 'trailer-lf';
        else if (byte === lf || byte === 0 || !this.#spare()) return false;
        return true;
      case 'trailer-lf':
        this.#state = 'trailer-start';
        return byte === lf;
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
    else if (byte === semicolon) this.#state = 'extension';
    else return false;
    return true;
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
