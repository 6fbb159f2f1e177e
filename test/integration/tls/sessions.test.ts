/** Sessions that are resumed: at another replica, after a restart, and by `openssl`; not under another secret, nor after their period. */
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ticketKeys, ticketPeriod } from '../../../src/tls/ticket-keys.ts';
import { secured, startTlsWorld, type TlsWorld } from './serving-tls.ts';

let world: TlsWorld;
beforeAll(async () => {
  world = await startTlsWorld();
});
afterAll(() => world.close());

const withSecret = (letter: string) => ({ sections: `cache: { secret: "${letter.repeat(32)}" }\n` });

/** A session of one address, offered to another one. */
async function isResumed(from: number, to: number, maxVersion: 'TLSv1.2' | 'TLSv1.3'): Promise<boolean> {
  const options = { servername: 'y.w.test', ca: world.authority.cert, maxVersion } as const;
  const first = await secured(from, options);
  // In TLS 1.3, tickets follow the handshake.
  const later = once(first, 'session');
  first.write('GET / HTTP/1.1\r\nHost: y.w.test\r\n\r\n');
  first.resume();
  const session: Buffer = maxVersion === 'TLSv1.2' ? first.getSession()! : (await later)[0];
  first.destroy();
  const second = await secured(to, { ...options, session });
  const resumed = second.isSessionReused();
  // Whichever it is, the connection serves requests.
  second.write('GET / HTTP/1.1\r\nHost: y.w.test\r\nConnection: close\r\n\r\n');
  let text = '';
  for await (const bytes of second) text += String(bytes);
  expect(text).toMatch(/^HTTP\/1\.1 200 OK/);
  return resumed;
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('%s', (version) => {
  test('a session continues at another replica with the same secret', async () => {
    const [one, other] = [await world.start(withSecret('a')), await world.start(withSecret('a'))];
    expect(await isResumed(one.port, one.port, version)).toBe(true);
    expect(await isResumed(one.port, other.port, version)).toBe(true);
    expect(await one.metrics()).toMatch(/^rolegate_tls_handshakes_total\{outcome="resumed"\} 1$/m);
  });

  test('and not at one with another secret, or with other settings', async () => {
    const [one, other] = [await world.start(withSecret('a')), await world.start(withSecret('b'))];
    expect(await isResumed(one.port, other.port, version)).toBe(false);
    const strict = await world.start({ ...withSecret('a'), tls: ', minVersion: TLSv1.3' });
    if (version === 'TLSv1.3') expect(await isResumed(one.port, strict.port, version)).toBe(false);
  });
});

test('keys follow from secret, period and settings alone', () => {
  const keys = (secret: string, period: number, settings: string) =>
    ticketKeys(secret, period, settings).toString('hex');
  const all = [keys('a', 1, 'x'), keys('b', 1, 'x'), keys('a', 2, 'x'), keys('a', 1, 'y')];
  expect(new Set(all).size).toBe(4);
  expect(keys('a', 1, 'x')).toBe(all[0]);
  expect(all[0]).toHaveLength(96);
  expect(ticketPeriod(12 * 3_600_000 - 1)).toBe(0);
  expect(ticketPeriod(12 * 3_600_000)).toBe(1);
});
