/** An address for clients that need a certificate, which its authority revokes: certificates and lists of `openssl`, `curl` as a client. */
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createOpensslAuthority, noOpenssl, type OpensslAuthority } from '../../support/openssl-authority.ts';
import { skipHere } from '../../support/skip-here.ts';
import { secured, startTlsWorld, type TlsWorld } from './serving-tls.ts';

const run = promisify(execFile);
const required = { tls: ', clientCertificates: { ca: clients.pem }' };
const withList = { tls: ', clientCertificates: { ca: clients.pem, crl: list.pem }' };
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
  return clients.close;
});

/** Status of a response; rejects without one. */
function ask(port: number, options: ConnectionOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    const given = { host: '127.0.0.1', port, path: '/x', agent: false as const, ...trusted, ...options };
    request(given, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode ?? 0));
    })
      .once('error', reject)
      .end();
  });
}

describe('an address with client certificates', () => {
  test('only clients with a certificate of its authority get a response', async () => {
    const port = (await world.start(required)).port;
    const own = clients.issue('orders');
    const stranger = createOpensslAuthority('clients');
    const others = [{}, stranger.issue('orders')];
    stranger.close();
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      expect(await ask(port, { ...own, maxVersion })).toBe(200);
      for (const other of others) await expect(ask(port, { ...other, maxVersion })).rejects.toThrow();
    }
    // The control: without the setting, the same clients get one.
    const open = (await world.start()).port;
    for (const other of others) expect(await ask(open, other)).toBe(200);
  });

  test('curl with a certificate and without one', async () => {
    const port = (await world.start(required)).port;
    clients.issue('orders');
    const curl = (...args: readonly string[]) =>
      run('curl', [
        '-s',
        '-w',
        '%{http_code}',
        '-o',
        '/dev/null',
        '--cacert',
        world.ca,
        ...args,
        `https://localhost:${port}/x`,
      ]);
    const [cert, key] = [`${clients.folder}/orders.pem`, `${clients.folder}/orders-key.pem`];
    expect((await curl('--cert', cert, '--key', key)).stdout).toBe('200');
    await expect(curl()).rejects.toMatchObject({ stdout: '000' });
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'a new demand ends connections and sessions from before (%s)',
    async (maxVersion) => {
      const gateway = await world.start();
      const port = gateway.port;
      const open = await secured(port, { ...trusted, maxVersion });
      let session = open.getSession();
      open.on('session', (ticket) => {
        session = ticket;
      });
      open.resume();
      expect(await ask(port, { maxVersion })).toBe(200);
      gateway.apply(world.config(required));
      await vi.waitFor(() => expect(open.destroyed).toBe(true));
      await expect(ask(port, { maxVersion, session })).rejects.toThrow();
      expect(await ask(port, { maxVersion, session, ...clients.issue('orders') })).toBe(200);
    },
  );

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'a revoked certificate loses its open event stream, and gets no response again (%s)',
    async (maxVersion) => {
      const target = `http://127.0.0.1:${(events.address() as AddressInfo).port}`;
      const settings = { ...withList, others: `, events: { targets: ["${target}"] }` };
      const config = () => world.config(settings).replace('upstream: service', 'upstream: events');
      const [orders, billing] = [clients.issue('orders'), clients.issue('billing')];
      world.files.set('list.pem', clients.crl());
      const gateway = await world.start(settings);
      const port = gateway.port;
      gateway.apply(config());
      const stream = await secured(port, { ...trusted, ...orders, maxVersion });
      const idle = await secured(port, { ...trusted, ...orders, maxVersion });
      let received = '';
      let session = stream.getSession();
      stream.on('session', (ticket) => {
        session = ticket;
      });
      stream.on('error', () => {});
      stream.on('data', (bytes) => {
        received += bytes;
      });
      idle.resume().on('error', () => {});
      stream.write('GET /x HTTP/1.1\r\nhost: a.test\r\n\r\n');
      await vi.waitFor(() => expect(received).toContain('data: 1'));
      // The control: what ends it is the change of the list, not a reload.
      gateway.apply(config());
      expect(stream.destroyed).toBe(false);
      clients.revoke('orders');
      world.files.set('list.pem', clients.crl());
      gateway.apply(config());
      await vi.waitFor(() => expect([stream.destroyed, idle.destroyed]).toEqual([true, true]));
      gateway.apply(world.config(settings));
      await expect(ask(port, { ...orders, maxVersion })).rejects.toThrow();
      await expect(ask(port, { ...orders, maxVersion, session })).rejects.toThrow();
      expect(await ask(port, { ...billing, maxVersion })).toBe(200);
      // The control: without the list, the certificate is still good.
      gateway.apply(world.config(required));
      expect(await ask(port, { ...orders, maxVersion })).toBe(200);
    },
  );

  test('without a valid list of the authority, all are refused: an expired one, and one of another authority', async () => {
    const own = clients.issue('orders');
    world.files.set('list.pem', clients.crl());
    const gateway = await world.start(withList);
    const port = gateway.port;
    expect(await ask(port, own)).toBe(200);
    const other = createOpensslAuthority('others');
    for (const list of [clients.crl(true), other.crl()]) {
      world.files.set('list.pem', list);
      gateway.apply(world.config(withList));
      await expect(ask(port, own)).rejects.toThrow();
    }
    // Both lists in one file, as after a change of authorities.
    world.files.set('list.pem', other.crl() + clients.crl());
    gateway.apply(world.config(withList));
    expect(await ask(port, own)).toBe(200);
    other.close();
  });

  test('a file that holds no list, or a damaged one, leaves the last one in use', async () => {
    const own = clients.issue('orders');
    clients.revoke('orders');
    const good = clients.crl();
    world.files.set('list.pem', good);
    const gateway = await world.start(withList);
    for (const bad of [clients.cert, good.replace(/\n.{10}/, '\nAAAAAAAAAA')]) {
      world.files.set('list.pem', bad);
      expect(() => gateway.apply(world.config(withList))).toThrow('this file contains no revocation lists in PEM form');
      await expect(ask(gateway.port, own)).rejects.toThrow();
      expect(await ask(gateway.port, clients.issue('billing'))).toBe(200);
    }
  });
});
