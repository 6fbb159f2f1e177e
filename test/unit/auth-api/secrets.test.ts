/** Randomness and keyed hashes. */
import { describe, expect, it } from 'vitest';
import { createKeyedHashes } from '../../../src/auth-api/secrets/keyed-hashes.ts';
import { randomCode, randomToken } from '../../../src/auth-api/secrets/random-secret.ts';

const first = 'first secret of thirty-two characters';
const second = 'second secret of thirty-two characters';

describe('randomToken', () => {
  it('has the requested length and contains only letters and digits', () => {
    for (const length of [0, 1, 32, 64]) expect(randomToken(length)).toMatch(new RegExp(`^[A-Za-z0-9]{${length}}$`));
  });

  it('favors no character', () => {
    const counts = new Map<string, number>();
    const length = 62 * 4_000;
    for (const character of randomToken(length)) counts.set(character, (counts.get(character) ?? 0) + 1);
    expect(counts.size).toBe(62);
    // Chi-squared with 61 degrees of freedom: beyond 130 once in about a million runs. Taking bytes modulo 62 would give
    // the first eight characters a quarter more, and a sum beyond 1,700.
    const sum = [...counts.values()].reduce((total, count) => total + (count - 4_000) ** 2 / 4_000, 0);
    expect(sum).toBeLessThan(130);
  });
});

describe('randomCode', () => {
  it('has six digits, including leading zeros', () => {
    const codes = Array.from({ length: 2_000 }, randomCode);
    for (const code of codes) expect(code).toMatch(/^\d{6}$/);
    expect(codes.some((code) => code.startsWith('0'))).toBe(true);
  });
});

describe('keyed hashes', () => {
  const hashes = createKeyedHashes([first]);

  it('differ by purpose, boundaries of parts and secret', () => {
    const other = createKeyedHashes([second]);
    const all = [
      hashes.bearer('ab'),
      hashes.apiSecret('a', 'b'),
      hashes.apiSecret('ab', ''),
      hashes.apiSecret('', 'ab'),
      hashes.code('a', 'b'),
      hashes.attemptsOf('a', 'b'),
      other.bearer('ab'),
    ];
    expect(new Set(all).size).toBe(all.length);
    for (const hash of all) expect(hash).toMatch(/^[\w-]{43}$/);
  });

  it('match only what they hashed', () => {
    const stored = hashes.apiSecret('key', 'secret');
    expect(hashes.isApiSecret(stored, 'key', 'secret')).toBe(true);
    expect(hashes.isApiSecret(stored, 'key', 'secret2')).toBe(false);
    expect(hashes.isApiSecret(stored, 'key2', 'secret')).toBe(false);
    expect(hashes.isApiSecret(null, 'key', 'secret')).toBe(false);
    expect(hashes.isApiSecret('', 'key', 'secret')).toBe(false);
    const code = hashes.code('id', '012345');
    expect(hashes.isCode(code, 'id', '012345')).toBe(true);
    expect(hashes.isCode(code, 'id', '12345')).toBe(false);
    expect(hashes.isCode(code, 'other', '012345')).toBe(false);
  });

  it('still match what an earlier secret hashed', () => {
    const rotated = createKeyedHashes([second, first]);
    expect(rotated.bearerCandidates('token')).toEqual([
      createKeyedHashes([second]).bearer('token'),
      hashes.bearer('token'),
    ]);
    expect(rotated.isApiSecret(hashes.apiSecret('key', 'secret'), 'key', 'secret')).toBe(true);
    expect(createKeyedHashes([second]).isApiSecret(hashes.apiSecret('key', 'secret'), 'key', 'secret')).toBe(false);
  });
});
