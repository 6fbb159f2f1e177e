/** Liveness and readiness. */
import { describe, expect, it } from 'vitest';
import { answerHealth } from '../../../src/auth-api/http/answer-health.ts';
import { Refusal } from '../../../src/auth-api/outcome/refusals.ts';
import { openSqliteStore } from '../../../src/auth-api/store/sqlite-store.ts';

const ok = { status: 200, body: { status: 'ok' } };

describe('answerHealth', () => {
  it('is alive and ready while the store answers, and only alive when it does not', async () => {
    const store = await openSqliteStore(':memory:');
    expect(await answerHealth('/health/live', 'GET', store)).toEqual(ok);
    expect(await answerHealth('/health/ready', 'HEAD', store)).toEqual(ok);
    await store.close();
    expect(await answerHealth('/health/live', 'GET', store)).toEqual(ok);
    expect(await answerHealth('/health/ready', 'GET', store)).toEqual(
      new Refusal('store_unavailable', { retryAfterS: 2 }),
    );
  });

  it('leaves other paths to others, and takes no other method', async () => {
    const store = await openSqliteStore(':memory:');
    expect(await answerHealth('/health', 'GET', store)).toBeNull();
    expect(await answerHealth('/health/live/', 'GET', store)).toBeNull();
    expect(await answerHealth('/health/live', 'POST', store)).toBeInstanceOf(Refusal);
    await store.close();
  });
});
