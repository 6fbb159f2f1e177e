/** Assertions are signed once, reused for half of their life, renewed in the background, and bounded in number. */
import { expect, test, vi } from 'vitest';
import { createFileKeys } from '../../../src/assertion/file-keys.ts';
import { IdentityAssertion } from '../../../src/assertion/identity-assertion.ts';
import { Recent } from '../../../src/assertion/recent.ts';
import type { Identity } from '../../../src/core/identity/identity.ts';
import { makeIdentity } from '../core/make-policy.ts';

const jwk = {
  kty: 'OKP',
  crv: 'Ed25519',
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
};
let nowMs = 1_000_000_000_000;

function signer() {
  const keys = createFileKeys([{ algorithm: 'EdDSA', kid: null, jwk }]);
  return new IdentityAssertion({ issuer: 'i', lifetimeMs: 30_000, keys, now: () => nowMs });
}
const claims = (token: string | null) => JSON.parse(Buffer.from(token!.split('.')[1]!, 'base64url').toString());
const ann: Identity = makeIdentity({ userId: 'ann' });

test('waits for the first signature; the next request reuses it', async () => {
  const assertion = signer();
  const first = assertion.of(ann, 'orders');
  expect(first).toBeInstanceOf(Promise);
  expect(assertion.of(ann, 'orders')).toBe(first);
  const token = await first;
  expect(assertion.of(ann, 'orders')).toBe(token);
  // The same identity from another look-up.
  expect(assertion.of({ ...ann }, 'orders')).toBe(token);
});

test('another service, role, group, session or expiry of the credential needs another assertion', async () => {
  const assertion = signer();
  await assertion.of(ann, 'orders');
  expect(assertion.of(ann, 'billing')).toBeInstanceOf(Promise);
  const others: Partial<Identity>[] = [
    { roles: ['admin'] },
    { groups: ['x'] },
    { sessionId: 'other' },
    { userId: 'ben' },
    { expireAtMs: nowMs + 90_000 },
  ];
  for (const other of others) expect(assertion.of({ ...ann, ...other }, 'orders')).toBeInstanceOf(Promise);
});

test('after 40 % of its life it is renewed in the background; after half of it requests wait', async () => {
  const assertion = signer();
  const token = await assertion.of(ann, 'orders');
  nowMs += 11_900;
  expect(assertion.of(ann, 'orders')).toBe(token);
  nowMs += 200;
  expect(assertion.of(ann, 'orders')).toBe(token);
  await vi.waitFor(() => expect(assertion.of(ann, 'orders')).not.toBe(token));
  const renewed = assertion.of(ann, 'orders') as string;
  expect(claims(renewed).iat).toBe(Math.floor(nowMs / 1000));
  nowMs += 15_000;
  expect(assertion.of(ann, 'orders')).toBeInstanceOf(Promise);
});

test('setting the clock back prolongs no assertion', async () => {
  const assertion = signer();
  const token = await assertion.of(ann, 'orders');
  nowMs -= 3_600_000;
  const other = assertion.of(ann, 'orders');
  expect(other).toBeInstanceOf(Promise);
  expect(await other).not.toBe(token);
});

test('the cache is bounded by bytes and keeps assertions in use', () => {
  const recent = new Recent<string, string>(1_000, (_, token) => token.length);
  recent.set('used', 'x'.repeat(90));
  for (let i = 0; i < 1_000; i += 1) {
    recent.set(`key-${i}`, 'x'.repeat(90));
    expect(recent.get('used')).toBeDefined();
    expect(recent.size).toBeLessThanOrEqual(12);
  }
  expect(recent.get('key-0')).toBeUndefined();
});
