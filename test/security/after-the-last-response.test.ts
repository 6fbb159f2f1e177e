/**
 * A response with `Connection: close` is the last one: no request after it is processed, and none before it is lost.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { closedAfterEach } from '../support/closed-after-each.ts';
import { openRaw, sendRaw } from '../support/raw-client.ts';
import { startRecordingUpstream } from '../support/recording-upstream.ts';
import { startProxy } from '../support/running-proxy.ts';
import { startNodeServer } from './support/node-server.ts';

const running = closedAfterEach();

const next = 'POST /pay HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer good-token\r\nContent-Length: 2\r\n\r\nhi';
const chunkedHead = (...headers: string[]) =>
  ['POST /p HTTP/1.1', 'Host: a', ...headers, '', '5', 'hello', ''].join('\r\n');

const lastAnswers: readonly (readonly [name: string, first: string, second: string])[] = [
  ['a refused body of unknown length', chunkedHead('Transfer-Encoding: chunked'), '0\r\n\r\n'],
  ['an unknown transfer coding', chunkedHead('Transfer-Encoding: gzip, chunked'), '0\r\n\r\n'],
  ['an unknown expectation', '', 'GET /p HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\n\r\n'],
];

test.each(lastAnswers)('nothing after %s is forwarded', async (_, first, second) => {
  const upstream = await startRecordingUpstream();
  running.push(upstream);
  const proxy = await startProxy({ targets: [upstream.origin], access: 'authenticated' });
  running.push(proxy);
  // Opens a connection to the service first, so a forwarded request would arrive at once.
  await sendRaw(proxy.port, next);
  upstream.clear();
  const client = await openRaw(proxy.port);
  if (first !== '') {
    client.write(first);
    await vi.waitFor(() => expect(client.unread().length).toBeGreaterThan(0));
  }
  client.write(second + next);
  const answer = await client.answer('POST');
  expect(answer.header('connection')).toBe('close');
  await client.closed();
  expect(client.unread().toString()).toBe('');
  await setTimeout(50);
  expect(upstream.requests).toEqual([]);
});

/**
 * Announces that it closes, then still processes the following request: the client believes that it was not served, but
 * it was.
 */
test.each(lastAnswers)('control: without the defense, the request after %s is processed', async (_, first, second) => {
  const acted: string[] = [];
  const refuse = (req: IncomingMessage, res: ServerResponse) => {
    res.writeHead(400, { connection: 'close', 'content-length': 2 });
    res.write('no');
    req.on('end', () => res.end()).resume();
  };
  const server = createServer((req, res) => {
    if (req.url === '/p') refuse(req, res);
    else acted.push(req.url ?? '');
  });
  server.on('checkExpectation', refuse);
  const naive = await startNodeServer(server);
  running.push(naive);
  const client = await openRaw(naive.port);
  if (first !== '') {
    client.write(first);
    await vi.waitFor(() => expect(client.unread().length).toBeGreaterThan(0));
  }
  client.write(second + next);
  expect((await client.answer('POST')).header('connection')).toBe('close');
  await client.closed();
  expect(client.unread().toString()).toBe('');
  expect(acted).toEqual(['/pay']);
});

test('a draining gateway responds to every pipelined request', async () => {
  const released = Promise.withResolvers<void>();
  const upstream = await startRecordingUpstream({
    answer: async ({ target }) => {
      await released.promise;
      return { body: target };
    },
  });
  running.push(upstream);
  const proxy = await startProxy({ targets: [upstream.origin] });
  running.push(proxy);
  const client = await openRaw(proxy.port);
  client.write('GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n');
  await vi.waitFor(() => expect(upstream.requests.length).toBe(1));
  const drained = proxy.proxy.drain(5_000);
  released.resolve();
  expect((await client.answer()).text()).toBe('/1');
  const last = await client.answer();
  expect(last.text()).toBe('/2');
  expect(last.header('connection')).toBe('close');
  await drained;
});

test('control: a gateway that closes with the first response loses the second', async () => {
  let draining = false;
  const waiting: (() => void)[] = [];
  const server = createServer((req, res) => {
    waiting.push(() => res.writeHead(200, draining ? { connection: 'close' } : {}).end(req.url));
  });
  const naive = await startNodeServer(server);
  running.push(naive);
  const client = await openRaw(naive.port);
  client.write('GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n');
  await vi.waitFor(() => expect(waiting.length).toBe(2));
  draining = true;
  for (const answer of waiting) answer();
  expect((await client.answer()).text()).toBe('/1');
  await client.closed();
  expect(client.unread().toString()).toBe('');
});
