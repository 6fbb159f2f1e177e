/** Tokens that are bound to a client certificate (RFC 8705): good on the connection of their client only, cached or not. */
import { request } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createOpensslAuthority, noOpenssl, type OpensslAuthority } from '../../support/openssl-authority.ts';
import { skipHere } from '../../support/skip-here.ts';
import { startTokenIssuer, type TokenIssuer } from '../../support/token-issuer.ts';
import { startTlsWorld, type TlsWorld } from './serving-tls.ts';

let world: TlsWorld;
let clients: OpensslAuthority;
let issuer: TokenIssuer;
let port: number;

beforeAll(async () => {
  if (noOpenssl) skipHere('openssl is not installed');
  [world, issuer] = await Promise.all([startTlsWorld(), startTokenIssuer()]);
  clients = createOpensslAuthority('clients');
  world.files.set('clients.pem', clients.cert);
  const gateway = await world.start({
    tls: ', clientCertificates: { ca: clients.pem, mode: optional }',
    sections: `  - { id: bearers, match: { path: "/bearers/**" }, upstream: service, access: authenticated, credentials: [bearer] }
  - { id: anyone, match: { path: "/anyone/**" }, upstream: service, access: optional, credentials: [bearer] }
identityHeaders: { user-id: userId, user-source: source }
sources:
  issuer: { kind: jwt, issuer: "${issuer.issuer}", audience: [orders] }
`,
  });
  ({ port } = gateway);
});
afterAll(async () => {
  clients?.close();
  await Promise.all([world?.close(), issuer?.close()]);
});

function ask(token: string, options: ConnectionOptions = {}, path = '/bearers/a'): Promise<number> {
  return new Promise((resolve, reject) => {
    const trusted = { ca: world.authority.cert, servername: 'a.test', agent: false as const };
    const headers = { authorization: `Bearer ${token}` };
    request({ host: '127.0.0.1', port, path, headers, ...trusted, ...options }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode ?? 0));
    })
      .once('error', reject)
      .end();
  });
}

const thumbprint = (name: string) =>
  Buffer.from(clients.fingerprint(name).replaceAll(':', ''), 'hex').toString('base64url');

test('a token is accepted on the connection of its certificate, and on no other', async () => {
  const [own, thief] = [clients.issue('own'), clients.issue('thief')];
  const token = await issuer.token({ cnf: { 'x5t#S256': thumbprint('own') } });
  for (const _ of ['looked up', 'in memory']) {
    expect(await ask(token, thief)).toBe(401);
    expect(await ask(token)).toBe(401);
    expect(await ask(token, own)).toBe(200);
  }
  // Where a credential is optional, the thief is anonymous.
  expect(await ask(token, thief, '/anyone/a')).toBe(200);
  expect(world.upstream.requests.at(-1)?.header('user-id')).toEqual([]);
  // The control: a token that is not bound is good on each of them.
  const free = await issuer.token();
  for (const options of [own, thief, {}]) expect(await ask(free, options)).toBe(200);
});

test('the certificate of another authority is not one', async () => {
  const strangers = createOpensslAuthority('clients');
  const stranger = strangers.issue('own');
  const digest = Buffer.from(strangers.fingerprint('own').replaceAll(':', ''), 'hex').toString('base64url');
  strangers.close();
  expect(await ask(await issuer.token({ cnf: { 'x5t#S256': digest } }), stranger)).toBe(401);
});

test.each([
  ['a key', () => ({ jkt: 'x' })],
  ['a certificate and a key', () => ({ 'x5t#S256': thumbprint('own'), jkt: 'x' })],
  ['a digest of another form', () => ({ 'x5t#S256': 'AAAA' })],
  ['text', () => 'x5t#S256'],
])('a token that is bound to %s is refused', async (_, cnf) => {
  const own = clients.issue('own');
  expect(await ask(await issuer.token({ cnf: cnf() as object }), own)).toBe(401);
});
