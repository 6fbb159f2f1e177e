/** TLS to services: the authority, client certificate and name of an upstream, and the Host that it receives. */
import { once } from 'node:events';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { createAuthority } from '../../support/certificates.ts';
import { closedAfterEach } from '../../support/closed-after-each.ts';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { type RunningGateway, startGateway } from '../../support/running-gateway.ts';

const running = closedAfterEach();
const services = createAuthority('services');
const others = createAuthority('others');
const gateways = createAuthority('gateways');
const own = gateways.issue({ hosts: ['gateway.internal'] });
const files: Readonly<Record<string, string>> = {
  'services.pem': services.cert,
  'others.pem': others.cert,
  'own.pem': own.cert,
  'own.key': own.key,
  'foreign.pem': others.issue({ hosts: ['gateway.internal'] }).cert,
};

/** A service that answers with what it received. */
async function startService(options: ServerOptions = {}): Promise<string> {
  const server = createServer(
    { ...services.issue({ hosts: ['orders.internal'] }), ...options },
    (request, response) => {
      const { servername, authorized } = request.socket as TLSSocket;
      response.end(JSON.stringify({ host: request.headers.host, servername, authorized }));
    },
  );
  running.push({
    close: async () => {
      server.closeAllConnections();
      server.close();
    },
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const configOf = (target: string, more: string) => `version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
authApi: { url: "http://127.0.0.1:9" }
upstreams: { orders: { targets: ["${target}"], ${more} } }
routes: [{ id: all, match: { path: "/**" }, upstream: orders, access: public }]`;

async function inFront(target: string, more: string, read = files): Promise<RunningGateway> {
  const gateway = await startGateway(configOf(target, more), (path) => read[path]!);
  running.push(gateway);
  return gateway;
}

async function seenBy(gateway: RunningGateway): Promise<unknown> {
  const response = await fetch(`${gateway.origin}/a`);
  return response.status === 200 ? await response.json() : response.status;
}

const demanding = { requestCert: true, rejectUnauthorized: true, ca: gateways.cert, maxVersion: 'TLSv1.3' } as const;

describe('an upstream', () => {
  test.each<[title: string, service: ServerOptions, tls: string, servername: string | number]>([
    ['of its own authority, by a name', {}, '{ ca: services.pem, serverName: orders.internal }', 'orders.internal'],
    ['of another authority', {}, '{ ca: others.pem, serverName: orders.internal }', 502],
    ['without an authority of its own', {}, '{ serverName: orders.internal }', 502],
    ['with another name', {}, '{ ca: services.pem, serverName: payments.internal }', 502],
    ['without the name, by its address', {}, '{ ca: services.pem }', 502],
    [
      'that demands a certificate, with one',
      demanding,
      '{ ca: services.pem, serverName: orders.internal, cert: own.pem, key: own.key }',
      'orders.internal',
    ],
    ['that demands a certificate, without one', demanding, '{ ca: services.pem, serverName: orders.internal }', 502],
  ])('%s', async (_title, service, tls, expected) => {
    const gateway = await inFront(await startService(service), `tls: ${tls}`);
    const seen = await seenBy(gateway);
    if (expected === 502) {
      expect(seen).toBe(502);
      expect(gateway.logText()).toMatch(/"err":.*(?:CERT|SIGN|ALTNAME|alert certificate required)/);
    } else expect(seen).toMatchObject({ servername: expected, authorized: service === demanding });
  });

  test('with several bad keys does not load, and each is named', async () => {
    const target = 'https://127.0.0.1:9';
    const load = (more: string, to = target) => inFront(to, more);
    await expect(load('tls: { cert: foreign.pem, key: own.key }')).rejects.toThrow('this is not the key of "cert"');
    await expect(load('tls: { cert: own.pem }')).rejects.toThrow('"cert" has no effect without "key"');
    await expect(load('tls: { ca: own.key }')).rejects.toThrow('no certificates in PEM form');
    await expect(load('tls: { ca: services.pem }', 'http://127.0.0.1:9')).rejects.toThrow('no target uses TLS');
    await expect(load('host: "a b"')).rejects.toThrow('expected "keep", "target", or the name of a host');
  });

  test('whose authority is replaced is verified by the new one, on new and on kept connections', async () => {
    const target = await startService();
    const tls = 'tls: { ca: ca.pem, serverName: orders.internal }';
    const read = { 'ca.pem': services.cert };
    const gateway = await inFront(target, tls, read);
    expect(await seenBy(gateway)).toMatchObject({ servername: 'orders.internal' });
    read['ca.pem'] = others.cert;
    gateway.apply(configOf(target, tls));
    expect(await seenBy(gateway)).toBe(502);
  });

  test('passes health checks with its settings', async () => {
    const target = await startService(demanding);
    const tls = 'tls: { ca: services.pem, serverName: orders.internal, cert: own.pem, key: own.key }';
    const gateway = await inFront(target, `${tls}, health: { path: /live, interval: 100ms }, host: orders.test`);
    await expect.poll(() => gateway.metrics()).toMatch(/^rolegate_upstream_target_healthy\{.*\} 1$/m);
    expect(await seenBy(gateway)).toMatchObject({ host: 'orders.test' });
  });
});

describe('the Host of a service', () => {
  test.each([
    ['keep', (client: string) => client],
    ['target', (_client: string, target: string) => target],
    ['orders.example', () => 'orders.example'],
    ['Orders.Example:8443', () => 'orders.example:8443'],
  ])('with "%s"', async (host, expected) => {
    const service = await startRecordingUpstream();
    running.push(service);
    const gateway = await inFront(service.origin, `host: "${host}"`);
    await fetch(`${gateway.origin}/a`);
    const { host: client } = new URL(gateway.origin);
    expect(service.last().header('host')).toEqual([expected(client, new URL(service.origin).host)]);
    expect(service.last().header('x-forwarded-host')).toEqual([client]);
  });
});
