/**
 * HMAC-SHA-256 (RFC 2104) under a key that stays, as two plain hashes over bytes that are set out once. `createHmac` makes
 * native objects for each call, which a look-up in Redis pays for twice.
 */
import { type BinaryToTextEncoding, hash, timingSafeEqual } from 'node:crypto';

const blockBytes = 64;
const digestBytes = 32;
/** Longer messages get bytes of their own. */
const roomBytes = 2_048;

export class HmacSha256 {
  /** The key as the inner hash takes it, and room for a message. */
  readonly #inner = Buffer.alloc(blockBytes + roomBytes);
  /** The key as the outer hash takes it, and room for the digest of the inner one. */
  readonly #outer = Buffer.alloc(blockBytes + digestBytes);
  readonly #expected = Buffer.alloc(digestBytes);

  constructor(key: Uint8Array) {
    const short = key.length > blockBytes ? hash('sha256', key, 'buffer') : key;
    for (let at = 0; at < blockBytes; at += 1) {
      this.#inner[at] = (short[at] ?? 0) ^ 0x36;
      this.#outer[at] = (short[at] ?? 0) ^ 0x5c;
    }
  }

  /** Of a text, and of bytes that follow it; `binary` gives a byte in each character. */
  digest(text: string, encoding: 'utf8' | 'utf16le', output: BinaryToTextEncoding, bytes?: Uint8Array): string {
    const most = text.length * (encoding === 'utf16le' ? 2 : 3) + (bytes?.length ?? 0);
    const inner = most <= roomBytes ? this.#inner : this.#withRoom(most);
    let end = blockBytes + inner.write(text, blockBytes, encoding);
    if (bytes !== undefined) {
      inner.set(bytes, end);
      end += bytes.length;
    }
    this.#outer.write(hash('sha256', inner.subarray(0, end), 'binary'), blockBytes, 'latin1');
    return hash('sha256', this.#outer, output);
  }

  /** Whether `proof` is the digest; how long that takes says nothing about where they differ. */
  proves(proof: Uint8Array, text: string, encoding: 'utf8' | 'utf16le', bytes?: Uint8Array): boolean {
    this.#expected.write(this.digest(text, encoding, 'binary', bytes), 'latin1');
    return proof.length === digestBytes && timingSafeEqual(this.#expected, proof);
  }

  #withRoom(bytes: number): Buffer {
    const inner = Buffer.alloc(blockBytes + bytes);
    inner.set(this.#inner.subarray(0, blockBytes));
    return inner;
  }
}
