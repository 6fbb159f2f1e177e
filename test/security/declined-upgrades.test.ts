/** A WebSocket that the service declines with an endless response is an ordinary stream: it ends with the access. */
import { afterEach, expect, test, vi } from 'vitest';
import { openRaw, type RawConnection } from '../support/raw-client.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';
import { ann, goodToken, type ProxySetup, startProxy } from '../support/running-proxy.ts';

const running: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of running.splice(0).reverse()) await close();
});

const handshake = [
  'GET /events HTTP/1.1',
  'Host: a',
  `Authorization: Bearer ${goodToken}`,
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  '\r\n',
].join('\r\n');

/** A service without WebSockets that sends events to every client. */
async function events(
  setup: Partial<ProxySetup>,
): Promise<{ client: RawConnection; service: RecordingUpstream } & Awaited<ReturnType<typeof startProxy>>> {
  const service = await startRecordingUpstream({
    answer: (_, { response }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const timer = setInterval(() => response.write('data: x\n\n'), 20);
      response.on('close', () => clearInterval(timer));
      return undefined;
    },
  });
  running.push(() => service.close());
  const proxy = await startProxy({ targets: [service.origin], access: ['user'], ...setup });
  running.push(() => proxy.close());
  const client = await openRaw(proxy.port);
  running.push(() => client.destroy());
  client.write(handshake);
  await vi.waitFor(() => expect(client.unread().toString('latin1')).toContain('data: x'));
  expect(client.unread().toString('latin1')).toMatch(/^HTTP\/1\.1 200 /);
  return { client, service, ...proxy };
}

test.each([
  ['when its credential expires', 500, 0, 'access_expired'],
  ['at the next recheck', Number.POSITIVE_INFINITY, 100, 'access_revoked'],
])('%s', async (_name, lifeMs, recheckMs, reason) => {
  let known = true;
  const identity = { ...ann, expireAtMs: Date.now() + lifeMs };
  const { client, records, wheel, proxy } = await events({
    route: { recheckMs },
    resolve: () =>
      known
        ? { identity, reason: null, stale: false, source: 'memory' }
        : { identity: null, reason: 'credential_rejected', retryAfterS: null, source: 'auth-api' },
  });
  known = recheckMs === 0;
  await client.closed();
  await vi.waitFor(() => expect(records).toHaveLength(1));
  expect(records[0]).toMatchObject({ entrypoint: 'upgrade', status: 200, cut: true, reason });
  expect([wheel.size, proxy.load().openStreams, proxy.inFlight]).toEqual([0, 0, 0]);
});

test('control: a stream with valid access continues', async () => {
  const { client, proxy } = await events({ route: { recheckMs: 50 } });
  await vi.waitFor(() => expect(proxy.load().rechecks.kept).toBeGreaterThan(2));
  const before = client.unread().length;
  await vi.waitFor(() => expect(client.unread().length).toBeGreaterThan(before));
});
