/** Refused requests whose bodies arrive later, many on one connection: nothing of them is retained. */
import { createServer } from 'node:http';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openRaw } from '../support/raw-client.ts';
import { startProxy } from '../support/running-proxy.ts';
import { startNodeServer } from './support/node-server.ts';

const running: { close(): Promise<void> }[] = [];
/** Node warns about an emitter that accumulates listeners. */
const warned: string[] = [];
const warn = (warning: Error) => warned.push(warning.name);
beforeEach(() => {
  warned.length = 0;
  process.on('warning', warn);
});
afterEach(async () => {
  process.off('warning', warn);
  for (const one of running.splice(0).reverse()) await one.close();
});

/** Fifty requests in turn, each body after its refusal. */
async function sendLateBodies(port: number): Promise<void> {
  const client = await openRaw(port);
  for (let sent = 0; sent < 50; sent += 1) {
    client.write('POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n');
    expect((await client.answer('POST')).status).toBe(401);
    client.write('abc');
  }
  client.destroy();
}

test('leaves no listener on the connection', async () => {
  const proxy = await startProxy({ targets: ['http://127.0.0.1:1'], access: 'authenticated' });
  running.push(proxy);
  await sendLateBodies(proxy.port);
  await vi.waitFor(() => expect(proxy.wheel.size).toBe(0));
  expect(warned).toEqual([]);
});

test('control: a gateway that adds listeners for each of them accumulates all', async () => {
  const watching: number[] = [];
  const server = createServer((req, res) => {
    // So a body that never arrives does not keep the connection forever.
    const timer = setTimeout(() => req.socket.destroy(), 60_000);
    req.socket.once('close', () => clearTimeout(timer));
    req.resume();
    watching.push(req.socket.listenerCount('close'));
    res.writeHead(401).end();
  });
  const naive = await startNodeServer(server);
  running.push(naive);
  await sendLateBodies(naive.port);
  expect(watching.at(-1)! - watching[0]!).toBe(49);
  await vi.waitFor(() => expect(warned).toContain('MaxListenersExceededWarning'));
});
