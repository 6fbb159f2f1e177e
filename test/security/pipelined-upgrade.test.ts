/** Upgrades and CONNECT pipelined after other requests: nothing ends the process, and nothing is out of order. */
import { createServer } from 'node:http';
import { expect, test, vi } from 'vitest';
import { closedAfterEach } from '../support/closed-after-each.ts';
import { openRaw } from '../support/raw-client.ts';
import { startRecordingUpstream } from '../support/recording-upstream.ts';
import { type ProxySetup, startProxy } from '../support/running-proxy.ts';
import { startNodeServer } from './support/node-server.ts';

const running = closedAfterEach();

async function start(setup: Partial<ProxySetup> = {}) {
  const released = Promise.withResolvers<void>();
  const upstream = await startRecordingUpstream({
    answer: async ({ target }) => {
      if (target.startsWith('/slow')) await released.promise;
      return { body: `answer to ${target}` };
    },
  });
  running.push(upstream);
  const proxy = await startProxy({ targets: [upstream.origin], ...setup });
  running.push(proxy);
  return { upstream, proxy, release: () => released.resolve() };
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const handshake = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
const upgrade = `GET /socket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${handshake}\r\n`;
const connect = 'CONNECT other:443 HTTP/1.1\r\nHost: other:443\r\n\r\n';

test('an upgrade after a pending request waits for it', async () => {
  const { proxy, upstream, release } = await start();
  const client = await openRaw(proxy.port);
  client.write(get('/slow') + upgrade);
  await vi.waitFor(() => expect(upstream.requests.length).toBe(1));
  release();
  expect((await client.answer()).text()).toBe('answer to /slow');
  expect((await client.answer()).text()).toBe('answer to /socket');
  expect(upstream.requests.find(({ target }) => target === '/socket')?.header('upgrade')).toEqual(['websocket']);
  client.destroy();
});

test('an upgrade after a completed request of the same connection is accepted', async () => {
  const { proxy, upstream } = await start();
  const client = await openRaw(proxy.port);
  client.write(get('/one'));
  await client.answer();
  client.write(upgrade);
  await client.answer();
  expect(upstream.last().header('upgrade')).toEqual(['websocket']);
  client.destroy();
});

test('CONNECT after pending requests is refused after them, and nothing follows it', async () => {
  const { proxy, upstream, release } = await start();
  const client = await openRaw(proxy.port);
  client.write(get('/slow/1') + get('/slow/2') + connect + get('/behind'));
  await vi.waitFor(() => expect(upstream.requests.length).toBe(1));
  release();
  expect((await client.answer()).text()).toBe('answer to /slow/1');
  expect((await client.answer()).text()).toBe('answer to /slow/2');
  const refusal = await client.answer('CONNECT');
  expect([refusal.status, refusal.header('connection')]).toEqual([501, 'close']);
  await client.closed();
  expect(upstream.requests.map(({ target }) => target)).toEqual(['/slow/1', '/slow/2']);
});

/** A gateway that handles an upgrade and CONNECT as soon as they arrive, whatever is still pending. */
async function startHasty() {
  const waiting: (() => void)[] = [];
  const server = createServer((req, res) => waiting.push(() => res.end(`answer to ${req.url}`)));
  server.on('upgrade', (_, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  });
  server.on('connect', (_, socket) => {
    socket.end('HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n');
  });
  const naive = await startNodeServer(server);
  running.push(naive);
  return { ...naive, waiting };
}

test('control: a gateway that upgrades at once makes the client take a tunnel for the response to the previous request', async () => {
  const { port, waiting } = await startHasty();
  const client = await openRaw(port);
  client.write(get('/slow') + upgrade);
  await vi.waitFor(() => expect(waiting.length).toBe(1));
  expect((await client.answer()).status).toBe(101);
  client.destroy();
});

test('control: a gateway that refuses CONNECT at once makes the client take the refusal for the response to the previous request', async () => {
  const { port, waiting } = await startHasty();
  const client = await openRaw(port);
  client.write(get('/slow/1') + get('/slow/2') + connect);
  await vi.waitFor(() => expect(waiting.length).toBe(2));
  expect((await client.answer()).status).toBe(405);
  for (const answer of waiting) answer();
  await client.closed();
  // Neither ever gets a response.
  expect(client.unread().toString()).toBe('');
  client.destroy();
});
