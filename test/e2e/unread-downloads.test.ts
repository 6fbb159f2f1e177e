/** Two clients that do not read 128 downloads of 24 MB each, at the default bounds of an upstream, and a third client beside them. */
import { expect, test, vi } from 'vitest';
import { startWithAddresses } from '../support/addressed-clients.ts';

const longMs = 90_000;

const inPool = { streams: 1, streamsPerClient: 1, queue: { length: 1000, waitMs: 2_000 } };

test.each([
  ['while the downloads are in the pool', inPool, 190],
  ['once all of them have left it', {}, 256],
])('the third client is served within a second: %s', async (_, bounds, held) => {
  const { proxy, send, page, load } = await startWithAddresses(bounds);
  for (const address of ['127.0.0.2', '127.0.0.3']) for (let i = 0; i < 128; i += 1) send(address, '/download');
  // Nothing is moving any more, so the time is not that of 256 downloads in this process: each is either held or refused.
  await vi.waitFor(() => {
    const { inFlight, waiting, streams } = load();
    expect([inFlight + streams + proxy.records.length, waiting]).toEqual([256, 0]);
    expect(bounds === inPool ? inFlight : streams).toBeGreaterThanOrEqual(held);
  }, longMs);
  const { statusCode, ms } = await page('127.0.0.4');
  expect([statusCode, ms < 1_000]).toEqual([200, true]);
});

test('control: without shares, a minimum rate, and with nothing that leaves the pool, one client holds every connection', async () => {
  const { send, page, load } = await startWithAddresses({ ...inPool, requestsPerClient: 100_000 }, { bodyRate: 0 });
  for (let i = 0; i < 257; i += 1) send('127.0.0.2', '/download');
  await vi.waitFor(() => expect(load()).toMatchObject({ inFlight: 256, streams: 1 }), longMs);
  expect(await page('127.0.0.4')).toMatchObject({ statusCode: 503, code: 'upstream_busy' });
});
