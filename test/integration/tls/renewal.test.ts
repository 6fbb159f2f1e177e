/** Certificates are replaced while connections are open and new ones arrive; what cannot be used changes nothing. */
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { createAuthority } from '../../support/certificates.ts';
import { findingsOf } from '../../support/tool-results.ts';
import { secured, startTlsWorld, type TlsWorld } from './serving-tls.ts';

let world: TlsWorld;
beforeAll(async () => {
  world = await startTlsWorld();
});
afterAll(() => world.close());

async function serialOf(port: number, servername = 'a.test'): Promise<string> {
  const socket = await secured(port, { servername, ca: world.authority.cert });
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

test('the expiry of each certificate is a metric', async () => {
  const days = (number: number) => [-1, number] as const;
  world.put('soon', world.authority.issue({ hosts: ['soon.test'], days: days(5) }));
  const gateway = await world.start({ certificates: ['soon', 'exact'] });
  const [, seconds] = /expiry_timestamp_seconds\{certificate="soon.pem"\} (\d+)/.exec(await gateway.metrics()) ?? [];
  expect(Number(seconds) - Date.now() / 1000).toBeGreaterThan(4.9 * 86_400);
  expect(Number(seconds) - Date.now() / 1000).toBeLessThan(5.1 * 86_400);
});

test('a new certificate applies to new connections, and open ones go on', async () => {
  const gateway = await world.start();
  const before = await serialOf(gateway.port);
  const wild = await serialOf(gateway.port, 'y.w.test');
  const open = await secured(gateway.port, { servername: 'a.test', ca: world.authority.cert });
  world.put('a', world.authority.issue({ hosts: ['a.test'] }));
  gateway.apply(world.config());
  expect(await serialOf(gateway.port)).not.toBe(before);
  expect(await serialOf(gateway.port, 'y.w.test')).toBe(wild);
  open.write('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n');
  const [bytes] = await once(open, 'data');
  expect(String(bytes)).toMatch(/^HTTP\/1\.1 200 OK/);
  open.destroy();
});

test('a pair that does not match, or cannot be read, is refused, and the last good one stays', async () => {
  const gateway = await world.start();
  const before = await serialOf(gateway.port);
  const good = { cert: world.files.get('a.pem')!, key: world.files.get('a-key.pem')! };
  const other = createAuthority().issue({ hosts: ['a.test'] });
  for (const [pair, message] of [
    [{ ...good, cert: other.cert }, 'this is not the key of "cert"'],
    [{ ...good, cert: 'no PEM' }, 'this file contains no certificate in PEM form'],
    [{ ...good, key: 'no PEM' }, 'this file contains no private key in PEM form, or it has a passphrase'],
  ] as const) {
    world.put('a', pair);
    expect(() => gateway.apply(world.config())).toThrow(message);
  }
  world.files.delete('a.pem');
  expect(() => gateway.apply(world.config())).toThrow('the file cannot be read');
  expect(await serialOf(gateway.port)).toBe(before);
  world.put('a', good);
});

test('a file with an expired certificate does not replace a valid one', async () => {
  const gateway = await world.start();
  const before = await serialOf(gateway.port);
  const good = { cert: world.files.get('a.pem')!, key: world.files.get('a-key.pem')! };
  world.put('a', world.authority.issue({ hosts: ['a.test'], days: [-2, -1] }));
  gateway.apply(world.config());
  expect(await serialOf(gateway.port)).toBe(before);
  expect(gateway.logLines().filter(({ level }) => level === 'error')).toMatchObject([{ certificate: 'a.pem' }]);
  // The control: a start has no other one. Clients refuse it, and the process serves everything else.
  const late = await world.start();
  await expect(serialOf(late.port)).rejects.toThrow(/expired/);
  expect((await fetch(`http://127.0.0.1:${late.ports[1]}/`)).status).toBe(200);
  const read = parseConfig(world.config(), {
    file: 'gateway.yaml',
    env: {},
    readSecret: (path) => world.files.get(path)!,
  });
  const found = read.ok ? findingsOf(read.config) : [];
  expect(found.map(({ code }) => code)).toContain('certificate_invalid');
  world.put('a', good);
});
