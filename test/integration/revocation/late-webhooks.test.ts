/** A signed webhook that arrives late or repeatedly ends what was issued before it was sent, and no later sign-in. */
import { expect, test } from 'vitest';
import { nowS } from '../../support/token-issuer.ts';
import { redisWithLog, startTokenWorld } from './token-world.ts';

test('a late webhook does not affect later sign-ins', async () => {
  const world = await startTokenWorld();
  const gateway = await world.gateway();
  const sentS = nowS() - 120;
  const before = await world.issuer.token({ iat: sentS - 1, jti: 'before' });
  const after = await world.issuer.token({ iat: sentS + 60, jti: 'after' });
  expect(await gateway.webhook({ userID: 'ann' }, 'late', sentS)).toBe(202);
  expect([await gateway.status(before), await gateway.status(after)]).toEqual([401, 200]);
});

test('a webhook from a sender with a fast clock does not affect the future', async () => {
  const world = await startTokenWorld();
  const gateway = await world.gateway();
  expect(await gateway.webhook({ userID: 'ann' }, 'fast', nowS() + 120)).toBe(202);
  const [now, later] = [await world.issuer.token(), await world.issuer.token({ iat: nowS() + 20, jti: 'later' })];
  expect([await gateway.status(now), await gateway.status(later)]).toEqual([401, 200]);
});

test('a webhook from a sender with a slow clock revokes what was issued before it was sent', async () => {
  const world = await startTokenWorld();
  const gateway = await world.gateway();
  const token = await world.issuer.token({ iat: nowS() - 10 });
  expect(await gateway.webhook({ userID: 'ann' }, 'slow', nowS() - 30)).toBe(202);
  expect(await gateway.status(token)).toBe(401);
});

test.each([
  ['with Redis, on another replica', true],
  ['without Redis', false],
])('a repeated webhook does nothing: %s', async (_name, shared) => {
  const world = await startTokenWorld();
  const redis = shared ? await redisWithLog() : null;
  const first = await world.gateway({ redis });
  const second = shared ? await world.gateway({ redis }) : first;
  const [sentS, ann] = [nowS() - 120, { userID: 'ann' }];
  const after = await world.issuer.token({ iat: sentS + 60 });
  expect(await first.webhook(ann, 'once', sentS)).toBe(202);
  // Senders sign each attempt with its own time.
  expect(await second.webhook(ann, 'once', nowS())).toBe(202);
  expect(await second.status(after)).toBe(200);
  // Controls: the same id with another body, and the same body with another id, are separate messages.
  expect(await second.webhook({ userID: 'bob' }, 'once', nowS())).toBe(202);
  expect(await second.status(await world.issuer.token({ iat: sentS + 60, sub: 'bob' }))).toBe(401);
  expect(await second.webhook(ann, 'another', nowS())).toBe(202);
  expect(await second.status(after)).toBe(401);
});
