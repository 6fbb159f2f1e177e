/** Certificates are replaced fifty times while clients connect 300 times a second to two workers: no handshake and no request fails. */
import { setInterval } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { secured } from '../integration/tls/serving-tls.ts';
import { createAuthority } from '../support/certificates.ts';
import { type ConfigFolder, createConfigFolder } from '../support/config-folder.ts';
import { freePort } from '../support/free-port.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';
import { type RunningCommand, runRolegate } from '../support/running-command.ts';

const swaps = 50;
const perSecond = 300;
const tickMs = 20;
const ticksPerSwap = 20;
const token = 'an-admin-token-that-is-long-enough-for-it';

const authority = createAuthority();
let folder: ConfigFolder;
let upstream: RecordingUpstream;
let gateway: RunningCommand;
let ports: readonly [port: number, admin: number];

beforeAll(async () => {
  folder = createConfigFolder();
  upstream = await startRecordingUpstream();
  ports = [await freePort(), await freePort()];
  renew();
  const file = folder.write(
    'gateway.yaml',
    `version: 1
server:
  listen: [{ address: "127.0.0.1:${ports[0]}", tls: { certificates: [{ cert: a.pem, key: a-key.pem }] } }]
  admin: "127.0.0.1:${ports[1]}"
  adminToken: ${token}
  workers: 2
  limits: { connectionsPerClient: 0 }
authApi: { url: "http://127.0.0.1:9" }
upstreams: { service: { targets: ["${upstream.origin}"] } }
routes:
  - { id: open, match: { path: "/**" }, upstream: service, access: public }
`,
  );
  gateway = runRolegate(['serve', '--config', file]);
  await gateway.see(/"msg":"started"/);
});
afterAll(async () => {
  gateway?.signal('SIGTERM');
  await gateway?.ended;
  await upstream?.close();
  folder?.remove();
});

function renew(): void {
  const { cert, key } = authority.issue({ hosts: ['a.test'] });
  folder.write('a.pem', cert);
  folder.write('a-key.pem', key);
}

/** Over a connection of its own. Returns the serial number of the certificate. */
async function ask(): Promise<string> {
  const socket = await secured(ports[0], { servername: 'a.test', ca: authority.cert });
  const { serialNumber } = socket.getPeerCertificate();
  socket.write('GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n');
  let text = '';
  for await (const bytes of socket) text += String(bytes);
  if (!text.startsWith('HTTP/1.1 200 OK')) throw new Error(text.slice(0, 200));
  return serialNumber;
}

async function reload(): Promise<number> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return (await fetch(`http://127.0.0.1:${ports[1]}/reload`, { method: 'POST', headers, body: '{}' })).status;
}

test('no handshake fails', async () => {
  const asked: Promise<string>[] = [];
  const failures: unknown[] = [];
  const reloads: number[] = [];
  let reloading = false;
  let ticks = 0;
  for await (const _ of setInterval(tickMs)) {
    for (let n = 0; n < (perSecond * tickMs) / 1000; n += 1) {
      asked.push(
        ask().catch((error: unknown) => {
          failures.push(error);
          return '';
        }),
      );
    }
    ticks += 1;
    if (ticks % ticksPerSwap === 0 && !reloading) {
      reloading = true;
      renew();
      void reload().then((status) => {
        reloads.push(status);
        reloading = false;
      });
    }
    if (reloads.length === swaps) break;
  }
  const serials = await Promise.all(asked);
  expect(failures).toEqual([]);
  expect(new Set(reloads)).toEqual(new Set([202]));
  expect(serials.length).toBeGreaterThanOrEqual((swaps * ticksPerSwap * perSecond * tickMs) / 1000);
  // Nearly each of the certificates was seen.
  expect(new Set(serials).size).toBeGreaterThan(swaps / 2);
});
