/** A gateway with the default times in front of services and clients that take their time, as real ones do. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFakeAuthApi } from '../support/fake-auth-api.ts';
import { openRaw } from '../support/raw-client.ts';
import { type RunningGateway, startGateway } from '../support/running-gateway.ts';

const closing: (() => unknown)[] = [];
let gateway: RunningGateway;

beforeAll(async () => {
  const service = createServer(async (message, response) => {
    let body = '';
    for await (const part of message) body += part;
    if (message.url === '/report') await wait(12_000);
    response.end(`received ${body}`);
  });
  service.listen(0, '127.0.0.1');
  await once(service, 'listening');
  closing.push(
    () => service.closeAllConnections(),
    () => service.close(),
  );
  const authApi = await startFakeAuthApi();
  closing.push(() => authApi.close());
  gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
authApi: { url: "http://127.0.0.1:${authApi.port}" }
upstreams: { service: { targets: ["http://127.0.0.1:${(service.address() as AddressInfo).port}"] } }
routes:
  - { id: all, match: { path: "/**" }, upstream: service, access: public }
`);
  closing.push(() => gateway.close());
});
afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

/** Sends these bytes, with a pause before each but the first, and expects this response. */
async function expectPatience(pauseMs: number, parts: readonly string[], text: string): Promise<void> {
  const client = await openRaw(gateway.port);
  try {
    const [first, ...later] = parts;
    client.write(first!);
    for (const part of later) {
      await wait(pauseMs);
      client.write(part);
    }
    // The first byte of the response may take longer than a raw client waits.
    if (client.unread().length === 0) await once(client.socket, 'data');
    const answer = await client.answer();
    expect([answer.status, answer.text()]).toEqual([200, text]);
  } finally {
    client.destroy();
  }
}

const post = (framing: string) => `POST /a HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n`;

test.concurrent('a response that begins after 12 seconds', () =>
  expectPatience(0, ['GET /report HTTP/1.1\r\nHost: a\r\n\r\n'], 'received '));

test.concurrent('a body that pauses for 15 seconds', () =>
  expectPatience(15_000, [post('Content-Length: 6'), 'abcdef'], 'received abcdef'));

test.concurrent('a body in chunks that pauses for 15 seconds', () =>
  expectPatience(
    15_000,
    [`${post('Transfer-Encoding: chunked')}3\r\nabc\r\n`, '3\r\ndef\r\n0\r\n\r\n'],
    'received abcdef',
  ));

test.concurrent('a line of a few bytes every three seconds', () => {
  const lines = Array.from({ length: 8 }, (_, at) => `1\r\n${at}\r\n`);
  return expectPatience(3_000, [post('Transfer-Encoding: chunked'), ...lines, '0\r\n\r\n'], 'received 01234567');
});
