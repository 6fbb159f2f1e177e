/** When keys are generated, published, used and dropped. */
import { describe, expect, test } from 'vitest';
import { joinRings, maxKeys, nextKeyFromMs, type RingKey, signingKey } from '../../../src/assertion/key-ring.ts';

const minute = 60_000;
const rotation = { algorithm: 'EdDSA', rotateMs: 100 * minute, overlapMs: 10 * minute } as const;

const key = (kid: string, signsFromMs: number, algorithm: RingKey['algorithm'] = 'EdDSA'): RingKey => ({
  kid,
  algorithm,
  jwk: { kty: 'OKP', crv: 'Ed25519', x: kid, d: kid },
  signsFromMs,
});
const kids = (keys: readonly RingKey[]) => keys.map(({ kid }) => kid).join('');
const joined = (mine: readonly RingKey[], theirs: readonly RingKey[], nowMs: number) =>
  kids(joinRings(mine, theirs, nowMs, rotation.overlapMs));

describe('the signing key', () => {
  const keys = [key('a', 0), key('b', 100 * minute)];
  test.each([
    [0, 'a'],
    [100 * minute - 1, 'a'],
    [100 * minute, 'b'],
    // A clock that is behind all others.
    [-minute, 'a'],
  ])('at %d: %s', (nowMs, kid) => expect(signingKey(keys, nowMs)?.kid).toBe(kid));
  test('an empty ring has no signing key', () => expect(signingKey([], 0)).toBeNull());
});

describe('when the next key is generated, and from when it signs', () => {
  test.each<[string, readonly RingKey[], number, number | null]>([
    ['the first one signs at once', [], 7, 7],
    ['not generated before it is due', [key('a', 0)], 90 * minute - 1, null],
    ['generated one overlap before it signs', [key('a', 0)], 90 * minute, 100 * minute],
    ['the next key is already waiting', [key('a', 0), key('b', 100 * minute)], 95 * minute, null],
    ['generated late, it is still published before it signs', [key('a', 0)], 500 * minute, 510 * minute],
    ['a change of algorithm is due at once', [key('a', 0, 'ES256')], minute, 11 * minute],
    ['a change of algorithm happens once', [key('a', 0), key('b', 11 * minute, 'ES256')], 2 * minute, null],
  ])('%s', (_, keys, nowMs, expected) => expect(nextKeyFromMs(keys, nowMs, rotation)).toBe(expected));
});

describe('the published keys', () => {
  const [a, b, c] = [key('a', 0), key('b', 100 * minute), key('c', 200 * minute)];
  test.each([
    [50 * minute, 'ab'],
    // The last assertion of "a" has expired, and the overlap has passed.
    [111 * minute - 1, 'ab'],
    [111 * minute, 'b'],
  ])('at %d: %s', (nowMs, expected) => expect(joined([a, b], [], nowMs)).toBe(expected));

  test('keys of two replicas appear once each, in the order in which they sign', () => {
    expect(joined([b], [c, a, b], 0)).toBe('abc');
    expect(joined([key('y', 5)], [key('x', 5)], 0)).toBe('xy');
  });

  test(`at most ${maxKeys} keys, the newest`, () => {
    const many = Array.from({ length: 20 }, (_, index) => key(String.fromCharCode(97 + index), index));
    expect(joined(many, [], 0)).toBe('mnopqrst');
  });
});
