/**
 * Clients with addresses of their own on loopback, at a proxy in front of a service whose responses may stay open. Everything is closed
 * after each test of the importing file.
 */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { Agent, EventSource, request } from 'undici';
import { afterEach } from 'vitest';
import type { UpstreamConfig } from '../../src/config/config.ts';
import type { Route } from '../../src/core/routing/route.ts';
import { startProxy } from './running-proxy.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** The defaults of the configuration, as are the times. */
export const defaultBounds = { connections: 256, requestsPerClient: 128, streams: 4096, streamsPerClient: 1024 };

/**
 * A service with uploads (POST), a page, event streams, requests without a response (`/held`), responses that stay open (`/open`), and downloads of 24 MB,
 * behind a proxy.
 */
export async function startWithAddresses(upstream: Partial<UpstreamConfig> = {}, route: Partial<Route> = {}) {
  const open: ServerResponse[] = [];
  const file = Buffer.alloc(24_000_000);
  const server = createServer((message, response) => {
    if (message.method === 'POST') return message.resume().on('end', () => response.end('received'));
    if (message.url === '/page') return response.end('page');
    if (message.url === '/download') return response.end(file);
    open.push(response);
    if (message.url === '/events')
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: hello\n\n');
    else if (message.url === '/open') response.write('begun');
    if (message.method === 'HEAD') response.end();
    return response;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  const proxy = await startProxy({
    targets: [`http://127.0.0.1:${port}`],
    route: { bodyRate: 500, timeoutMs: 60_000, ...route },
    limits: { bodyGraceMs: 60_000 },
    upstream: { ...defaultBounds, queue: { length: 1000, waitMs: 5_000 }, ...upstream },
  });
  closing.push(() => proxy.close());
  const origin = `http://127.0.0.1:${proxy.port}`;
  const agents = new Map<string, Agent>();

  function agent(address: string): Agent {
    let made = agents.get(address);
    if (made === undefined) {
      made = new Agent({ localAddress: address });
      agents.set(address, made);
      closing.push(() => made!.destroy());
    }
    return made;
  }

  return {
    proxy,
    open,
    load: () => proxy.proxy.load().upstreams[0]!,
    /** Status of a page for this address, the code of a refusal, and the time that it took. */
    async page(address: string, path = '/page') {
      const startedAt = performance.now();
      const { statusCode, body } = await request(`${origin}${path}`, { dispatcher: agent(address) });
      const text = await body.text();
      return { statusCode, code: statusCode < 400 ? null : JSON.parse(text).code, ms: performance.now() - startedAt };
    },
    /** An event stream as browsers open it; resolves after its first event, or when it is refused. */
    async subscribe(address: string): Promise<'open' | 'refused'> {
      const source = new EventSource(`${origin}/events`, { node: { dispatcher: agent(address) } });
      closing.push(() => source.close());
      return new Promise((resolve) => {
        source.onmessage = () => resolve('open');
        source.onerror = () => resolve('refused');
      });
    },
    /** A request whose response is not read; `rest` follows its request line and `Host`. */
    send(address: string, path: string, method = 'GET', rest = '\r\n'): Socket {
      const socket = connect({ port: proxy.port, host: '127.0.0.1', localAddress: address });
      socket.on('error', () => {});
      socket.pause().write(`${method} ${path} HTTP/1.1\r\nHost: a\r\n${rest}`);
      closing.push(() => socket.destroy());
      return socket;
    },
  };
}

export const repeat = <T>(times: number, make: () => T): T[] => Array.from({ length: times }, make);
