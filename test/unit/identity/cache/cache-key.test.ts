import { createHash, createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { revocation } from '../../../../src/app/workers/worker-messages.ts';
import type { Credential } from '../../../../src/core/credential/credential.ts';
import { deriveCacheKeys, lookupKey, lookupKeys } from '../../../../src/identity/cache/cache-key.ts';
import { credentialOf, memoryKey } from '../../../../src/identity/cache/memory-cache.ts';
import { bearer, keyPair } from '../samples.ts';

const keys = deriveCacheKeys('a secret of at least thirty-two characters');

/** Strings made to collide at their boundaries, and arbitrary strings. */
const part = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b', ':', '1', '2', '\n', ' '), maxLength: 6 }),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)), maxLength: 3 }),
);
const anyCredential: fc.Arbitrary<Credential> = fc.oneof(
  part.map((token) => bearer(token)),
  fc.tuple(part, part).map(([apiKey, apiSecret]) => keyPair(apiKey, apiSecret)),
);

function same(a: Credential, b: Credential): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

describe('lookupKey', () => {
  it('differs for different credentials', () => {
    fc.assert(
      fc.property(anyCredential, anyCredential, (a, b) => {
        expect(lookupKey(a, keys) === lookupKey(b, keys)).toBe(same(a, b));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each<[string, Credential, Credential]>([
    ['the boundary between key and secret', keyPair('ab', 'c'), keyPair('a', 'bc')],
    ['a half that contains a length', keyPair('a', '1:b'), keyPair('a1:', 'b')],
    ['swapped halves', keyPair('a', 'b'), keyPair('b', 'a')],
    ['the kind', bearer('a'), keyPair('a', '')],
    ['an empty half', keyPair('', 'a'), keyPair('a', '')],
    ['a bearer that looks like an encoded pair', bearer('1:a1:b'), keyPair('a', 'b')],
    ['letter case', bearer('token'), bearer('Token')],
    ['different lone surrogates', bearer('\ud800'), bearer('\ud801')],
  ])('distinguishes %s', (_, a, b) => {
    expect(lookupKey(a, keys)).not.toBe(lookupKey(b, keys));
  });

  it('is equal for the same credential and secret, also in another process', () => {
    const again = deriveCacheKeys('a secret of at least thirty-two characters');
    expect(lookupKey(keyPair(), again)).toBe(lookupKey(keyPair(), keys));
    expect(lookupKey(bearer(), again)).toMatch(/^[\w-]{43}$/);
  });

  it('differs under another secret', () => {
    const others = deriveCacheKeys('another secret of thirty-two characters');
    expect(lookupKey(bearer(), others)).not.toBe(lookupKey(bearer(), keys));
  });

  it('is not a plain hash of the credential', () => {
    const token = 'a'.repeat(64);
    const plain = [token, `bearer:64:${token}`].flatMap((text) =>
      (['utf8', 'utf16le'] as const).map((encoding) => createHash('sha256').update(text, encoding).digest('base64url')),
    );
    expect(plain).not.toContain(lookupKey(bearer(token), keys));
  });
});

describe('deriveCacheKeys', () => {
  it('derives keys that differ from each other and from the secret', () => {
    const secret = 'a secret of at least thirty-two characters';
    const all = [keys.lookup, keys.entry, createSecretKey(Buffer.from(secret))];
    const digests = all.map((key) => key.export().toString('hex'));
    expect(new Set(digests).size).toBe(3);
  });
});

describe('memoryKey', () => {
  it('differs for different credentials, and decodes to its credential', () => {
    fc.assert(
      fc.property(anyCredential, anyCredential, (a, b) => {
        expect(memoryKey(a) === memoryKey(b)).toBe(same(a, b));
        expect(credentialOf(memoryKey(a))).toEqual(a);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('lookupKeys', () => {
  const jwt = `${Buffer.from('{"alg":"ES256"}').toString('base64url')}.e30.`;

  it('has a name without the signature for a JWT, because anyone can make a second valid signature of ECDSA', () => {
    const [one, other] = [lookupKeys(bearer(`${jwt}one`), keys), lookupKeys(bearer(`${jwt}other`), keys)];
    expect(one.filter((name) => other.includes(name))).toHaveLength(1);
  });

  it.each(['v4.local.', 'acme.prod.'])('has one name for another token of three parts: %s', (start) => {
    const [one, other] = [lookupKeys(bearer(`${start}one`), keys), lookupKeys(bearer(`${start}other`), keys)];
    expect(one.filter((name) => other.includes(name))).toEqual([]);
  });

  it('fits the messages of workers with the most previous secrets', () => {
    const previous = Array.from({ length: 8 }, (_, n) => `previous secret number ${n} of enough length`);
    const lookups = lookupKeys(
      bearer(`${jwt}one`),
      deriveCacheKeys('a secret of at least thirty-two characters', previous),
    );
    expect(revocation.parse({ kind: 'credential', lookups })).toEqual({ kind: 'credential', lookups });
  });
});
