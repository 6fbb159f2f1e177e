/**
 * Bodies in chunks of one byte: for a server that handles each chunk separately, each costs some hundred times its
 * size. No byte may be lost either.
 */
import { createServer } from 'node:http';
import { afterEach, expect, test, vi } from 'vitest';
import { DeadlineWheel } from '../../src/http1/deadline-wheel.ts';
import { createHttp1Server } from '../../src/http1/server/server.ts';
import { openRaw, sendRaw } from '../support/raw-client.ts';
import { startRecordingUpstream } from '../support/recording-upstream.ts';
import { startProxy } from '../support/running-proxy.ts';
import { startNodeServer } from './support/node-server.ts';

const running: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of running.splice(0).reverse()) await close();
});

const count = 60_000;
const head = 'POST /slow HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
const bytesOf = (index: number) => String.fromCharCode(97 + (index % 26));
const body = Array.from({ length: count }, (_, index) => bytesOf(index)).join('');
const chunked = `${head}${[...body].map((byte) => `1\r\n${byte}\r\n`).join('')}0\r\n\r\n`;

test('the chunks of one read are one part', async () => {
  const parts: Buffer[] = [];
  const { promise: whole, resolve } = Promise.withResolvers<void>();
  const server = createHttp1Server({
    limits: {
      headBytes: 16_384,
      headTimeoutMs: 10_000,
      requestTimeoutMs: 0,
      keepAliveTimeoutMs: 30_000,
      unreadTimeoutMs: 60_000,
      connections: 100,
      requestsPerConnection: 0,
    },
    deadlines: new DeadlineWheel(10),
    accept: () => ({}),
    clientKey: () => '',
    onRequest: (request) => request.body!.start({ take: (part) => parts.push(part), end: resolve }),
    refusal: () => null,
    hold: () => true,
    release() {},
    onClose() {},
  });
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 }, false);
  running.push(() => server.drain(0));
  const client = await openRaw(port);
  running.push(() => client.destroy());
  client.write(chunked);
  await whole;
  expect(Buffer.concat(parts).toString()).toBe(body);
  expect(parts.length).toBeLessThan(count / 100);
});

test('control: in Node, a body has as many pieces as the client likes', async () => {
  const pieces: Buffer[] = [];
  const { promise: whole, resolve } = Promise.withResolvers<void>();
  const server = createServer((req, res) => {
    req.on('data', (piece: Buffer) => pieces.push(piece));
    req.on('end', () => {
      res.end();
      resolve();
    });
  });
  const naive = await startNodeServer(server);
  running.push(() => naive.close());
  const client = await openRaw(naive.port);
  running.push(() => client.destroy());
  client.write(chunked);
  await whole;
  // Each is a separate object for a single byte.
  expect(pieces.length).toBe(count);
});

test.each([
  ['read completely at first', 1_000_000],
  ['read partly at first', 1_000],
  ['streamed', 0],
])('a body of many chunks arrives complete: %s', async (_name, bodyBufferBytes) => {
  const upstream = await startRecordingUpstream();
  running.push(() => upstream.close());
  const proxy = await startProxy({ targets: [upstream.origin], route: { bodyBufferBytes } });
  running.push(() => proxy.close());
  expect((await sendRaw(proxy.port, chunked)).status).toBe(200);
  expect(upstream.last().body.toString()).toBe(body);
  await vi.waitFor(() => expect(proxy.proxy.load().bufferedBytes).toBe(0));
});
