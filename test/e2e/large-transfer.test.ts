/**
 * 1 GiB up and down through an authorized route of the built program: every byte, in constant memory. Built rather than
 * from the sources, because Node's own type stripping takes some 30 MB.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { buildProgram } from '../support/built-program.ts';
import { type FakeAuthApi, startFakeAuthApi } from '../support/fake-auth-api.ts';
import { freePort } from '../support/free-port.ts';

const gib = 1024 ** 3;
const maxResidentBytes = 200 * 1024 ** 2;
const token = 'token-of-the-large-transfer';
const chunk = Buffer.alloc(1024 * 1024, 'x');

let folder: string;
let service: Server;
let authApi: FakeAuthApi;
let gateway: ChildProcess;
let port: number;
let receivedBytes = 0;

beforeAll(async () => {
  service = createServer({ requestTimeout: 0 }, (req, res) => {
    if (req.method === 'POST') {
      req.on('data', (part: Buffer) => {
        receivedBytes += part.length;
      });
      req.on('end', () => res.end('done'));
      return;
    }
    res.writeHead(200, { 'content-length': gib });
    let written = 0;
    const more = () => {
      while (written < gib) {
        written += chunk.length;
        if (!res.write(chunk)) return;
      }
      res.end();
    };
    res.on('drain', more);
    more();
  });
  service.listen(0, '127.0.0.1');
  await once(service, 'listening');
  const { port: servicePort } = service.address() as AddressInfo;
  authApi = await startFakeAuthApi();
  authApi.addSession(token, { roles: ['user'] });
  port = await freePort();
  folder = mkdtempSync(join(tmpdir(), 'rolegate-'));
  const config = join(folder, 'gateway.yaml');
  writeFileSync(
    config,
    `version: 1
server: { listen: "127.0.0.1:${port}", admin: false }
authApi: { url: "http://127.0.0.1:${authApi.port}" }
roles: { user: {} }
upstreams:
  service: { targets: ["http://127.0.0.1:${servicePort}"] }
routes:
  - { id: files, match: { path: "/files/**" }, upstream: service, access: [user], maxBody: 2gb, timeout: 60s }
`,
  );
  gateway = spawn(process.execPath, [buildProgram('transferring'), 'serve', '--config', config], { stdio: 'inherit' });
  await vi.waitFor(async () => expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404), {
    timeout: 20_000,
    interval: 100,
  });
}, 120_000);

afterAll(async () => {
  gateway.kill('SIGTERM');
  const [code] = await once(gateway, 'exit');
  service.close();
  await authApi.close();
  rmSync(folder, { recursive: true });
  expect(code).toBe(0);
});

describe('1 GiB', () => {
  const options = () => ({ host: '127.0.0.1', port, headers: { authorization: `Bearer ${token}` } });

  it.each(['content-length', 'chunked'])('upload with %s', async (framing) => {
    receivedBytes = 0;
    const peak = watchResident(gateway.pid!);
    const upload = httpRequest({ ...options(), method: 'POST', path: '/files/up' });
    if (framing === 'content-length') upload.setHeader('content-length', gib);
    let sent = 0;
    const more = () => {
      while (sent < gib) {
        sent += chunk.length;
        if (!upload.write(chunk)) return;
      }
      upload.end();
    };
    upload.on('drain', more);
    more();
    const [answer] = await once(upload, 'response');
    answer.resume();
    expect(answer.statusCode).toBe(200);
    expect(receivedBytes).toBe(gib);
    expect(peak.stop()).toBeLessThan(maxResidentBytes);
  });

  it('download', async () => {
    const peak = watchResident(gateway.pid!);
    const download = httpRequest({ ...options(), path: '/files/down' });
    download.end();
    const [answer] = await once(download, 'response');
    expect(answer.statusCode).toBe(200);
    let received = 0;
    answer.on('data', (part: Buffer) => {
      received += part.length;
    });
    await once(answer, 'end');
    expect(received).toBe(gib);
    expect(peak.stop()).toBeLessThan(maxResidentBytes);
  });
});

/** Samples the resident memory of a process ten times a second. */
function watchResident(pid: number): { stop(): number } {
  let peak = 0;
  const look = () => {
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    if (kib === undefined) throw new Error('no VmRSS');
    peak = Math.max(peak, Number(kib) * 1024);
  };
  look();
  const timer = setInterval(look, 100);
  return {
    stop: () => {
      clearInterval(timer);
      look();
      return peak;
    },
  };
}
