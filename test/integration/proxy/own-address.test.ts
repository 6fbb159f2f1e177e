/** The address shared by workers, from the choice of its port until they listen. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { ownAddress } from '../../../src/app/workers/own-address.ts';

async function listen(port: number, reusePort: boolean): Promise<Server> {
  const server = createServer().listen({ port, host: '127.0.0.1', reusePort });
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return server;
}

test.skipIf(process.platform !== 'linux')('keeps a system-chosen port until the workers listen', async () => {
  const { address, release } = await ownAddress('server.listen', { host: '127.0.0.1', port: 0 });
  await expect(listen(address.port, false)).rejects.toThrow('EADDRINUSE');
  await listen(address.port, true);
  release();
  await listen(address.port, true);
});

test.skipIf(process.platform !== 'linux')('does not listen on a port that clients may know', async () => {
  const { address, release } = await ownAddress('server.listen', { host: '127.0.0.1', port: 0 });
  release();
  await ownAddress('server.listen', address);
  await listen(address.port, false);
});
