/**
 * Faults of the Auth API during steady requests: only credentials that are not known yet get errors, and these are 503,
 * neither 401 nor 403; the others are served from stale verdicts, marked as stale for the service.
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
    // Unknown credentials got the error, and the others were served from stale verdicts: the fault was effective.
    expect(run.errorsOfUnknown.length).toBeGreaterThan(0);
    expect(run.stale).toBeGreaterThan(0);
  });

  it('stores the table', () => table.keep('auth-api-faults'));
});
