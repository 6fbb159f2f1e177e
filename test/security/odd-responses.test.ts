/** Responses of services that cannot be forwarded unchanged, or that are easily forwarded with another meaning. */
import { createServer as createHttpServer, request as httpRequest } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { expect, test } from 'vitest';
import { closedAfterEach } from '../support/closed-after-each.ts';
import { openRaw } from '../support/raw-client.ts';
import { startProxy } from '../support/running-proxy.ts';

const running = closedAfterEach();

/** Responds to each request with the parts in turn, a moment apart, and ends. */
async function startAnswering(...parts: readonly string[]) {
  const server: Server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', async () => {
      for (const part of parts) {
        socket.write(part, 'latin1');
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
      socket.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  running.push({ close: () => new Promise((resolve) => server.close(() => resolve())) });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const proxy = await startProxy({ targets: [`http://127.0.0.1:${address.port}`] });
  running.push(proxy);
  return { port: proxy.port, origin: address.port };
}

async function ask(port: number, ...headers: string[]) {
  const client = await openRaw(port);
  client.write(['GET /a HTTP/1.1', 'Host: a', ...headers, '', ''].join('\r\n'));
  try {
    return await client.answer();
  } finally {
    client.destroy();
  }
}

const upgrade = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

test.each([
  ['gzip', 'x'],
  ['chunked, gzip', 'x'],
])("a service's transfer coding that would be lost: %s", async (coding, body) => {
  const proxy = await startAnswering(`HTTP/1.1 200 OK\r\nTransfer-Encoding: ${coding}\r\n\r\n${body}`);
  for (const headers of [[], upgrade]) expect((await ask(proxy.port, ...headers)).status).toBe(502);
});

test('control: a relay that drops hop-by-hop headers returns the coded body as a plain one', async () => {
  const service = await startAnswering(
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n',
  );
  const relay = createHttpServer((req, res) => {
    httpRequest({ port: service.origin, path: req.url }, (answer) => {
      const { 'transfer-encoding': _, ...headers } = answer.headers;
      res.writeHead(answer.statusCode ?? 0, headers);
      answer.pipe(res);
    }).end();
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  running.push({ close: () => new Promise((resolve) => relay.close(() => resolve())) });
  const answer = await ask((relay.address() as AddressInfo).port, 'Connection: close');
  expect([answer.status, answer.text(), answer.header('content-encoding')]).toEqual([200, 'x', undefined]);
  expect(answer.header('transfer-encoding')).not.toContain('gzip');
});

test('a 101 that specifies no protocol', async () => {
  const proxy = await startAnswering('HTTP/1.1 101 Switching Protocols\r\n\r\n');
  expect((await ask(proxy.port, ...upgrade)).status).toBe(502);
});

test.each([
  ['together', ['HTTP/1.1 200 OK\r\nX-Name: \xc3\xa9\xff\r\nContent-Length: 2\r\n\r\nhi']],
  ['before its body', ['HTTP/1.1 200 OK\r\nX-Name: \xc3\xa9\xff\r\nContent-Length: 2\r\n\r\n', 'hi']],
])('the bytes of a header are unchanged when it arrives %s', async (_, parts) => {
  const proxy = await startAnswering(...parts);
  for (const headers of [[], upgrade]) {
    expect((await ask(proxy.port, ...headers)).header('x-name')).toBe('\xc3\xa9\xff');
  }
});
