/**
 * Faults of the Auth API while requests flow steadily: only those whom nobody knows see errors, and they see 503 and
 * neither 401 nor 403; the others are served on what was known, and the service is told that it is old.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useRedis } from '../support/redis.ts';
import { FaultTable, installBefore, long } from './support/fault-bench.ts';
import type { Installation } from './support/installation.ts';

const deadlines = { authApiMs: 1_000, whileDisconnectedMs: 10_000 };

describe('steady requests at three replicas with one Redis', () => {
  const table = new FaultTable(deadlines.authApiMs);
  let installation: Installation;

  beforeAll(async () => {
    const { url, keyPrefix } = await useRedis();
    installation = await installBefore(`{ url: "${url}", keyPrefix: "${keyPrefix}" }`, deadlines);
  }, 120_000);
  afterAll(() => installation?.close());

  it.each([
    ['Auth API cut off for 5 s', 'cut', 5],
    ['Auth API answers after 3 s, for 5 s', 'fine', 3_000],
    ['Auth API answers 200 with garbage for 5 s', 'garbage', 5],
    ['Auth API answers 500 for 5 s', 'error', 5],
  ] as const)('%s', async (name, mood, latencyMs) => {
    const { authApi } = installation;
    const fault = { name, begin: () => authApi.behave(mood, latencyMs), end: () => authApi.behave('fine', 5) };
    const run = await table.run(installation, fault, long, (status) => status === 503);
    // Those whom nobody knows were told so, and the others were served on what was known: the fault was one.
    expect(run.errorsOfUnknown.length).toBeGreaterThan(0);
    expect(run.stale).toBeGreaterThan(0);
  });

  it('keeps the table', () => table.keep('auth-api-faults'));
});
