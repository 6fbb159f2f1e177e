/** Thousands of random tokens without a bearer's shape: no call, no cache entry, and no memory. */
import { afterEach, expect, it } from 'vitest';
import { newBearer, requestOf, times } from './support/credentials.ts';
import { countStatuses } from './support/figures.ts';
import { settledMemory } from './support/heap-of.ts';
import { type Installation, startInstallation } from './support/installation.ts';

const tokens = 10_000;
const connections = 50;
const mib = 1024 * 1024;
let installation: Installation | undefined;
afterEach(() => installation?.close());

/** Sends this many new tokens to a gateway that was warmed up with others. */
async function flood(credentials: readonly string[]) {
  installation = await startInstallation({
    replicas: [['rejected: 1h']],
    credentials,
    // Calls and entries are counted: a busy machine must not time out a call.
    authApiKeys: ['timeout: 30s'],
    env: { NODE_OPTIONS: '--inspect=127.0.0.1:0' },
    connections,
  });
  const { authApi, client, replicas } = installation;
  const gateway = replicas[0]!;
  const send = (count: number) => {
    const requests = times(count, () => requestOf('/user/x', newBearer()));
    return client.closedLoop(count, connections, (index) => ({ target: 0, bytes: requests[index]! }));
  };
  await send(2_000);
  const entries = async () => (await gateway.metrics()).sum('rolegate_cache_entries');
  const calls = async () => [...(await authApi.callCounts()).values()].reduce((sum, count) => sum + count, 0);
  await authApi.resetCalls();
  const before = { entries: await entries(), memory: await settledMemory(gateway.process) };
  const statuses = countStatuses(await send(tokens));
  const after = await settledMemory(gateway.process);
  const grown = (pick: 'heapBytes' | 'externalBytes') => after[pick] - before.memory[pick];
  return {
    statuses,
    calls: await calls(),
    entries: (await entries()) - before.entries,
    grownMib: (grown('heapBytes') + grown('externalBytes')) / mib,
  };
}

it('a token without the shape leaves no trace', async () => {
  const { grownMib, ...found } = await flood(['bearer: { shape: { prefix: "acme_", length: 37, alphabet: base62 } }']);
  expect(found).toEqual({ statuses: { 401: tokens }, calls: 0, entries: 0 });
  // A hundred bytes per token would be one.
  expect(grownMib).toBeLessThan(1);
  process.stdout.write(`memory grew by ${grownMib.toFixed(2)} MiB after ${tokens} tokens\n`);
});

it('control: without a shape, each is looked up and cached', async () => {
  const { statuses, calls, entries } = await flood([]);
  expect(statuses).toEqual({ 401: tokens });
  expect(calls).toBe(tokens);
  expect(entries).toBeGreaterThan(tokens / 2);
});
