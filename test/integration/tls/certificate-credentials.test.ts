/** Client certificates as credentials of routes, beside other clients of the same address: certificates and lists of `openssl`, `curl` and Node as clients. */
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { Agent, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createOpensslAuthority, noOpenssl, type OpensslAuthority } from '../../support/openssl-authority.ts';
import type { RunningGateway } from '../../support/running-gateway.ts';
import { skipHere } from '../../support/skip-here.ts';
import { secured, startTlsWorld, type TlsSettings, type TlsWorld } from './serving-tls.ts';

const run = promisify(execFile);
const versions = ['TLSv1.2', 'TLSv1.3'] as const;
/** One event, and no end. */
const events = createServer((_, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
});
let world: TlsWorld;
let clients: OpensslAuthority;
let trusted: ConnectionOptions;

beforeAll(async () => {
  if (noOpenssl) skipHere('openssl is not installed');
  world = await startTlsWorld();
  trusted = { ca: world.authority.cert, servername: 'a.test' };
  await new Promise<void>((listening) => events.listen(0, '127.0.0.1', listening));
});
afterAll(async () => {
  events.closeAllConnections();
  events.close();
  await world?.close();
});
beforeEach(() => {
  clients = createOpensslAuthority('clients');
  world.files.set('clients.pem', clients.cert);
  world.files.set('list.pem', clients.crl());
  return clients.close;
});

const operators = 'operators-of-the-test-01234567890123456789';
const operator = { headers: { authorization: `Bearer ${operators}` } };
const settings = (userId = 'spiffe', more = ''): Partial<TlsSettings> => ({
  tls: ', clientCertificates: { ca: clients.pem, crl: list.pem, mode: optional }',
  others: `, events: { targets: ["http://127.0.0.1:${(events.address() as AddressInfo).port}"] }`,
  server: `\n  adminToken: "${operators}"`,
  sections: `  - { id: machines, match: { path: "/machines/**" }, upstream: service, access: { any: [machine] }, credentials: [certificate] }
  - { id: both, match: { path: "/both/**" }, upstream: service, access: authenticated, credentials: [certificate, bearer] }
  - { id: bearers, match: { path: "/bearers/**" }, upstream: service, access: authenticated }
  - { id: events, match: { path: "/events" }, upstream: events, access: authenticated, credentials: [certificate] }
identityHeaders: { user-id: userId, user-roles: roles }
roles: { machine: { from: { field: userId, in: ["m:spiffe://acme.test/orders", "m:orders.acme.test"] } } }
sources:
  machines: { kind: certificate, userId: ${userId}, userPrefix: "m:"${more} }
`,
});

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
}

function send(
  port: number,
  path: string,
  options: ConnectionOptions & {
    readonly method?: string;
    readonly headers?: Record<string, string>;
    readonly agent?: Agent;
  },
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, agent: false, ...trusted, ...options }, (response) => {
      response.resume();
      response.once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers }));
    })
      .once('error', reject)
      .end();
  });
}
/** The values of a header of the last request at the service. */
const last = (header: string) => world.upstream.requests.at(-1)?.header(header);
const status = async (...args: Parameters<typeof send>) => (await send(...args)).status;

describe('a certificate as a credential', () => {
  test.each(versions)('names the user of routes that list it, and means nothing elsewhere (%s)', async (maxVersion) => {
    const { port } = await world.start(settings());
    const orders = { ...clients.issue('orders', 'URI:spiffe://acme.test/orders'), maxVersion };
    expect(await status(port, '/machines/a', orders)).toBe(200);
    expect([last('user-id'), last('user-roles')]).toEqual([['m:spiffe://acme.test/orders'], ['machine']]);
    expect(await status(port, '/x', orders)).toBe(200);
    expect(await status(port, '/bearers/a', orders)).toBe(401);
    // The control: others of the same address without one.
    expect(await status(port, '/x', { maxVersion })).toBe(200);
    const refused = await send(port, '/machines/a', { maxVersion });
    expect([refused.status, refused.headers['www-authenticate']]).toEqual([401, 'Certificate realm="rolegate"']);
    const billing = { ...clients.issue('billing', 'URI:spiffe://acme.test/billing'), maxVersion };
    expect(await status(port, '/machines/a', billing)).toBe(403);
    expect(await status(port, '/both/a', billing)).toBe(200);
  });

  test('beside another accepted credential it is refused, as any two credentials are', async () => {
    const { port } = await world.start(settings());
    const orders = clients.issue('orders', 'URI:spiffe://acme.test/orders');
    const headers = { authorization: 'Bearer abc' };
    const both = await send(port, '/both/a', { ...orders, headers });
    expect([both.status, both.headers['x-error']]).toEqual([400, 'Two kinds of credential were sent at once']);
    // Where it alone is accepted, the header belongs to the service.
    expect(await status(port, '/machines/a', { ...orders, headers })).toBe(200);
    expect(last('authorization')).toEqual(['Bearer abc']);
  });

  test('one of another authority counts as none, with a bearer beside it or without one', async () => {
    const { port } = await world.start(settings());
    const strangers = createOpensslAuthority('clients');
    const stranger = strangers.issue('orders', 'URI:spiffe://acme.test/orders');
    strangers.close();
    for (const maxVersion of versions) {
      expect(await status(port, '/x', { ...stranger, maxVersion })).toBe(200);
      expect(await status(port, '/machines/a', { ...stranger, maxVersion })).toBe(401);
    }
  });

  test('that of a trusted proxy is not one of its clients', async () => {
    const orders = clients.issue('orders', 'URI:spiffe://acme.test/orders');
    const { server = '' } = settings();
    const proxied = await world.start({ ...settings(), server: `${server}\n  trustedProxies: ["127.0.0.1"]` });
    expect(await status(proxied.port, '/machines/a', orders)).toBe(401);
    expect(await status((await world.start(settings())).port, '/machines/a', orders)).toBe(200);
  });

  test('a page of another site cannot use the one of a browser', async () => {
    const { port } = await world.start(settings());
    const options = { ...clients.issue('orders', 'URI:spiffe://acme.test/orders'), method: 'POST' };
    const from = (headers: Record<string, string>) =>
      status(port, '/machines/a', { ...options, headers: { host: 'a.test', ...headers } });
    expect(await from({ 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await from({ origin: 'https://evil.test' })).toBe(403);
    expect(await from({ origin: 'http://a.test' })).toBe(403);
    // The controls: a page of this origin, and a program.
    expect(await from({ 'sec-fetch-site': 'same-origin', origin: 'https://a.test' })).toBe(200);
    expect(await from({})).toBe(200);
  });

  test.each([
    ['dns', 'DNS:Orders.acme.test', 'm:orders.acme.test'],
    ['email', 'email:ann@acme.test', 'm:ann@acme.test'],
    ['subject', 'DNS:a.test,DNS:b.test', 'm:CN=Ann\\20Example'],
    ['dns', 'DNS:a.test,DNS:b.test', null],
    ['spiffe', 'URI:https://acme.test/orders', null],
    ['spiffe', 'URI:spiffe://acme.test/a/../b', null],
    ['email', 'DNS:a.test', null],
  ])('names by %s: %s is %s', async (userId, names, user) => {
    const { port } = await world.start(settings(userId));
    const answer = await status(port, '/both/a', clients.issue('Ann Example', names));
    expect(answer).toBe(user === null ? 401 : 200);
    if (user !== null) expect(last('user-id')).toEqual([user]);
  });

  test.each(['--http1.1', '--http2'])('by fingerprint, with curl %s', async (version) => {
    const { port } = await world.start({ ...settings('fingerprint'), listener: ', http2: true' });
    clients.issue('orders');
    const [cert, key] = [`${clients.folder}/orders.pem`, `${clients.folder}/orders-key.pem`];
    const curl = (...args: readonly string[]) =>
      run('curl', [
        '-s',
        version,
        '-w',
        '%{http_code}',
        '-o',
        '/dev/null',
        '--cacert',
        world.ca,
        ...args,
        `https://localhost:${port}/both/a`,
      ]);
    expect((await curl('--cert', cert, '--key', key)).stdout).toBe('200');
    const fingerprint = clients.fingerprint('orders').replaceAll(':', '').toLowerCase();
    expect(last('user-id')).toEqual([`m:${fingerprint}`]);
    expect((await curl()).stdout).toBe('401');
  });
});

/** Applies the configuration again, as after a change of a file. */
const reload = (gateway: RunningGateway) => gateway.apply(world.config(settings()));

describe('a certificate that is no longer valid', () => {
  test.each(versions)(
    'is refused at once after its revocation by fingerprint, on open connections and streams too (%s)',
    async (maxVersion) => {
      const gateway = await world.start(settings());
      const { port } = gateway;
      const orders = { ...clients.issue('orders', 'URI:spiffe://acme.test/orders'), maxVersion };
      const billing = { ...clients.issue('billing', 'URI:spiffe://acme.test/billing'), maxVersion };
      const agent = new Agent({ keepAlive: true, maxSockets: 1, ...trusted, ...orders });
      const stream = await secured(port, { ...trusted, ...orders });
      let received = '';
      stream
        .on('error', () => {})
        .on('data', (bytes) => {
          received += bytes;
        });
      stream.write('GET /events HTTP/1.1\r\nhost: a.test\r\n\r\n');
      await vi.waitFor(() => expect(received).toContain('data: 1'));
      expect(await status(port, '/machines/a', { agent })).toBe(200);
      const revoke = (body: object) =>
        fetch(`${gateway.admin}/revocations`, {
          method: 'POST',
          headers: { authorization: `Bearer ${operators}`, 'content-type': 'application/json' },
          body: JSON.stringify(body),
        });
      // The control: that of another one ends nothing.
      expect((await revoke({ certificate: clients.fingerprint('billing') })).status).toBe(202);
      expect(await status(port, '/machines/a', { agent })).toBe(200);
      expect(stream.destroyed).toBe(false);
      expect((await revoke({ certificate: clients.fingerprint('orders') })).status).toBe(202);
      expect(await status(port, '/machines/a', { agent })).toBe(401);
      await vi.waitFor(() => expect(stream.destroyed).toBe(true));
      for (const one of [orders, billing]) expect(await status(port, '/both/a', one)).toBe(401);
      agent.destroy();
      // It stays so after a reload.
      reload(gateway);
      expect(await status(port, '/machines/a', orders)).toBe(401);
      expect((await revoke({ certificate: 'ab' })).status).toBe(400);
    },
  );

  test.each(versions)(
    'is refused on a resumed session: revoked by a list, and of an authority that was removed (%s)',
    async (maxVersion) => {
      const gateway = await world.start(settings());
      const { port } = gateway;
      const orders = { ...clients.issue('orders', 'URI:spiffe://acme.test/orders'), maxVersion };
      const open = await secured(port, { ...trusted, ...orders });
      let session = open.getSession();
      open.on('session', (ticket) => {
        session = ticket;
      });
      open.resume().on('error', () => {});
      expect(await status(port, '/machines/a', { ...orders, session })).toBe(200);
      clients.revoke('orders');
      world.files.set('list.pem', clients.crl());
      reload(gateway);
      await vi.waitFor(() => expect(open.destroyed).toBe(true));
      expect(await status(port, '/machines/a', { ...orders, session })).toBe(401);
      expect(await status(port, '/x', { ...orders, session })).toBe(200);
      const others = createOpensslAuthority('others');
      world.files.set('clients.pem', others.cert);
      world.files.set('list.pem', others.crl());
      others.close();
      reload(gateway);
      expect(await status(port, '/machines/a', { ...orders, session })).toBe(401);
    },
  );

  test('an expired list, or none of its authority, is an outage of the source: 503 where it is needed, and nothing elsewhere', async () => {
    const gateway = await world.start(settings());
    const { port } = gateway;
    const orders = clients.issue('orders', 'URI:spiffe://acme.test/orders');
    const strangers = createOpensslAuthority('others');
    const stranger = strangers.issue('orders', 'URI:spiffe://acme.test/orders');
    // A verdict in memory would be the open door.
    expect(await status(port, '/machines/a', orders)).toBe(200);
    for (const list of [clients.crl(true), strangers.crl()]) {
      world.files.set('list.pem', list);
      reload(gateway);
      expect(await status(port, '/machines/a', orders)).toBe(503);
      expect(await status(port, '/x', orders)).toBe(200);
      expect(await status(port, '/machines/a', {})).toBe(401);
      // That of a stranger is not looked up in lists, so it is no outage.
      expect(await status(port, '/machines/a', stranger)).toBe(401);
    }
    strangers.close();
    world.files.set('list.pem', clients.crl());
    reload(gateway);
    expect(await status(port, '/machines/a', orders)).toBe(200);
  });

  test('the end of a list ends open connections with a certificate, and no others', async () => {
    world.files.set('list.pem', clients.crl(false, 3));
    const gateway = await world.start(settings());
    const { port } = gateway;
    const orders = clients.issue('orders', 'URI:spiffe://acme.test/orders');
    const [open, other] = [await secured(port, { ...trusted, ...orders }), await secured(port, trusted)];
    const page = await (await fetch(`${gateway.admin}/metrics`, operator)).text();
    for (const name of ['issue', 'expiry'])
      expect(page).toMatch(
        new RegExp(`^rolegate_revocation_list_${name}_timestamp_seconds\\{list="list.pem"\\} \\d+$`, 'm'),
      );
    for (const one of [open, other]) one.resume().on('error', () => {});
    await vi.waitFor(() => expect(open.destroyed).toBe(true), { timeout: 5_000 });
    expect(other.destroyed).toBe(false);
    other.destroy();
    expect(await status(port, '/machines/a', orders)).toBe(503);
  });
});
