/** TLS of an Auth API that runs alone, whose certificates change on disk; and the check of health at a port with TLS. */
import { request } from 'node:https';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Certified, createAuthority } from '../../support/certificates.ts';
import { type ConfigFolder, createConfigFolder } from '../../support/config-folder.ts';
import { runRolegate } from '../../support/running-command.ts';
import { secured } from './serving-tls.ts';

const authority = createAuthority();
const trusted = { ca: authority.cert, servername: 'localhost' };
let folder: ConfigFolder;
beforeEach(() => {
  folder = createConfigFolder();
  put(issue());
});
afterEach(() => folder.remove());

const issue = (days?: readonly [number, number]) =>
  authority.issue({ hosts: ['localhost'], ...(days === undefined ? {} : { days }) });

/** Returns the file of the certificate. */
function put({ cert, key }: Certified): string {
  const file = folder.write('cert.pem', cert);
  folder.write('key.pem', key);
  return file;
}

function read(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, agent: false, ...trusted }, (response) => {
      let body = '';
      response.on('data', (bytes) => {
        body += bytes;
      });
      response.once('end', () => resolve(`${response.statusCode} ${body}`));
    })
      .once('error', reject)
      .end();
  });
}

async function serialOf(port: number): Promise<string> {
  const socket = await secured(port, trusted);
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

test('both ports use TLS, and changed files, but no pair that does not match or has expired', async () => {
  const tls = '{ certificates: [{ cert: cert.pem, key: key.pem }] }';
  const file = folder.write(
    'auth-api.yaml',
    `database: ":memory:"\nsecret: ${'s'.repeat(40)}\nlisten: "127.0.0.1:0"\ntls: ${tls}\nmetrics: "127.0.0.1:0"\nmetricsTls: ${tls}\n`,
  );
  const running = runRolegate(['auth-api', '--config', file]);
  const [, ...ports] = await running.see(/"listen":\{[^}]*"port":(\d+)\},"metrics":\{[^}]*"port":(\d+)\}/);
  const [api, metrics] = ports.map(Number) as [number, number];
  expect(await read(api, '/health/ready')).toMatch(/^200 /);
  await expect(fetch(`http://127.0.0.1:${api}/health/ready`)).rejects.toThrow();
  expect(await read(metrics, '/metrics')).toMatch(/^rolegate_tls_handshakes_total\{outcome="full"\} [1-9]/m);
  const before = await serialOf(api);
  folder.write('key.pem', issue().key);
  await running.see(/certificates not reloaded; the last good ones stay/);
  put(issue([-3, -1]));
  await running.see(/the certificate in this file is not valid now/);
  expect(await serialOf(api)).toBe(before);
  put(issue());
  const changed = async () => {
    expect(await serialOf(api)).not.toBe(before);
    expect(await serialOf(metrics)).not.toBe(before);
  };
  await vi.waitFor(changed, { timeout: 15_000, interval: 100 });
  running.signal('SIGTERM');
  expect(await running.ended).toBe(0);
});

test('a check of health accepts exactly the certificate of the port', async () => {
  const own = put(issue());
  const file = folder.write(
    'gateway.yaml',
    `version: 1
server: { listen: false, admin: "127.0.0.1:0", adminTls: { certificates: [{ cert: cert.pem, key: key.pem }], unknownNames: refuse } }
authorizer: { listen: "127.0.0.1:0", dialects: { nginx: /nginx } }
authApi: { url: "http://127.0.0.1:9" }
routes: [{ id: open, match: { path: "/**" }, access: public }]
`,
  );
  const running = runRolegate(['serve', '--config', file]);
  const [, port] = await running.see(/"admin":\{[^}]*"port":(\d+)\}/);
  const url = `https://127.0.0.1:${port}/health/live`;
  const check = async (...certificate: string[]) => {
    const command = runRolegate(['healthcheck', '--url', url, '--timeout', '10s', ...certificate]);
    return [await command.ended, command.output()];
  };
  expect(await check('--certificate', own)).toEqual([0, 'ready\n']);
  const other = folder.write('other.pem', issue().cert);
  expect(await check('--certificate', other)).toEqual([1, expect.stringContaining('no response')]);
  expect(await check()).toEqual([1, expect.stringContaining('no response')]);
  expect(await check('--certificate', `${own}.missing`)).toEqual([1, expect.stringContaining('cannot be read')]);
  running.signal('SIGTERM');
  expect(await running.ended).toBe(0);
});
