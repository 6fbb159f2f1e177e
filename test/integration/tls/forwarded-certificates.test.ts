/** Certificates of clients whose TLS a trusted proxy has ended, in the headers of several proxies. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createOpensslAuthority, noOpenssl } from '../../support/openssl-authority.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../../support/recording-upstream.ts';
import { type RunningGateway, startGateway } from '../../support/running-gateway.ts';
import { skipHere } from '../../support/skip-here.ts';
import { startTokenIssuer, type TokenIssuer } from '../../support/token-issuer.ts';

const operators = 'operators-of-the-test-01234567890123456789';
const names = ['client-cert', 'ssl-client-cert', 'x-forwarded-client-cert', 'x-forwarded-tls-client-cert'] as const;
type Name = (typeof names)[number];

/** One event, and no end. */
const events = createServer((_, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
});
let issuer: TokenIssuer;
let service: RecordingUpstream;
const gateways = new Map<Name | null, RunningGateway>();
let orders: string;
let billing: string;
let fingerprint: string;

const config = (header: Name | null) => `
version: 1
server:
  listen: "127.0.0.1:0"
  admin: "127.0.0.1:0"
  adminToken: "${operators}"
  trustedProxies: ["127.0.0.1"]
  ${header === null ? '' : `clientCertificateHeader: ${header}`}
sources:
  machines: { kind: certificate, userId: spiffe, userPrefix: "m:" }
  issuer: { kind: jwt, issuer: "${issuer.issuer}", audience: [orders] }
identityHeaders: { user-id: userId }
upstreams:
  service: { targets: ["${service.origin}"] }
  events: { targets: ["http://127.0.0.1:${(events.address() as AddressInfo).port}"] }
routes:
  - { id: open, match: { path: "/**" }, upstream: service, access: public }
  - { id: machines, match: { path: "/machines/**" }, upstream: service, access: authenticated, credentials: [certificate] }
  - { id: bearers, match: { path: "/bearers/**" }, upstream: service, access: authenticated, credentials: [bearer] }
  - { id: events, match: { path: "/events" }, upstream: events, access: authenticated, credentials: [certificate] }
`;

beforeAll(async () => {
  if (noOpenssl) skipHere('openssl is not installed');
  await new Promise<void>((listening) => events.listen(0, '127.0.0.1', listening));
  [issuer, service] = await Promise.all([startTokenIssuer(), startRecordingUpstream()]);
  const clients = createOpensslAuthority('clients');
  orders = clients.issue('orders', 'URI:spiffe://acme.test/orders').cert;
  billing = clients.issue('billing', 'URI:spiffe://acme.test/billing').cert;
  fingerprint = clients.fingerprint('orders');
  clients.close();
  for (const name of [...names, null]) gateways.set(name, await startGateway(config(name)));
});
afterAll(async () => {
  await Promise.all([...gateways.values()].map((gateway) => gateway.close()));
  events.closeAllConnections();
  events.close();
  await Promise.all([issuer?.close(), service?.close()]);
});

type Headers = Readonly<Record<string, string | readonly string[]>>;

/** `localAddress`: 127.0.0.1 is that of the proxy. */
async function open(name: Name | null, path: string, headers: Headers, localAddress = '127.0.0.1') {
  const { port } = gateways.get(name)!;
  const sent = request({
    host: '127.0.0.1',
    port,
    path,
    headers: headers as Record<string, string>,
    localAddress,
    agent: false,
  });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return response;
}

async function status(...args: Parameters<typeof open>): Promise<number> {
  const response = await open(...args);
  response.resume();
  await once(response, 'end');
  return response.statusCode ?? 0;
}

const last = (header: string) => service.requests.at(-1)?.header(header);
const base64 = (pem: string) => pem.replace(/-----[^-]+-----|\s/g, '');
const escaped = (pem: string) => encodeURIComponent(pem);

/** As the proxy sends it. */
const sent: Readonly<Record<Name, (pem: string) => Headers>> = {
  'client-cert': (pem) => ({ 'client-cert': `:${base64(pem)}:` }),
  'ssl-client-cert': (pem) => ({ 'ssl-client-cert': escaped(pem), 'ssl-client-verify': 'SUCCESS' }),
  'x-forwarded-client-cert': (pem) => ({
    'x-forwarded-client-cert': `By=spiffe://acme.test/edge;Hash=ab;Cert="${escaped(pem)}";Subject="CN=a\\",b;c";URI=spiffe://acme.test/other`,
  }),
  'x-forwarded-tls-client-cert': (pem) => ({ 'x-forwarded-tls-client-cert': base64(pem) }),
};

describe.each(names)('%s', (name) => {
  test('names the user if a trusted proxy sends it; another peer, or another header, is not believed', async () => {
    expect(await status(name, '/machines/a', sent[name](orders))).toBe(200);
    expect(last('user-id')).toEqual(['m:spiffe://acme.test/orders']);
    expect(await status(name, '/machines/a', sent[name](billing))).toBe(200);
    expect(last('user-id')).toEqual(['m:spiffe://acme.test/billing']);
    expect(await status(name, '/machines/a', {})).toBe(401);
    expect(await status(name, '/machines/a', sent[name](orders), '127.0.0.2')).toBe(401);
    expect(await status(null, '/machines/a', sent[name](orders))).toBe(401);
    for (const other of names.filter((one) => one !== name))
      expect(await status(name, '/machines/a', sent[other](orders))).toBe(401);
  });

  test('is removed from requests of other peers', async () => {
    expect(await status(name, '/x', sent[name](orders), '127.0.0.2')).toBe(200);
    expect(last(name)).toEqual([]);
    expect(last('ssl-client-verify')).toEqual([]);
    // The control.
    expect(await status(name, '/x', { ...sent[name](orders), 'x-other': 'a' }, '127.0.0.2')).toBe(200);
    expect(last('x-other')).toEqual(['a']);
  });

  test.each<[string, (good: string) => string | readonly string[]]>([
    ['twice', (good) => [good, good]],
    ['in half', (good) => good.slice(0, good.length / 2)],
    ['as other text', () => 'orders'],
    ['as other base64', (good) => good.replace(/[A-Za-z0-9+/%]{60,}/, 'YWJj')],
    ['with two in a list', (good) => `${good},${good}`],
  ])('%s it is refused, and public routes are open', async (_, change) => {
    const good = sent[name](orders);
    const bad = { ...good, [name]: change(String(good[name])) };
    // Traefik sends the authorities of the client after its certificate.
    const expected = name === 'x-forwarded-tls-client-cert' && String(bad[name]).includes(',') ? 200 : 401;
    const repeated = Array.isArray(bad[name]);
    expect(await status(name, '/machines/a', bad)).toBe(repeated ? 401 : expected);
    expect(await status(name, '/x', bad)).toBe(200);
    expect(await status(name, '/machines/a', good)).toBe(200);
  });

  test('a token that is bound to it is good with it, and with no other', async () => {
    const digest = Buffer.from(fingerprint.replaceAll(':', ''), 'hex').toString('base64url');
    const authorization = `Bearer ${await issuer.token({ cnf: { 'x5t#S256': digest } })}`;
    expect(await status(name, '/bearers/a', { ...sent[name](billing), authorization })).toBe(401);
    expect(await status(name, '/bearers/a', { authorization })).toBe(401);
    expect(await status(name, '/bearers/a', { ...sent[name](orders), authorization })).toBe(200);
  });
});

test.each([
  ['NONE', 401],
  ['FAILED:unable to get local issuer certificate', 401],
  ['success', 401],
  [null, 401],
  [['SUCCESS', 'SUCCESS'], 401],
  ['SUCCESS', 200],
])('the result of nginx decides: %s is %i', async (result, expected) => {
  const verify: Headers = result === null ? {} : { 'ssl-client-verify': result };
  const headers = { 'ssl-client-cert': escaped(orders), ...verify };
  expect(await status('ssl-client-cert', '/machines/a', headers)).toBe(expected);
});

test.each([
  ['Hash=ab;Subject="CN=a"', 401],
  [() => `Cert="${escaped(billing)}";Cert="${escaped(orders)}"`, 401],
  [() => `Hash=a,Cert="${escaped(orders)}"`, 401],
  [() => `Subject="Cert=${escaped(billing)};a"`, 401],
  [() => `Subject="a;Cert=b";Cert=${escaped(orders)}`, 200],
])('an element of Envoy: row %#', async (value, expected) => {
  const headers = { 'x-forwarded-client-cert': typeof value === 'string' ? value : value() };
  expect(await status('x-forwarded-client-cert', '/machines/a', headers)).toBe(expected);
});

test('an empty one, which Caddy and nginx send for clients without a certificate, is none', async () => {
  expect(await status('client-cert', '/machines/a', { 'client-cert': '::' })).toBe(401);
  const headers = { 'ssl-client-cert': '', 'ssl-client-verify': 'NONE' };
  const authorization = `Bearer ${await issuer.token()}`;
  expect(await status('ssl-client-cert', '/bearers/a', { ...headers, authorization })).toBe(200);
});

test('its revocation by fingerprint ends a stream', async () => {
  const { admin } = gateways.get('client-cert')!;
  const [own, other] = await Promise.all(
    [orders, billing].map((pem) => open('client-cert', '/events', sent['client-cert'](pem))),
  );
  for (const stream of [own!, other!]) stream.on('error', () => {}).resume();
  const headers = { authorization: `Bearer ${operators}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ certificate: fingerprint });
  expect((await fetch(`${admin}/revocations`, { method: 'POST', headers, body })).status).toBe(202);
  await vi.waitFor(() => expect(own!.destroyed).toBe(true));
  expect(other!.destroyed).toBe(false);
  expect(await status('client-cert', '/machines/a', sent['client-cert'](orders))).toBe(401);
  other!.destroy();
});
