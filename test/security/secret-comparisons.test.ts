/**
 * Secrets are compared in constant time as digests of equal length (the classes of CVE-2015-7576 and CVE-2026-32595): a
 * comparison that stops at the first difference reveals how far a guess was right. Timings prove little on a busy
 * machine, so the test counts the runtime's comparisons instead.
 */
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findToken } from '../../src/admin/check-caller.ts';
import { readSigned } from '../../src/admin/webhook-signature.ts';
import { createKeyedHashes } from '../../src/auth-api/secrets/keyed-hashes.ts';
import { takeSecret } from '../../src/authorizer/callers.ts';
import { decodeEntry, encodeEntry } from '../../src/identity/cache/redis-entry.ts';
import { compareSecrets } from '../../src/sealing/compare-secrets.ts';

const { timingSafeEqual } = crypto;
/** Lengths of the compared values. */
let compared: number[] = [];
beforeAll(() => {
  crypto.timingSafeEqual = (a, b) => {
    compared.push(a.byteLength, b.byteLength);
    return timingSafeEqual(a, b);
  };
  syncBuiltinESMExports();
});
afterAll(() => {
  crypto.timingSafeEqual = timingSafeEqual;
  syncBuiltinESMExports();
});
beforeEach(() => {
  compared = [];
});

/** Once, and as SHA-256 digests. */
const once = [32, 32];
const right = 'the-token-of-the-operator-0123456789';

describe('the token of the admin port', () => {
  test.each([
    ['right', right, null],
    ['wrong in its first character', `x${right.slice(1)}`, 'credential_rejected'],
    ['wrong in its last character', `${right.slice(0, -1)}x`, 'credential_rejected'],
    ['shorter', 'x', 'credential_rejected'],
    ['longer', right.repeat(9), 'credential_rejected'],
  ])('%s', (_, offered, verdict) => {
    const known = [
      { name: 'own', token: right, scope: 'write' },
      { name: 'other', token: `another-${right}`, scope: 'read' },
    ] as const;
    expect(findToken(['Authorization', `Bearer ${offered}`], known)).toBe(verdict ?? known[0]);
    // The second one is compared even if the first is right.
    expect(compared).toEqual([...once, ...once]);
  });
});

describe('the secret of proxies that call the authorizer', () => {
  test.each([
    ['right', [right], true],
    ['wrong in its first character', [`x${right.slice(1)}`], false],
    ['shorter', ['x'], false],
    ['missing', [], false],
    ['sent twice', [right, right], false],
  ])('%s', (_, offered, taken) => {
    const headers = offered.flatMap((value) => ['x-rolegate-authorizer', value]);
    expect(takeSecret(['a', 'b', ...headers], compareSecrets([right]))).toEqual(taken ? ['a', 'b'] : null);
    expect(compared).toEqual(once);
  });
});

describe('the secret of a key pair', () => {
  const hashes = createKeyedHashes(['the current secret of the Auth API', 'the one before']);
  const stored = hashes.apiSecret('key', 'secret');

  test.each([
    ['right', stored, 'secret', true],
    ['wrong', stored, 'sfcret', false],
    ['of another length', stored, 's', false],
    ['of an unknown key', null, 'secret', false],
  ])('%s, under every secret of the Auth API', (_, held, secret, verdict) => {
    expect(hashes.isApiSecret(held, 'key', secret)).toBe(verdict);
    expect(compared).toEqual([...once, ...once]);
  });

  test.each([
    ['right', '123456', true],
    ['wrong', '123457', false],
  ])('a code, %s', (_, code, verdict) => {
    expect(hashes.isCode(hashes.code('id', '123456'), 'id', code)).toBe(verdict);
    expect(compared).toEqual([...once, ...once]);
  });
});

describe('a proof', () => {
  const body = Buffer.from('{"userID":"u1"}');
  const key = Buffer.alloc(32, 7);
  const secret = `whsec_${key.toString('base64')}`;
  const sign = (text: string) => crypto.createHmac('sha256', key).update(text).digest('base64');
  const headers = (signature: string) => [
    'webhook-id',
    'm1',
    'webhook-timestamp',
    '1800000000',
    'webhook-signature',
    `v1,${signature}`,
  ];

  test.each([
    ['right', sign(`m1.1800000000.${body}`), true],
    ['wrong', sign('m1.1800000000.'), false],
  ])('of a webhook, %s', (_, signature, verdict) => {
    expect(readSigned(headers(signature), body, [secret], 1_800_000_000_000) !== null).toBe(verdict);
    expect(compared).toEqual(once);
  });

  test.each([
    ['right', 'lookup', false],
    ['wrong', 'lookuq', true],
  ])('of an entry in Redis, %s', (_, lookup, refused) => {
    const entryKey = crypto.createSecretKey(key);
    const entry = encodeEntry({ identity: null, askedAtMs: 1_000, endMs: 2_000 }, 'lookup', entryKey)!;
    expect(decodeEntry(entry, lookup, 'bearer', entryKey, 1_500) === null).toBe(refused);
    expect(compared).toEqual(once);
  });
});
