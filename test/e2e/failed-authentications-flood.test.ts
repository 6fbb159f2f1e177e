/** A hundred thousand random tokens from as many addresses: the throttle uses bounded memory. */
import { afterEach, expect, it } from 'vitest';
import { newBearer, requestOf } from './support/credentials.ts';
import { countStatuses, keepFigures, table } from './support/figures.ts';
import { settledMemory } from './support/heap-of.ts';
import { type Installation, startInstallation } from './support/installation.ts';

const tokens = 100_000;
const connections = 50;
const mib = 1024 * 1024;
let installation: Installation | undefined;

afterEach(() => installation?.close());

it('uses no more memory for them than for the first ones', async () => {
  installation = await startInstallation({
    replicas: [['rejected: 5s', 'maxRejected: 2000']],
    // On a busy machine a call takes long, which is not a failure of what is measured.
    authApiKeys: ['timeout: 30s'],
    serverKeys: [
      'trustedProxies: ["127.0.0.1"]',
      'limits: { eventLoopLag: 0s, failedAuthentications: { perClient: 1000, window: 1m } }',
    ],
    env: { NODE_OPTIONS: '--inspect=127.0.0.1:0' },
    connections,
  });
  const { client, replicas } = installation;
  const gateway = replicas[0]!;
  let sent = 0;
  const flood = async (count: number) => {
    const from = sent;
    sent += count;
    return countStatuses(
      await client.closedLoop(count, connections, (index) => {
        const at = from + index;
        const address = `X-Forwarded-For: 10.${(at >> 16) & 255}.${(at >> 8) & 255}.${at & 255}`;
        const bytes = requestOf('/user/x', newBearer()).toString('latin1');
        return { target: 0, bytes: Buffer.from(bytes.replace('\r\n\r\n', `\r\n${address}\r\n\r\n`), 'latin1') };
      }),
    );
  };
  // After these, everything bounded is full.
  expect(await flood(30_000)).toEqual({ 401: 30_000 });
  const before = await settledMemory(gateway.process);
  expect(await flood(tokens)).toEqual({ 401: tokens });
  const after = await settledMemory(gateway.process);
  const grown = (pick: 'heapBytes' | 'externalBytes') => (after[pick] - before[pick]) / mib;
  const figures = [grown('heapBytes').toFixed(1), grown('externalBytes').toFixed(1)];
  keepFigures('failed-authentications', table(['heap MiB', 'external MiB'], [figures]));
  expect(grown('heapBytes') + grown('externalBytes')).toBeLessThan(10);
});
