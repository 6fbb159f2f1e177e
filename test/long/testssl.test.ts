/**
 * The scan of testssl.sh with default settings: protocols, ciphers, headers and vulnerabilities are rated LOW at most. The control is an
 * address that serves TLS 1.2 with a cipher that testssl.sh rates higher.
 */
import { execFile } from 'node:child_process';
import { constants } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAuthority } from '../support/certificates.ts';
import { type ConfigFolder, createConfigFolder } from '../support/config-folder.ts';
import { freePort } from '../support/free-port.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';
import { type RunningGateway, startGateway } from '../support/running-gateway.ts';
import { skipHere } from '../support/skip-here.ts';

const run = promisify(execFile);
const pair = createAuthority().issue({ hosts: ['localhost'], addresses: ['127.0.0.1'], days: [-1, 89] });
let folder: ConfigFolder;
/** Its path. */
let place: string;
let upstream: RecordingUpstream;
let gateway: RunningGateway;
let port: number;
let missing: string | null;

beforeAll(async () => {
  folder = createConfigFolder();
  upstream = await startRecordingUpstream();
  port = await freePort();
  // It refuses to run without a program for DNS, and asks for CAA records, which "localhost" has none of.
  const dig = folder.write('dig', '#!/bin/sh\nexit 0\n');
  chmodSync(dig, 0o755);
  place = dirname(dig);
  missing = await run('testssl', ['--version'], { env: environment() }).then(
    () => null,
    (error: NodeJS.ErrnoException) =>
      error.code === 'ENOENT' ? 'there is no testssl (Debian package testssl.sh)' : null,
  );
  gateway = await startGateway(
    `version: 1
server:
  listen:
    - address: "127.0.0.1:${port}"
      tls: { certificates: [{ cert: a.pem, key: a-key.pem }] }
      strictTransportSecurity: {}
  admin: false
authApi: { url: "http://127.0.0.1:9" }
upstreams: { service: { targets: ["${upstream.origin}"] } }
defaults: { responseHeaders: { security: strict } }
routes:
  - { id: open, match: { path: "/**" }, upstream: service, access: public }
`,
    (path) => (path === 'a.pem' ? pair.cert : pair.key),
  );
});
afterAll(async () => {
  await gateway?.close();
  await upstream?.close();
  folder?.remove();
});

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${place}${delimiter}${process.env['PATH'] ?? ''}` };
}

interface Rating {
  readonly id: string;
  readonly severity: string;
  readonly finding: string;
}

/** What is rated above LOW, but for what a certificate of a test cannot have: an authority that others trust, and where to ask for revocations. */
async function aboveLow(scanned: number, name: string): Promise<readonly string[]> {
  const out = join(place, name);
  const args = ['--quiet', '--color', '0', '--warnings', 'batch', '--jsonfile', out, `localhost:${scanned}`];
  // Its exit code counts problems of its own, too.
  await run('testssl', args, { env: environment(), maxBuffer: 2 ** 26 }).catch(() => null);
  const ratings = JSON.parse(readFileSync(out, 'utf8')) as readonly Rating[];
  expect(ratings.length).toBeGreaterThan(100);
  return ratings
    .filter(({ severity }) => ['MEDIUM', 'HIGH', 'CRITICAL'].includes(severity))
    .filter(({ id }) => !['cert_revocation', 'cert_chain_of_trust', 'cert_trust', 'overall_grade'].includes(id))
    .map(({ id, severity, finding }) => `${id} ${severity} ${finding}`);
}

test('nothing is rated above LOW', async () => {
  if (missing !== null) return skipHere(missing);
  expect(await aboveLow(port, 'gateway.json')).toEqual([]);
}, 900_000);

test('control: a server with ciphers without forward secrecy is rated higher', async () => {
  if (missing !== null) return skipHere(missing);
  const options = { ...pair, maxVersion: 'TLSv1.2', ciphers: 'ALL:@SECLEVEL=0', minVersion: 'TLSv1' } as const;
  const server = createServer({ ...options, secureOptions: constants.SSL_OP_LEGACY_SERVER_CONNECT }, (_, response) =>
    response.end(),
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  try {
    expect(await aboveLow((server.address() as AddressInfo).port, 'control.json')).not.toEqual([]);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}, 900_000);
