/** Liveness and readiness. */
import { describe, expect, it } from 'vitest';
import { respondToHealth } from '../../../src/auth-api/http/health.ts';
import { Refusal } from '../../../src/auth-api/outcome/refusals.ts';
import { openSqliteStore } from '../../../src/auth-api/store/sqlite-store.ts';

const alive = { status: 200, body: { status: 'ok' } };
const mailState = () => null;

describe('respondToHealth', () => {
  it('is alive and ready while the store answers, and only alive when it does not', async () => {
    const store = await openSqliteStore(':memory:');
    const sources = { store, mailState };
    expect(await respondToHealth('/health/live', 'GET', sources)).toEqual(alive);
    expect(await respondToHealth('/health/ready', 'HEAD', sources)).toMatchObject({ status: 200 });
    await store.close();
    expect(await respondToHealth('/health/live', 'GET', sources)).toEqual(alive);
    expect(await respondToHealth('/health/ready', 'GET', sources)).toEqual(
      new Refusal('store_unavailable', { retryAfterS: 2 }),
    );
  });

  it.each([
    ['no mail', null, 'not configured'],
    ['a mail server that works', { queued: 3, failing: false }, 'ok'],
    ['a mail server that does not, which is no reason to refuse', { queued: 3, failing: true }, 'down'],
  ])('tells of %s', async (_, state, mail) => {
    const store = await openSqliteStore(':memory:');
    expect(await respondToHealth('/health/ready', 'GET', { store, mailState: () => state })).toEqual({
      status: 200,
      body: { status: 'ok', checks: { store: 'ok', mail } },
    });
    await store.close();
  });

  it('leaves other paths to others, and takes no other method', async () => {
    const store = await openSqliteStore(':memory:');
    const sources = { store, mailState };
    expect(await respondToHealth('/health', 'GET', sources)).toBeNull();
    expect(await respondToHealth('/health/live/', 'GET', sources)).toBeNull();
    expect(await respondToHealth('/health/live', 'POST', sources)).toBeInstanceOf(Refusal);
    await store.close();
  });
});
