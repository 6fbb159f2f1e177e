/** Liveness and readiness. */
import { describe, expect, it } from 'vitest';
import { type HealthSources, healthOperations } from '../../../src/auth-api/http/health.ts';
import { Refusal } from '../../../src/auth-api/outcome/refusals.ts';
import type { Services } from '../../../src/auth-api/services.ts';
import { openSqliteStore } from '../../../src/auth-api/store/sqlite-store.ts';

const request = {
  rawHeaders: [],
  params: {},
  query: '',
  body: Buffer.alloc(0),
  client: { ip: '', userAgent: '', language: 'en' as const },
};

async function ask(path: string, store: Services['store'], sources: Partial<HealthSources> = {}) {
  const none = { mailState: () => null, redisConnected: () => null, gatewayOf: () => null };
  const operation = healthOperations({ ...none, ...sources }).find(({ paths }) => paths.includes(path))!;
  return await operation.run(request, { store } as Services);
}

describe('health', () => {
  it('is live and ready while the store responds, and only live when it does not', async () => {
    const store = await openSqliteStore(':memory:');
    const alive = { body: { status: 'ok' } };
    expect(await ask('/health/live', store)).toMatchObject(alive);
    expect(await ask('/health/ready', store)).toMatchObject(alive);
    await store.close();
    expect(await ask('/health/live', store)).toMatchObject(alive);
    expect(await ask('/health/ready', store)).toEqual(new Refusal('store_unavailable', { retryAfterS: 2 }));
  });

  it.each([
    ['no mail and no Redis', null, null, 'not configured', 'not configured'],
    ['a working mail server and Redis', { queued: 3, failing: false }, true, 'ok', 'ok'],
    ['failing ones, which do not affect readiness', { queued: 3, failing: true }, false, 'down', 'down'],
  ])('reports %s', async (_, state, connected, mail, redis) => {
    const store = await openSqliteStore(':memory:');
    const sources = { mailState: () => state, redisConnected: () => connected };
    expect(await ask('/health/ready', store, sources)).toMatchObject({
      body: { status: 'ok', checks: { store: 'ok', redis, mail } },
    });
    await store.close();
  });
});
