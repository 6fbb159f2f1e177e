/** An answer with `Connection: close` is the last one: no request behind it is acted on, and none before it is lost. */
import { setTimeout } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { startProxy } from '../integration/forwarding-support.ts';
import { openRaw, sendRaw } from '../support/raw-client.ts';
import { startRecordingUpstream } from '../support/recording-upstream.ts';

const running: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.close();
});

const next = 'POST /pay HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer good-token\r\nContent-Length: 2\r\n\r\nhi';
const chunkedHead = (...headers: string[]) =>
  ['POST /p HTTP/1.1', 'Host: a', ...headers, '', '5', 'hello', ''].join('\r\n');

test.each([
  ['a refused body of unknown length', chunkedHead('Transfer-Encoding: chunked'), '0\r\n\r\n'],
  ['an unknown transfer coding', chunkedHead('Transfer-Encoding: gzip, chunked'), '0\r\n\r\n'],
  ['an unknown expectation', '', 'GET /p HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\n\r\n'],
])('nothing behind %s is forwarded', async (_, first, second) => {
  const upstream = await startRecordingUpstream();
  running.push(upstream);
  const proxy = await startProxy({ targets: [upstream.origin], access: 'authenticated' });
  running.push(proxy);
  // So that a connection to the service is open: what is forwarded is then there at once.
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

test('a draining gateway answers every request that was pipelined', async () => {
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
  await vi.waitFor(() => expect(upstream.requests.length).toBe(2));
  const drained = proxy.proxy.drain(5_000);
  released.resolve();
  expect((await client.answer()).text()).toBe('/1');
  const last = await client.answer();
  expect(last.text()).toBe('/2');
  expect(last.header('connection')).toBe('close');
  await drained;
});
