/**
 * Bodies in chunks of one byte: each costs the gateway some hundred times what it holds. What waits is bounded by their
 * number too, wherever it waits, and nothing of them is lost.
 */
import { createServer, type IncomingMessage } from 'node:http';
import { Readable, Writable } from 'node:stream';
import { afterEach, expect, test, vi } from 'vitest';
import { createHttpServer, type HttpServer } from '../../src/entrypoints/shared/http-server.ts';
import { BodyMemory } from '../../src/upstream/body-memory.ts';
import { BodyPace } from '../../src/upstream/body-pace.ts';
import { DeadlineWheel } from '../../src/upstream/deadline-wheel.ts';
import { FirstPart, type FirstPartOwner } from '../../src/upstream/first-part.ts';
import { RequestBody } from '../../src/upstream/request-body.ts';
import { startProxy } from '../integration/forwarding-support.ts';
import { openRaw, sendRaw } from '../support/raw-client.ts';
import { startRecordingUpstream } from '../support/recording-upstream.ts';
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

/** A source that is read as a request is. */
const source = () => Object.assign(new Readable({ read() {} }), { complete: false }) as unknown as IncomingMessage;

const owner = (): FirstPartOwner & { came: number } => ({
  bytesIn: 0,
  came: 0,
  progress() {},
  bodyTooLarge() {},
  noRoom() {},
  firstPartCame() {
    this.came += 1;
  },
});

test('the first part of a body is held in few pieces', () => {
  const [from, whose] = [source(), owner()];
  const memory = new BodyMemory(1_000_000);
  const bounds = { enoughBytes: count, maxBytes: count, memory, party: null };
  const first = new FirstPart(from, whose, bounds, new BodyPace(0, 1));
  for (let i = 0; i < count; i += 1) from.emit('data', Buffer.from(bytesOf(i)));
  expect(whose.came).toBe(1);
  expect(first.chunks.length).toBeLessThan(600);
  expect(Buffer.concat(first.chunks).toString()).toBe(body);
  expect(memory.heldBytes).toBe(count);
});

test('control: bounded by bytes alone, a first part is as many pieces as the client likes', async () => {
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
  // Each is an object of its own, for the sake of one byte.
  expect(pieces.length).toBe(count);
});

test('a body that the service does not take holds its client back after few pieces', () => {
  const [from, whose] = [source(), owner()];
  const sent = new RequestBody(from, whose, count, new BodyPace(0, 1));
  from.resume();
  let taken = 0;
  for (; taken < count && !from.isPaused(); taken += 1) from.emit('data', Buffer.from(bytesOf(taken)));
  expect(taken).toBeLessThan(100);
  // Nothing of that is lost, and the service that takes it may hold its client back again.
  const parts: Buffer[] = [];
  sent.start({
    takePart(part) {
      parts.push(part);
      if (parts.length === 20) sent.pause();
    },
    endBody() {},
  });
  for (; taken < count && !from.isPaused(); taken += 1) from.emit('data', Buffer.from(bytesOf(taken)));
  expect(parts).toHaveLength(taken);
  expect(taken).toBe(20);
  sent.destroy();
});

test('control: a pipe that counts bytes holds no client back', () => {
  const from = source();
  const service = new Writable({ highWaterMark: 64 * 1024, write() {} });
  from.pipe(service);
  for (let sent = 0; sent < count; sent += 1) from.emit('data', Buffer.from(bytesOf(sent)));
  expect(from.isPaused()).toBe(false);
  expect(service.writableLength).toBe(count);
});

test('a request that nobody reads yet is not read on', async () => {
  const requests: IncomingMessage[] = [];
  const limits = {
    headerBytes: 16_384,
    headers: 100,
    targetBytes: 8_192,
    headersTimeoutMs: 10_000,
    requestTimeoutMs: 0,
    keepAliveTimeoutMs: 30_000,
    connections: 100,
    connectionsPerClient: 0,
    requestsPerConnection: 0,
    bodyMemoryBytes: 1_000_000,
    bodyGraceMs: 10_000,
    unreadTimeoutMs: 60_000,
    eventLoopLagMs: 0,
  };
  const server: HttpServer = createHttpServer({
    address: { host: '127.0.0.1', port: 0 },
    limits,
    trustedProxies: () => false,
    deadlines: new DeadlineWheel(10),
    onRequest(request, response) {
      if (request.url === '/slow') requests.push(request);
      else response.end();
    },
    onUpgrade() {},
    onRefused() {},
  });
  const { port } = await server.listen();
  running.push(() => server.drain(0));
  const client = await openRaw(port);
  running.push(() => client.destroy());
  client.write(chunked);
  await vi.waitFor(() => expect(requests[0]?.readableLength).toBeGreaterThan(0));
  // Whatever was there to be read by now has been.
  for (let i = 0; i < 20; i += 1) await sendRaw(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  // One read of the socket brings some ten thousand of them.
  expect(requests[0]!.readableLength).toBeLessThan(count / 2);
  let text = '';
  for await (const part of requests[0]!) text += part;
  expect(text).toBe(body);
});

test('control: a request of Node, which counts bytes, takes all of it in', async () => {
  const requests: IncomingMessage[] = [];
  const naive = await startNodeServer(createServer((req) => requests.push(req)));
  running.push(() => naive.close());
  const client = await openRaw(naive.port);
  running.push(() => client.destroy());
  client.write(chunked);
  await vi.waitFor(() => expect(requests[0]?.readableLength).toBe(count));
});

test.each([
  ['taken first', 1_000_000],
  ['partly taken first', 1_000],
  ['streamed', 0],
])('a body of many chunks arrives whole: %s', async (_name, bodyBufferBytes) => {
  const upstream = await startRecordingUpstream();
  running.push(() => upstream.close());
  const proxy = await startProxy({ targets: [upstream.origin], route: { bodyBufferBytes } });
  running.push(() => proxy.close());
  expect((await sendRaw(proxy.port, chunked)).status).toBe(200);
  expect(upstream.last().body.toString()).toBe(body);
  await vi.waitFor(() => expect(proxy.proxy.load().bufferedBytes).toBe(0));
});
