/** Liveness and readiness. */
import { describe, expect, it } from 'vitest';
import { respondToHealth } from '../../../src/auth-api/http/health.ts';
import { Refusal } from '../../../src/auth-api/outcome/refusals.ts';
import { openSqliteStore } from '../../../src/auth-api/store/sqlite-store.ts';

const alive = { status: 200, body: { status: 'ok' } };
const mailState = () => null;
const redisConnected = () => null;

describe('respondToHealth', () => {
  it('is live and ready while the store responds, and only live when it does not', async () => {
    const store = await openSqliteStore(':memory:');
    const sources = { store, mailState, redisConnected };
    expect(await respondToHealth('/health/live', 'GET', sources)).toEqual(alive);
    expect(await respondToHealth('/health/ready', 'HEAD', sources)).toMatchObject({ status: 200 });
    await store.close();
    expect(await respondToHealth('/health/live', 'GET', sources)).toEqual(alive);
    expect(await respondToHealth('/health/ready', 'GET', sources)).toEqual(
      new Refusal('store_unavailable', { retryAfterS: 2 }),
    );
  });

  it.each([
    ['no mail and no Redis', null, null, 'not configured', 'not configured'],
    ['a working mail server and Redis', { queued: 3, failing: false }, true, 'ok', 'ok'],
    ['failing ones, which do not affect readiness', { queued: 3, failing: true }, false, 'down', 'down'],
  ])('reports %s', async (_, state, connected, mail, redis) => {
    const store = await openSqliteStore(':memory:');
    const sources = { store, mailState: () => state, redisConnected: () => connected };
    expect(await respondToHealth('/health/ready', 'GET', sources)).toEqual({
      status: 200,
      body: { status: 'ok', checks: { store: 'ok', redis, mail } },
    });
    await store.close();
  });

  it('ignores other paths and refuses other methods', async () => {
    const store = await openSqliteStore(':memory:');
    const sources = { store, mailState, redisConnected };
    expect(await respondToHealth('/health', 'GET', sources)).toBeNull();
    expect(await respondToHealth('/health/live/', 'GET', sources)).toBeNull();
    expect(await respondToHealth('/health/live', 'POST', sources)).toBeInstanceOf(Refusal);
    await store.close();
  });
});
