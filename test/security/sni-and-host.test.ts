/**
 * TLS options chosen by SNI and a route chosen by Host (GHSA-5r4w-85f3-pw66, GHSA-9cr8-q42q-g8m7). Here options belong to the address, and
 * names select certificates alone: whichever name a handshake has, a request for another host meets the same demands.
 */
import { request } from 'node:https';
import { afterAll, describe, expect, test } from 'vitest';
import { createAuthority } from '../support/certificates.ts';
import { type RunningGateway, startGateway } from '../support/running-gateway.ts';

const authority = createAuthority();
const callers = createAuthority('callers');
const [a, b] = [authority.issue({ hosts: ['a.example'] }), authority.issue({ hosts: ['b.example', '*.w.example'] })];
const files: Readonly<Record<string, string>> = {
  'a.pem': a.cert,
  'a-key.pem': a.key,
  'b.pem': b.cert,
  'b-key.pem': b.key,
  'callers.pem': callers.cert,
};
const gateways: RunningGateway[] = [];
afterAll(async () => void (await Promise.all(gateways.map((gateway) => gateway.close()))));

const names = ['a.example', 'b.example', 'x.w.example', 'unknown.example', ''];

/** An address for clients that accepts TLS 1.3 alone, and checks that need a certificate of the caller; or, as controls, neither. */
async function start(strict: boolean): Promise<RunningGateway> {
  const pairs = 'certificates: [{ cert: a.pem, key: a-key.pem }, { cert: b.pem, key: b-key.pem }]';
  const gateway = await startGateway(
    `version: 1
server:
  listen: [{ address: "127.0.0.1:0", tls: { ${pairs}${strict ? ', minVersion: TLSv1.3' : ''} }, strictTransportSecurity: {} }]
  admin: false
authorizer:
  listen: "127.0.0.1:0"
  tls: { ${pairs}${strict ? ', clientCertificates: { ca: callers.pem }' : ''} }
  dialects: { nginx: /nginx }
authApi: { url: "http://127.0.0.1:9" }
upstreams: { service: { targets: ["http://127.0.0.1:9"] } }
routes:
  - { id: a, match: { host: a.example, path: "/**" }, upstream: service, access: deny }
  - { id: b, match: { host: b.example, path: "/**" }, upstream: service, access: deny }
`,
    (path) => files[path] ?? '',
  );
  gateways.push(gateway);
  return gateway;
}

/** Status and HSTS of the response; rejects without one. */
function ask(port: number, servername: string, host: string, options: object): Promise<string> {
  return new Promise((resolve, reject) => {
    const trusted = { ca: authority.cert, checkServerIdentity: () => undefined, servername };
    const headers = { host };
    request({ host: '127.0.0.1', port, path: '/', headers, agent: false, ...trusted, ...options }, (response) => {
      response.resume();
      response.once('end', () => resolve(`${response.statusCode} ${response.headers['strict-transport-security']}`));
    })
      .once('error', reject)
      .end();
  });
}

describe.each(names)('a handshake for "%s"', (name) => {
  test.each(['a.example', 'b.example'])('and a request for %s: the demands of the address', async (host) => {
    const [strict, control] = [await start(true), await start(false)];
    const own = callers.issue({ hosts: ['proxy'] });
    await expect(ask(strict.authorizerPort, name, host, {})).rejects.toThrow();
    await expect(ask(strict.authorizerPort, name, host, authority.issue({ hosts: ['proxy'] }))).rejects.toThrow();
    expect(await ask(strict.authorizerPort, name, host, own)).toMatch(/^\d{3} /);
    expect(await ask(control.authorizerPort, name, host, {})).toMatch(/^\d{3} /);
    const older = { maxVersion: 'TLSv1.2' };
    await expect(ask(strict.port, name, host, older)).rejects.toThrow();
    expect(await ask(strict.port, name, host, {})).toBe('403 max-age=31536000');
    expect(await ask(control.port, name, host, older)).toBe('403 max-age=31536000');
  });
});
