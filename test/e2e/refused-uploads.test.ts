/**
 * Uploads that are refused, by clients and to services that nobody here wrote: each client sees the status, although most of them
 * read it only after they have sent everything, and the memory of the gateway stays the same meanwhile.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { buildProgram } from '../support/built-program.ts';
import { freePort } from '../support/free-port.ts';
import { certificate, key } from '../support/localhost-certificate.ts';
import { residentBytes } from '../support/running-proxy.ts';
import { installMs, need, runClient } from './support/clients/client-programs.ts';
import { uploadingClients } from './support/clients/uploading-clients.ts';

const bodyBytes = 30_000_000;
const mib = 1024 * 1024;

let folder: string;
let file: string;
const started: ChildProcess[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rolegate-uploads-'));
  file = join(folder, 'body');
  writeFileSync(file, '');
  truncateSync(file, bodyBytes);
  writeFileSync(join(folder, 'certificate'), certificate);
  writeFileSync(join(folder, 'key'), key);
});
afterAll(() => {
  for (const one of started) one.kill();
  rmSync(folder, { recursive: true });
});

/** A gateway of its own process in front of this service. */
async function startGateway(service: string, access: string): Promise<{ url: string; port: number; pid: number }> {
  const port = await freePort();
  const config = join(folder, `${port}.yaml`);
  writeFileSync(
    config,
    `version: 1
server: { listen: "127.0.0.1:${port}", admin: false }
log: { level: error }
authApi: { url: "http://127.0.0.1:9" }
roles: { user: {} }
upstreams: { service: { targets: ["${service}"] } }
routes: [{ id: upload, match: { path: "/upload", methods: [POST] }, upstream: service, access: ${access} }]
`,
  );
  const gateway = spawn(process.execPath, [buildProgram('uploads'), 'serve', '--config', config], {
    stdio: 'inherit',
    env: { ...process.env, NODE_EXTRA_CA_CERTS: join(folder, 'certificate') },
  });
  started.push(gateway);
  await vi.waitFor(async () => expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404), {
    timeout: 20_000,
    interval: 100,
  });
  return { url: `http://127.0.0.1:${port}/upload`, port, pid: gateway.pid! };
}

/** Prints its port. */
async function startService(program: string, ...args: readonly string[]): Promise<number> {
  const service = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  started.push(service);
  const [text] = await once(service.stdout, 'data');
  return Number(text);
}

/** The statuses that a client has seen. */
async function statusesOf(client: (typeof uploadingClients)[number], url: string, count: number): Promise<string[]> {
  client.prepare(folder);
  const { output } = await runClient(folder, client.script(folder, url, file, count), {});
  return output
    .trim()
    .split('\n')
    .map((line) => line.replace('HTTP/1.1 ', ''));
}

describe('without a credential', () => {
  let gateway: Awaited<ReturnType<typeof startGateway>>;
  beforeAll(async () => {
    gateway = await startGateway('http://127.0.0.1:9', '[user]');
  }, 120_000);

  test.each(uploadingClients)(
    '$name sees 401, ten times of ten',
    async (client) => {
      expect(await statusesOf(client, gateway.url, 10)).toEqual(Array(10).fill('401'));
    },
    installMs,
  );

  test('the gateway drops what still arrives', async () => {
    const client = connect(gateway.port, '127.0.0.1');
    client.write(`POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: ${2 ** 40}\r\n\r\n`);
    const part = Buffer.alloc(mib);
    const send = async (count: number) => {
      for (let sent = 0; sent < count; sent += 1) await new Promise((written) => client.write(part, written));
    };
    await send(512);
    const before = residentBytes(gateway.pid);
    await send(1024);
    expect(residentBytes(gateway.pid) - before).toBeLessThan(64 * mib);
    const [response] = await once(client, 'data');
    expect(String(response)).toMatch(/^HTTP\/1.1 401 /);
    client.destroy();
  }, 60_000);
});

describe.each([
  ['http.server', 'http://127.0.0.1', () => startPython('http.server')],
  ['http.server with TLS', 'https://localhost', () => startPython('http.server', folder)],
  ['wsgiref', 'http://127.0.0.1', () => startPython('wsgiref')],
  ['Go net/http', 'http://127.0.0.1', startGo],
] as const)('by a service, %s', (_name, origin, start) => {
  let url: string;
  beforeAll(async () => {
    ({ url } = await startGateway(`${origin}:${await start()}`, 'public'));
  }, 120_000);

  test.each(uploadingClients)(
    '$name sees its 413, five times of five',
    async (client) => {
      expect(await statusesOf(client, url, 5)).toEqual(Array(5).fill('413'));
    },
    installMs,
  );
});

function startPython(...args: readonly string[]): Promise<number> {
  need('python3', '--version');
  return startService('python3', 'test/e2e/support/early-refusals/server.py', ...args);
}

function startGo(): Promise<number> {
  need('go', 'version');
  const program = join(folder, 'refusing');
  const source = 'test/e2e/support/early-refusals/server.go';
  expect(spawnSync('go', ['build', '-o', program, source], { stdio: 'inherit' }).status).toBe(0);
  return startService(program);
}
