import { expect, test } from 'vitest';
import { announceToSiblings } from '../../../../src/app/workers/announce-to-siblings.ts';
import type { Delivery } from '../../../../src/identity/revocation/revocation-announcer.ts';
import type { Revocation } from '../../../../src/identity/revocation/tombstones.ts';

test('replaces a flood by one revocation of everything, sent after the last revocation that it replaces', async () => {
  const sent: { readonly revocation: Revocation; readonly done: (delivery: Delivery) => void }[] = [];
  const siblings = announceToSiblings((revocation) => new Promise((done) => sent.push({ revocation, done })));
  const deliveries = Array.from({ length: 1003 }, (_, n) => siblings.announce({ kind: 'user', id: `u${n}` }));
  // One for the first revocation beyond the limit; the others arrived while it was being sent.
  expect(sent).toHaveLength(1001);
  expect(sent[1000]!.revocation).toEqual({ kind: 'all' });
  sent[1000]!.done('delivered');
  expect(await deliveries[1000]).toBe('delivered');
  await expect.poll(() => sent.length).toBe(1002);
  expect(sent[1001]!.revocation).toEqual({ kind: 'all' });
  sent[1001]!.done('undelivered');
  expect(await Promise.all([deliveries[1001], deliveries[1002]])).toEqual(['undelivered', 'undelivered']);
  for (const { done } of sent) done('delivered');
  expect(await deliveries[0]).toBe('delivered');
  void siblings.announce({ kind: 'user', id: 'after' });
  expect(sent.at(-1)!.revocation).toEqual({ kind: 'user', id: 'after' });
});

test('a flood of revocations of called sources ends no tokens that the gateway verifies itself', () => {
  const sent: Revocation[] = [];
  const siblings = announceToSiblings((revocation) => {
    sent.push(revocation);
    return new Promise(() => {});
  });
  for (let at = 0; at < 1_100; at += 1) void siblings.announce({ kind: 'session', id: `s${at}`, source: 'asked' });
  expect(sent.slice(1_000)).toEqual([{ kind: 'all', of: 'called' }]);
  void siblings.announce({ kind: 'session', id: 's', source: 'https://issuer.test' });
  expect(sent.slice(1_001)).toEqual([{ kind: 'all' }]);
});
