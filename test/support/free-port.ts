/**
 * Ports for servers that need a port number before they start. A process takes them from its own blocks: it listens on
 * the first port of a block as long as it runs, so no other process of this run, or of another one, uses the block. A
 * server that is stopped for a while gets its port again.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';

const blockSize = 40;
const blocks = 300;
const first = Math.max(4_000, Math.min(32_000, lowestOfSystem()) - blocks * blockSize);

const left: number[] = [];
let claiming: Promise<void> | null = null;

/** A free loopback port; never the same one twice. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    const port = left.shift();
    if (port === undefined) {
      claiming ??= claimBlock();
      await claiming;
    } else if (await isFree(port)) return port;
  }
  throw new Error('no port is free');
}

async function claimBlock(): Promise<void> {
  const start = first + blockSize * Math.floor(Math.random() * blocks);
  const claim = await listen(start);
  claiming = null;
  if (claim === null) return;
  claim.unref();
  left.push(...Array.from({ length: blockSize - 1 }, (_, index) => start + 1 + index));
}

async function isFree(port: number): Promise<boolean> {
  const server = await listen(port);
  server?.close();
  if (server !== null) await once(server, 'close');
  return server !== null;
}

/** Null: another process listens there. */
function listen(port: number): Promise<Server | null> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(null));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

/** From there on are ephemeral ports (RFC 6335 section 6). */
function lowestOfSystem(): number {
  try {
    return Number.parseInt(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'), 10);
  } catch {
    return 49_152;
  }
}
