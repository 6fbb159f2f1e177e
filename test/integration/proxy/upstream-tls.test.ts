/** Upstreams with TLS: verified for the configured name, whatever Host the client sends. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { certificate as cert, key } from '../../support/localhost-certificate.ts';
import { openRaw, sendRaw } from '../../support/raw-client.ts';
import { startProxy } from '../../support/running-proxy.ts';

const known = getCACertificates('default');
const running: { close(): Promise<void> }[] = [];
let server: Server;
let port: number;
let names: unknown[];
const sockets: TLSSocket[] = [];

beforeAll(() => setDefaultCACertificates([...known, cert]));
afterAll(() => setDefaultCACertificates(known));

beforeEach(async () => {
  names = [];
  server = createServer({ cert, key }, (req, res) => res.end(`host ${req.headers.host}`));
  server.on('secureConnection', (socket) => {
    names.push(socket.servername);
    sockets.push(socket);
    socket.on('error', () => {});
  });
  server.on('upgrade', (_req, socket) => {
    socket.write(
      'HTTP/1.1 101 Fine\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n',
    );
    socket.pipe(socket);
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});

afterEach(async () => {
  for (const one of running.splice(0)) await one.close();
  for (const socket of sockets.splice(0)) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

async function inFront(target: string): Promise<number> {
  const proxy = await startProxy({ targets: [target], route: { timeoutMs: 3_000 } });
  running.push(proxy);
  return proxy.port;
}

const get = (host: string) => `GET /a HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
const upgrade = (host: string) =>
  `GET /a HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`;

describe('an upstream with TLS', () => {
  it('is verified for its own name and keeps its connection, whatever Host the client sends', async () => {
    const proxy = await inFront(`https://localhost:${port}`);
    for (const host of ['api.test', 'other.test:8443', '127.0.0.1']) {
      const answer = await sendRaw(proxy, get(host));
      expect([answer.status, answer.text()]).toEqual([200, `host ${host}`]);
    }
    expect(names).toEqual(['localhost']);
    expect(sockets).toHaveLength(1);
  });

  it('supports upgrades as well', async () => {
    const proxy = await inFront(`https://localhost:${port}`);
    const client = await openRaw(proxy);
    client.write(upgrade('other.test'));
    expect((await client.answer()).status).toBe(101);
    client.write('echo');
    await vi.waitFor(() => expect(client.unread().toString()).toBe('echo'));
    expect(names).toEqual(['localhost']);
    // Either side may abort it.
    client.destroy();
    await vi.waitFor(() => expect(sockets[0]?.destroyed).toBe(true));
    const other = await openRaw(proxy);
    other.write(upgrade('other.test'));
    expect((await other.answer()).status).toBe(101);
    sockets[1]?.destroy();
    await other.closed();
  });

  it('is unreachable when its certificate is for another name', async () => {
    const address = server.address() as AddressInfo;
    const proxy = await inFront(
      `https://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${port}`,
    );
    // The client's Host cannot replace the missing name.
    for (const request of [get('localhost'), upgrade('localhost')]) {
      const answer = await sendRaw(proxy, request);
      expect([answer.status, JSON.parse(answer.text()).code]).toEqual([502, 'upstream_unreachable']);
    }
  });

  it('is unreachable when its certificate is not trusted', async () => {
    setDefaultCACertificates(known);
    try {
      const proxy = await inFront(`https://localhost:${port}`);
      expect((await sendRaw(proxy, get('api.test'))).status).toBe(502);
    } finally {
      setDefaultCACertificates([...known, cert]);
    }
  });
});
