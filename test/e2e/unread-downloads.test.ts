/** Two clients that do not read 128 downloads of 24 MB each, at the default bounds of an upstream, and a third client beside them. */
import { expect, test, vi } from 'vitest';
import { startWithAddresses } from '../support/addressed-clients.ts';

const longMs = 90_000;

test.each([
  ['from the first moment', 0],
  ['once all of them have left the pool', 256],
])('the third client is served within a second: %s', async (_, streams) => {
  const { send, page, load } = await startWithAddresses();
  for (const address of ['127.0.0.2', '127.0.0.3']) for (let i = 0; i < 128; i += 1) send(address, '/download');
  await vi.waitFor(() => expect(load().inFlight + load().streams).toBeGreaterThan(0));
  await vi.waitFor(() => expect(load().streams).toBeGreaterThanOrEqual(streams), longMs);
  const { statusCode, ms } = await page('127.0.0.4');
  expect([statusCode, ms < 1_000]).toEqual([200, true]);
});

test('control: without shares, a minimum rate, and with nothing that leaves the pool, one client holds every connection', async () => {
  const bounds = {
    streams: 1,
    streamsPerClient: 1,
    requestsPerClient: 100_000,
    queue: { length: 1000, waitMs: 2_000 },
  };
  const { send, page, load } = await startWithAddresses(bounds, { bodyRate: 0 });
  for (let i = 0; i < 257; i += 1) send('127.0.0.2', '/download');
  await vi.waitFor(() => expect(load()).toMatchObject({ inFlight: 256, streams: 1 }), longMs);
  expect(await page('127.0.0.4')).toMatchObject({ statusCode: 503, code: 'upstream_busy' });
});
