/** Refused requests whose bodies come later, many of them on one connection: nothing of them is kept. */
import { afterEach, expect, test, vi } from 'vitest';
import { startProxy } from '../integration/forwarding-support.ts';
import { openRaw } from '../support/raw-client.ts';

const running: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.close();
});

test('leaves nothing on the connection', async () => {
  const warned: string[] = [];
  const warn = (warning: Error) => warned.push(warning.name);
  process.on('warning', warn);
  try {
    const proxy = await startProxy({ targets: ['http://127.0.0.1:1'], access: 'authenticated' });
    running.push(proxy);
    const client = await openRaw(proxy.port);
    for (let sent = 0; sent < 50; sent += 1) {
      client.write('POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n');
      expect((await client.answer('POST')).status).toBe(401);
      client.write('abc');
    }
    client.destroy();
    await vi.waitFor(() => expect(proxy.wheel.size).toBe(0));
    // Node warns of an emitter that gathers listeners.
    expect(warned).toEqual([]);
  } finally {
    process.off('warning', warn);
  }
});
