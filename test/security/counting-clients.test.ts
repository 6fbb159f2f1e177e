/**
 * How the embedded Auth API identifies clients: by their address behind trusted proxies, and never by an address that a
 * client makes up.
 */
import { expect, test } from 'vitest';
import { createGateway } from '../../src/app/create-gateway.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { closedAfterEach } from '../support/closed-after-each.ts';
import { sendRaw } from '../support/raw-client.ts';

const running = closedAfterEach();

/** Requests sessions, with two mails per client; `forwardedFor` is the header of each request in turn. */
async function askFrom(
  trustedProxies: readonly string[] | 'every peer',
  forwardedFor: readonly string[],
): Promise<number[]> {
  const trust =
    trustedProxies === 'every peer' ? 'trustEveryPeer: true' : `trustedProxies: ${JSON.stringify(trustedProxies)}`;
  const text = `version: 1
server: { listen: "127.0.0.1:0", admin: false, ${trust} }
authApi: { embedded: { database: ":memory:", secret: "${'s'.repeat(32)}", limits: { mailsPerClient: 2, mailsPerAddress: 100 } } }
routes:
  - { id: auth, match: { path: "/api/auth/v2/**" }, upstream: auth-api, access: public }
`;
  const read = parseConfig(text, { file: 'gateway.yaml', env: {}, readSecret: () => '' });
  if (!read.ok) throw new Error(read.problems.map(({ message }) => message).join('\n'));
  const gateway = createGateway(read.config, { version: 'test', logTo: { write: () => {} }, onCode: () => {} });
  running.push(gateway);
  const { listen } = await gateway.start();
  await gateway.authApi!.createUser({
    email: 'ann@example.test',
    fullName: 'Ann',
    alias: 'ann',
    roles: [],
    groups: [],
  });
  const statuses: number[] = [];
  const body = '{"email":"ann@example.test"}';
  for (const chain of forwardedFor) {
    const head = ['POST /api/auth/v2/session HTTP/1.1', 'Host: a', `X-Forwarded-For: ${chain}`];
    const framing = ['Content-Type: application/json', `Content-Length: ${body.length}`, '', body];
    statuses.push((await sendRaw(listen!.port, [...head, ...framing].join('\r\n'))).status);
  }
  return statuses;
}

test('clients behind a trusted proxy are counted separately', async () => {
  const clients = ['203.0.113.1', '203.0.113.1', '203.0.113.1', '203.0.113.2', '6.6.6.6, 203.0.113.1'];
  expect(await askFrom(['127.0.0.1'], clients)).toEqual([202, 202, 429, 202, 429]);
});

test('an address that a client makes up is ignored', async () => {
  expect(await askFrom([], ['203.0.113.1', '203.0.113.2', '203.0.113.3'])).toEqual([202, 202, 429]);
});

test('control: where every peer is trusted, a client gets a new budget with each address that it makes up', async () => {
  const made = Array.from({ length: 6 }, (_, index) => `203.0.113.${index + 1}, 6.6.6.6`);
  expect(await askFrom('every peer', made)).toEqual(made.map(() => 202));
});

test('addresses of one IPv6 network are one client', async () => {
  const clients = ['2001:db8::1', '2001:db8::2', '2001:db8:0:0:ffff::3', '2001:db8:0:1::1'];
  expect(await askFrom(['127.0.0.1'], clients)).toEqual([202, 202, 429, 202]);
});

test('control: separate networks are counted separately, as every address would be without grouping', async () => {
  const clients = ['2001:db8:0:1::1', '2001:db8:0:2::1', '2001:db8:0:3::1', '2001:db8:0:4::1'];
  expect(await askFrom(['127.0.0.1'], clients)).toEqual([202, 202, 202, 202]);
});
