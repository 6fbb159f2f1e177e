/**
 * A client that sends requests without reading what comes of them: answers wait for the one before them, and what all of
 * them take is bounded, for one client and for all.
 */
import { expect, test, vi } from 'vitest';
import { startProxy } from '../integration/forwarding-support.ts';
import { openRaw } from '../support/raw-client.ts';
import { startRecordingUpstream } from '../support/recording-upstream.ts';
import { get, unreadingClients } from './support/unreading-clients.ts';

const { sockets, running, open } = unreadingClients();
const bodyBytes = 60_000;
const shareOf = (bodyMemoryBytes: number) => bodyMemoryBytes / 4;

async function startWith(bodyMemoryBytes: number) {
  const upstream = await startRecordingUpstream({ answer: () => ({ body: Buffer.alloc(bodyBytes) }) });
  running.push(upstream);
  const proxy = await startProxy({ targets: [upstream.origin], limits: { bodyMemoryBytes } });
  running.push(proxy);
  return { upstream, proxy };
}

/** Its answers together are far more than the system takes for a client. */
function askAndNotRead(port: number): void {
  open(port).write(get.repeat(100));
}

test('its connections are cut before its answers take more than its share', async () => {
  const { upstream, proxy } = await startWith(4_000_000);
  const cut = () => proxy.records.filter((record) => record.cut && record.reason === 'client_busy');
  let most = 0;
  for (let i = 0; i < 8; i += 1) {
    askAndNotRead(proxy.port);
    const settled = () => {
      most = Math.max(most, proxy.proxy.load().bufferedBytes);
      expect(cut().length > 0 || upstream.requests.length >= 100 * (i + 1)).toBe(true);
    };
    await vi.waitFor(settled, { interval: 1, timeout: 5_000 });
  }
  await vi.waitFor(() => expect(cut().length).toBeGreaterThan(0), 5_000);
  expect(most).toBeLessThanOrEqual(shareOf(4_000_000));
  for (const socket of sockets) socket.destroy();
  await vi.waitFor(() => expect(proxy.proxy.load().bufferedBytes).toBe(0), 5_000);
});

test('control: with memory for them all, they all wait', async () => {
  const { upstream, proxy } = await startWith(400_000_000);
  for (let sent = 1; sent <= 8; sent += 1) {
    askAndNotRead(proxy.port);
    await vi.waitFor(() => expect(upstream.requests.length).toBe(100 * sent), { interval: 1, timeout: 5_000 });
  }
  await vi.waitFor(() => expect(proxy.proxy.load().bufferedBytes).toBeGreaterThan(2 * shareOf(4_000_000)), 5_000);
  expect(proxy.records.filter(({ cut }) => cut)).toEqual([]);
});

test('a client that reads gets all of its answers, and nothing is held for it then', async () => {
  const { proxy } = await startWith(20_000_000);
  const client = await openRaw(proxy.port);
  for (let round = 0; round < 3; round += 1) {
    client.write(get.repeat(100));
    for (let i = 0; i < 100; i += 1) expect((await client.answer()).body.length).toBe(bodyBytes);
  }
  await vi.waitFor(() => expect(proxy.proxy.load().bufferedBytes).toBe(0));
  client.destroy();
});
