/** Ports for servers that have to be told theirs before they start. */
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below those that systems give to whoever asks for any (RFC 6335 section 6; Linux from 32768 on): no other test gets it meanwhile. */
const first = 20_000;
const last = 31_999;

/** A port of loopback that nobody listens on. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = first + Math.floor(Math.random() * (last - first + 1));
    const server = createServer();
    const listening = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!listening) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
  throw new Error('no port is free');
}
