/** Processes that benchmarks start: an Auth API that accepts everything, and a Redis. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Beside {
  readonly url: string;
  stop(): void;
}

export async function startAuthApi(): Promise<Beside> {
  const script = fileURLToPath(new URL('./load/auth-api.ts', import.meta.url));
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const port of createInterface({ input: child.stdout })) return beside(`http://127.0.0.1:${port}`, child);
  throw new Error('the Auth API ended before it listened');
}

export async function startRedis(): Promise<Beside> {
  const port = await freePort();
  const child = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', ''], {
    stdio: 'ignore',
  });
  const failed = once(child, 'error').then(() => {
    throw new Error('there is no redis-server on the PATH: install it, or give --redis');
  });
  await Promise.race([untilListening(port), failed]);
  return beside(`redis://127.0.0.1:${port}`, child);
}

function beside(url: string, child: ChildProcess): Beside {
  return { url, stop: () => void child.kill('SIGKILL') };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

export async function untilListening(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const socket = connect({ port, host: '127.0.0.1' });
    const connected = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (connected === true) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`nobody listens on port ${port}`);
}
