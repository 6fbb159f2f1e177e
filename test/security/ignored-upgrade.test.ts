/**
 * Unsupported upgrades (h2c, RFC 7540 section 3.2; lists; unknown words): the request is an ordinary one without them,
 * and the last one on its connection. Node loses bytes that arrive together with such a request, so the rest would be
 * parsed from the middle: a body as a request.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { openRaw } from '../support/raw-client.ts';
import { startRecordingUpstream } from '../support/recording-upstream.ts';
import { startProxy } from '../support/running-proxy.ts';

const running: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.close();
});

const upgrading = (...headers: string[]) =>
  ['GET /first HTTP/1.1', 'Host: a', 'Connection: Upgrade, HTTP2-Settings', ...headers, '', ''].join('\r\n');
const hidden = 'GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n';
const carrier = `POST /carrier HTTP/1.1\r\nHost: a\r\nContent-Length: ${hidden.length}\r\n\r\n`;

const words: readonly (readonly [string, string[]])[] = [
  ['h2c', ['Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__']],
  ['a list', ['Upgrade: websocket, h2c']],
  ['two headers', ['Upgrade: websocket', 'Upgrade: websocket']],
  ['TLS', ['Upgrade: TLS/1.0']],
];

test.each(words)('%s: forwarded without the upgrade, and the connection ends', async (_name, headers) => {
  const upstream = await startRecordingUpstream();
  running.push(upstream);
  const proxy = await startProxy({ targets: [upstream.origin] });
  running.push(proxy);
  const client = await openRaw(proxy.port);
  client.write(upgrading(...headers) + carrier);
  const answer = await client.answer();
  expect([answer.status, answer.header('connection')]).toEqual([200, 'close']);
  client.write(hidden);
  client.socket.end();
  await client.closed();
  expect(client.unread().toString()).toBe('');
  expect(upstream.requests.map(({ target }) => target)).toEqual(['/first']);
  for (const name of ['upgrade', 'http2-settings', 'connection']) {
    expect(upstream.last().header(name).join()).not.toMatch(/upgrade|h2c|settings|AAMA/i);
  }
});

test('control: a server that continues parses the body of the second request as a request', async () => {
  const seen: (string | undefined)[] = [];
  const server = createServer({ shouldUpgradeCallback: () => false }, (req, res) => {
    seen.push(req.url);
    req.resume();
    res.end('x');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  running.push({ close: () => new Promise((resolve) => server.close(resolve)) });
  const client = await openRaw((server.address() as AddressInfo).port);
  client.write(upgrading('Upgrade: h2c') + carrier);
  await client.answer();
  client.write(hidden);
  await client.answer();
  client.destroy();
  expect(seen).toEqual(['/first', '/hidden']);
});
