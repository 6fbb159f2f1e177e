import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HmacSha256 } from '../../../src/identity/hmac-sha256.ts';

/** RFC 4231: key, data, digest. */
const vectors: readonly [name: string, key: Buffer, text: string, digest: string][] = [
  [
    'a short key',
    Buffer.alloc(20, 0x0b),
    'Hi There',
    'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  ],
  [
    'a key shorter than the digest',
    Buffer.from('Jefe'),
    'what do ya want for nothing?',
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ],
  [
    'a key longer than a block',
    Buffer.alloc(131, 0xaa),
    'Test Using Larger Than Block-Size Key - Hash Key First',
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  ],
];

const anyText = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) });
const anyBytes = fc.uint8Array({ maxLength: 200 });

describe('HMAC-SHA-256', () => {
  it.each(vectors)('gives the digest of RFC 4231 with %s', (_, key, text, digest) => {
    expect(new HmacSha256(key).digest(text, 'utf8', 'hex')).toBe(digest);
  });

  it('is that of Node for any key, text and bytes, one call after the other', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 80 }),
        fc.array(fc.tuple(anyText, anyBytes, fc.constantFrom('utf8', 'utf16le')), { minLength: 1, maxLength: 4 }),
        (key, messages) => {
          const own = new HmacSha256(key);
          for (const [text, bytes, encoding] of messages) {
            const expected = createHmac('sha256', key).update(text, encoding).update(bytes).digest('base64url');
            expect(own.digest(text, encoding, 'base64url', bytes)).toBe(expected);
          }
        },
      ),
    );
  });

  it.each([1_000, 2_048, 2_049, 40_000])('is that of Node for a message of %d bytes, and for the next one', (size) => {
    const key = Buffer.alloc(32, 7);
    const own = new HmacSha256(key);
    for (const bytes of [Buffer.alloc(size, 'x'), Buffer.from('short')]) {
      const expected = createHmac('sha256', key).update(bytes).digest('hex');
      expect(own.digest('', 'utf8', 'hex', bytes)).toBe(expected);
      expect(own.digest(bytes.toString('latin1'), 'utf8', 'hex')).toBe(expected);
    }
  });

  it('takes a proof with every bit as it is, and no other', () => {
    const key = Buffer.alloc(32, 7);
    const own = new HmacSha256(key);
    const proof = createHmac('sha256', key).update('text').update('bytes').digest();
    const bytes = Buffer.from('bytes');
    expect(own.proves(proof, 'text', 'utf8', bytes)).toBe(true);
    for (let bit = 0; bit < 256; bit += 1) {
      const altered = Buffer.from(proof);
      altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(own.proves(altered, 'text', 'utf8', bytes)).toBe(false);
    }
    for (const size of [0, 31, 33]) {
      expect(own.proves(Buffer.concat([proof, proof]).subarray(0, size), 'text', 'utf8', bytes)).toBe(false);
    }
    expect(own.proves(proof, 'texT', 'utf8', bytes)).toBe(false);
    expect(own.proves(proof, 'text', 'utf8', Buffer.from('byteS'))).toBe(false);
    expect(own.proves(proof, 'text', 'utf8')).toBe(false);
  });
});
