/**
 * Real proxies check over TLS, with their printed configurations: they verify the certificate of Rolegate and present their own. With another
 * authority, no request passes. Services are verified in the same way.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { parseConfig } from '../../src/config/parse-config.ts';
import { checkPaths } from '../support/authorizer-checks.ts';
import { type Certified, createAuthority } from '../support/certificates.ts';
import { sendRaw } from '../support/raw-client.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';
import { startGateway } from '../support/running-gateway.ts';
import { type ProductName, productNames, requireProduct, startAskingProxy } from './support/asking-proxy.ts';

const authority = createAuthority();
const proxies = createAuthority('proxies');
const services = createAuthority('services');
const folder = mkdtempSync(join(tmpdir(), 'rolegate-tls-'));
const write = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const pairOf = (name: string, { cert, key }: Certified) => {
  write(`${name}.pem`, cert);
  write(`${name}-key.pem`, key);
};

let service: RecordingUpstream;
beforeAll(async () => {
  service = await startRecordingUpstream();
  write('rolegate-ca.pem', authority.cert);
  write('service-ca.pem', services.cert);
  write('other-ca.pem', createAuthority('other').cert);
  for (const name of ['nginx', 'caddy', 'traefik', 'envoy']) pairOf(name, proxies.issue({ hosts: ['proxy'] }));
});
afterAll(async () => {
  await service.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Files on the machine of the proxy: by default, those with which it works. */
interface Trusted {
  readonly rolegate?: string;
  readonly service?: string;
}

async function start(name: ProductName, trusted: Trusted = {}, origin = service.origin) {
  // HAProxy presents no certificate in a check.
  const demanded = name.startsWith('haproxy') ? '' : ', clientCertificates: { ca: proxies.pem }';
  const own = authority.issue({ hosts: ['rolegate'], addresses: ['127.0.0.1'] });
  const files: Readonly<Record<string, string>> = {
    'own.pem': own.cert,
    'own-key.pem': own.key,
    'proxies.pem': proxies.cert,
  };
  const readSecret = (path: string) => files[path] ?? '';
  const tls = `tls: { certificates: [{ cert: own.pem, key: own-key.pem }]${demanded} }`;
  const written = `
version: 1
server: { listen: false, admin: false }
authorizer:
  listen: "127.0.0.1:0"
  ${tls}
  dialects: ${JSON.stringify(checkPaths)}
  grpc: { listen: "127.0.0.1:0", ${tls} }
authApi: { url: "http://127.0.0.1:9" }
roles: { admin: {} }
routes:
  - { id: open, match: { path: "/**" }, access: public }
  - { id: admin, match: { path: "/admin/**" }, access: [admin] }
`;
  const gateway = await startGateway(written, readSecret);
  onTestFinished(() => gateway.close());
  const read = parseConfig(written, { file: 'gateway.yaml', env: {}, readSecret });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const ports = { service: origin, ports: gateway };
  const caFiles: Readonly<Record<string, string | undefined>> = {
    'rolegate-ca.pem': trusted.rolegate,
    'service-ca.pem': trusted.service,
  };
  const proxy = await startAskingProxy(name, read.config, ports, (text) =>
    text.replaceAll(/\/etc\/[a-z]+\/([a-z-]+\.pem)/g, (_, file: string) => join(folder, caFiles[file] ?? file)),
  );
  onTestFinished(() => proxy.stop());
  return async (target: string) => await sendRaw(proxy.port, `GET ${target} HTTP/1.1\r\nHost: a.test\r\n\r\n`);
}

/** Its certificate has these names; proxies reach it as `localhost`. */
async function startSecureService(hosts: readonly string[]): Promise<string> {
  const server = createServer(services.issue({ hosts }), (_, response) => response.end('reached'));
  // Envoy prefers the address of IPv6, which `localhost` may have.
  server.listen(0, '::');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `https://localhost:${(server.address() as AddressInfo).port}`;
}

describe.each(productNames)('%s', (name) => {
  beforeAll(() => requireProduct(name));

  test('checks over TLS', async () => {
    const get = await start(name);
    expect((await get('/open')).status).toBe(200);
    expect((await get('/admin/x')).status).toBe(401);
  });

  test('lets nothing pass if Rolegate has a certificate of another authority', async () => {
    const get = await start(name, { rolegate: 'other-ca.pem' });
    expect((await get('/open')).status).toBeGreaterThanOrEqual(500);
  });

  describe('to a service over TLS', () => {
    test('with the authority and the name of the service, requests pass', async () => {
      const get = await start(name, {}, await startSecureService(['localhost']));
      expect((await get('/open')).status).toBe(200);
      expect((await get('/admin/x')).status).toBe(401);
    });

    test('with another authority, none does', async () => {
      const get = await start(name, { service: 'other-ca.pem' }, await startSecureService(['localhost']));
      expect((await get('/open')).status).toBeGreaterThanOrEqual(500);
    });

    test('with a certificate for another name, none does', async () => {
      const get = await start(name, {}, await startSecureService(['other.test']));
      expect((await get('/open')).status).toBeGreaterThanOrEqual(500);
    });
  });
});
