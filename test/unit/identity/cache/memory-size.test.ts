/** The measured memory of verdicts, against the estimate in bytes that bounds it. */
import { randomBytes, randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Identity } from '../../../../src/core/identity/identity.ts';
import { freezeIdentity } from '../../../../src/core/identity/identity-fields.ts';
import { MemoryCache } from '../../../../src/identity/cache/memory-cache.ts';
import { verdictOf } from '../../../../src/identity/lifetimes.ts';
import type { Verdict } from '../../../../src/identity/verdict.ts';
import { heapInUse } from '../../../support/heap-in-use.ts';

const identities = 100_000;
const nowMs = 1_700_000_000_000;

/** Like a parsed response of the Auth API: every text is a separate string. */
function answered(index: number): Verdict {
  const fields: unknown = JSON.parse(
    JSON.stringify({
      kind: 'bearer',
      userId: randomUUID(),
      roles: ['user', 'reporter'],
      groups: ['public', `tenant-${index % 500}`],
      alias: `ana-${index}`,
      fullName: `Ana Example ${index}`,
      sessionId: randomUUID(),
      keyId: null,
      tokenId: null,
      issuedAtMs: null,
      authenticatedAtMs: null,
      claims: {},
      source: 'authApi',
      expireAtMs: 2_000_000_000_000,
    }),
  );
  return verdictOf(freezeIdentity(fields as Identity), nowMs, { acceptedMs: 30_000, rejectedMs: 5_000 });
}

it('stores 100,000 identities within the default bound', () => {
  const maxBytes = 128 * 1024 * 1024;
  const cache = new MemoryCache({ maxAccepted: identities, maxRejected: 10, maxBytes, staleOnOutageMs: 0 });
  const before = heapInUse();
  for (let index = 0; index < identities; index += 1) {
    const origin = { lookups: [randomBytes(32).toString('base64url')], foreign: false };
    cache.keep({ kind: 'bearer', token: randomBytes(32).toString('hex') }, answered(index), nowMs, origin);
  }
  const taken = heapInUse() - before;
  expect(cache.size.accepted).toBe(identities);
  expect(taken).toBeLessThan(maxBytes);
  // The estimate covers the measured memory, apart from noise of the runtime, and is close to it.
  expect(cache.size.bytes / taken).toBeGreaterThan(0.95);
  expect(cache.size.bytes / taken).toBeLessThan(1.4);
}, 120_000);

it('retains no request head from which a credential was sliced', () => {
  const count = 400;
  const headBytes = 100_000;
  const head = (index: number, secret: string) => `${randomBytes(headBytes / 2).toString('hex')}${index}:${secret}`;
  const cutOut = (index: number) => head(index, randomBytes(32).toString('hex')).slice(-64);
  const origin = { lookups: ['known'], foreign: false };
  const cache = new MemoryCache({ maxAccepted: count, maxRejected: count, maxBytes: 2 ** 24, staleOnOutageMs: 0 });
  const before = heapInUse();
  // Control: a sliced text retains its whole source.
  const cut = Array.from({ length: count }, (_, index) => cutOut(index));
  const held = heapInUse() - before;
  expect(held).toBeGreaterThan((count * headBytes) / 2);
  for (const token of cut) cache.keep({ kind: 'bearer', token }, answered(0), nowMs, origin);
  cut.length = 0;
  expect(cache.size.accepted).toBe(count);
  expect(heapInUse() - before).toBeLessThan(held / 10);
}, 120_000);
