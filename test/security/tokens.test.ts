/**
 * Attacks on tokens. Each is sent to a source that would accept the token without the attack, and to a naive verifier,
 * where the harm shows. No URL from a token is ever fetched.
 */
import { createHmac, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK } from 'jose';
import { afterAll, describe, expect, it } from 'vitest';
import { jwtOf, makeSource } from '../integration/identity/sources/made-sources.ts';
import { createAuthority } from '../support/certificates.ts';
import { goodClaims, nowS, startTokenIssuer } from '../support/token-issuer.ts';
import { readNaively } from './support/naive-token-reader.ts';

const issuer = await startTokenIssuer('ES256');
const rsaIssuer = await startTokenIssuer('RS256');
const trusted = createPublicKey({ key: issuer.key.publicJwk as never, format: 'jwk' });
const trustedRsa = createPublicKey({ key: rsaIssuer.key.publicJwk as never, format: 'jwk' });

/** The attacker's key, and the URL where the token points. */
const attacker = await startTokenIssuer('ES256');
const attackerCertified = createAuthority('attacker').issue({ hosts: ['attacker.test'] });
const certificateKey = createPrivateKey(attackerCertified.key);
const fetched: string[] = [];
const attackerSite = createServer((request, response) => {
  fetched.push(request.url ?? '');
  if (request.url === '/certificate') response.end(attackerCertified.cert);
  else response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: attacker.keys }));
});
attackerSite.listen(0, '127.0.0.1');
await once(attackerSite, 'listening');
const site = `http://127.0.0.1:${(attackerSite.address() as AddressInfo).port}`;

const sources = [makeSource(jwtOf(issuer.issuer)), makeSource(jwtOf(rsaIssuer.issuer))] as const;

afterAll(async () => {
  for (const one of [...sources, issuer, rsaIssuer, attacker]) await one.close();
  attackerSite.closeAllConnections();
  attackerSite.close();
});

const part = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

function signed(header: object, claims: unknown, key: KeyObject | CryptoKey | null, secret?: string | Buffer): string {
  const text = `${part(header)}.${part(claims)}`;
  if (secret !== undefined) return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
  if (key === null) return `${text}.`;
  return `${text}.${sign('sha256', Buffer.from(text), { key: key as KeyObject, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

const keyObject = async (key: CryptoKey) => createPrivateKey({ key: (await exportJWK(key)) as never, format: 'jwk' });
const own = await keyObject(issuer.key.privateKey);
const foreign = await keyObject(attacker.key.privateKey);
const claims = goodClaims(issuer.issuer);
const header = { alg: 'ES256', kid: 'first', typ: 'at+jwt' };
const good = signed(header, claims, own);
const [goodHead = '', goodBody = ''] = good.split('.');
const certificateBody = attackerCertified.cert.replace(/-----[^-]+-----|\n/g, '');
const pem = trustedRsa.export({ type: 'spki', format: 'pem' });

const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout';

/** The same token for a lenient base64url parser: each spelling has its own cache key. */
function otherSpellings(token: string): readonly (readonly [how: string, token: string])[] {
  const [head = '', body = '', tail = ''] = token.split('.');
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  // Of the last character of 64 bytes, four bits are unused.
  const last = digits[digits.indexOf(tail.at(-1)!) ^ 1]!;
  return [
    ['padded', `${token}=`],
    ['padded twice', `${token}==`],
    ['with an extra part', `${token}.x`],
    ['with an extra empty part', `${token}.`],
    ['with other unused bits at the end', `${head}.${body}.${tail.slice(0, -1)}${last}`],
    ['with a character outside base64url', `${token}~`],
  ];
}

interface Attack {
  readonly name: string;
  readonly token: string;
  readonly rejection: string;
  /** For the issuer with RSA keys. */
  readonly rsa?: boolean;
}

const attacks: readonly Attack[] = [
  ...['none', 'None', 'NONE', 'nOnE'].map((alg) => ({
    name: `alg: ${alg}`,
    token: signed({ ...header, alg }, claims, null),
    rejection: 'algorithm',
  })),
  {
    name: 'the public key as a secret (RS/HS confusion)',
    token: signed({ ...header, alg: 'HS256' }, goodClaims(rsaIssuer.issuer), null, pem),
    rejection: 'algorithm',
    rsa: true,
  },
  {
    name: 'a kid that points to an empty file',
    token: signed({ ...header, alg: 'HS256', kid: '../../dev/null' }, claims, null, ''),
    rejection: 'algorithm',
  },
  {
    name: 'a kid with SQL',
    token: signed({ ...header, alg: 'HS256', kid: "x' UNION SELECT 'known" }, claims, null, 'known'),
    rejection: 'algorithm',
  },
  ...['../../dev/null', "x' OR '1'='1", 'first\u0000', '', '__proto__'].map((kid) => ({
    name: `the attacker's key with the kid ${JSON.stringify(kid)}`,
    token: signed({ ...header, kid, jwk: attacker.key.publicJwk }, claims, foreign),
    rejection: 'key',
  })),
  {
    name: 'a key in the header (jwk)',
    token: signed({ ...header, jwk: attacker.key.publicJwk }, claims, foreign),
    rejection: 'signature',
  },
  {
    name: 'the URL of a key set in the header (jku)',
    token: signed({ ...header, jku: `${site}/keys` }, claims, foreign),
    rejection: 'signature',
  },
  {
    name: 'the URL of a certificate in the header (x5u)',
    token: signed({ ...header, x5u: `${site}/certificate` }, claims, certificateKey),
    rejection: 'signature',
  },
  {
    name: 'a certificate in the header (x5c)',
    token: signed({ ...header, x5c: [certificateBody] }, claims, certificateKey),
    rejection: 'signature',
  },
  { name: 'ECDSA with r = s = 0', token: `${goodHead}.${goodBody}.${part('\0'.repeat(64))}`, rejection: 'signature' },
  { name: 'expired', token: signed(header, { ...claims, exp: nowS() - 31 }, own), rejection: 'expired' },
  { name: 'without an expiry', token: signed(header, { ...claims, exp: undefined }, own), rejection: 'claim' },
  { name: 'an expiry as text', token: signed(header, { ...claims, exp: '9999999999' }, own), rejection: 'claim' },
  {
    name: 'from the future (nbf)',
    token: signed(header, { ...claims, nbf: nowS() + 60 }, own),
    rejection: 'not_yet_valid',
  },
  {
    name: 'issued in the future',
    token: signed(header, { ...claims, iat: nowS() + 60 }, own),
    rejection: 'not_yet_valid',
  },
  { name: 'for another audience', token: signed(header, { ...claims, aud: 'billing' }, own), rejection: 'audience' },
  { name: 'without an audience', token: signed(header, { ...claims, aud: undefined }, own), rejection: 'audience' },
  {
    name: 'an audience in an object',
    token: signed(header, { ...claims, aud: { orders: true } }, own),
    rejection: 'audience',
  },
  {
    name: 'a repeated claim',
    token: signed(header, JSON.stringify(claims).replace('{', '{"sub":"victim",'), own),
    rejection: 'malformed',
  },
  {
    name: 'a repeated claim, once escaped',
    token: signed(header, JSON.stringify(claims).replace('{', '{"s\\u0075b":"victim",'), own),
    rejection: 'malformed',
  },
  ...[' ', '\t\n'].map((blank) => ({
    name: `a repeated claim, its colon after many ${JSON.stringify(blank)}`,
    token: signed(header, JSON.stringify(claims).replace('{', `{"sub"${blank.repeat(40)}:"victim",`), own),
    rejection: 'malformed',
  })),
  ...otherSpellings(good).map(([how, token]) => ({ name: how, token, rejection: 'malformed' })),
  {
    name: 'a repeated header parameter',
    token: signed(JSON.stringify(header).replace('{', '{"alg":"none",') as never, claims, own),
    rejection: 'malformed',
  },
  { name: 'oversized', token: signed(header, { ...claims, filler: 'x'.repeat(16_384) }, own), rejection: 'malformed' },
  { name: 'declared as nested', token: signed({ ...header, cty: 'JWT' }, claims, own), rejection: 'type' },
  {
    name: 'an unknown critical header',
    token: signed({ ...header, crit: ['exp-check'], 'exp-check': 'off' }, claims, own),
    rejection: 'critical',
  },
  {
    name: 'an empty list of critical headers',
    token: signed({ ...header, crit: [] }, claims, own),
    rejection: 'critical',
  },
  {
    name: 'an unencoded payload',
    token: signed({ ...header, crit: ['b64'], b64: false }, claims, own),
    rejection: 'critical',
  },
  { name: 'a logout token', token: signed({ ...header, typ: 'logout+jwt' }, claims, own), rejection: 'type' },
  {
    name: 'a logout token without its type (RFC 8725 section 3.11)',
    token: signed({ ...header, typ: undefined }, { ...claims, events: { [logoutEvent]: {} } }, own),
    rejection: 'type',
  },
  {
    name: 'a security event token with the type of an access token (RFC 8417 section 4)',
    token: signed(header, { ...claims, events: { 'https://event.test/any': {} } }, own),
    rejection: 'type',
  },
  { name: 'a security event token', token: signed({ ...header, typ: 'secevent+jwt' }, claims, own), rejection: 'type' },
  {
    name: 'a refresh token',
    token: signed({ ...header, typ: 'JWT' }, { ...claims, typ: 'Refresh' }, own),
    rejection: 'type',
  },
  ...[{ nonce: 'n' }, { at_hash: 'x' }, { c_hash: 'x' }, { token_use: 'id' }, { typ: 'ID' }].map((mark) => ({
    name: `an ID token, by ${JSON.stringify(mark)} (ASVS 5.0, 9.2.2)`,
    token: signed({ ...header, typ: 'JWT' }, { ...claims, ...mark }, own),
    rejection: 'type',
  })),
  ...[
    { token_use: ['id'] },
    { token_use: { value: 'access' } },
    { typ: ['ID'] },
    { typ: 7 },
    { token_type: ['Bearer'] },
    { token_type: true },
  ].map((mark) => ({
    name: `a token with a mark that is no text: ${JSON.stringify(mark)}`,
    token: signed({ ...header, typ: 'JWT' }, { ...claims, ...mark }, own),
    rejection: 'type',
  })),
  ...[['JWT'], null, 7, '', 'ID', 'JWT, ID', 'JWT ', 'application/application/jwt'].map((typ) => ({
    name: `a token with the type ${JSON.stringify(typ)} in its header`,
    token: signed({ ...header, typ }, claims, own),
    rejection: 'type',
  })),
  ...[{ token_type: 'DPoP' }, { typ: 'dpop' }, { token_type: 'pop' }].map((mark) => ({
    name: `bound to a client's key, by ${JSON.stringify(mark)} alone`,
    token: signed({ ...header, typ: 'JWT' }, { ...claims, ...mark }, own),
    rejection: 'bound',
  })),
  { name: 'a proof of possession', token: signed({ ...header, typ: 'dpop+jwt' }, claims, own), rejection: 'type' },
  {
    name: "bound to a client's key",
    token: signed(header, { ...claims, cnf: { jkt: 'x' } }, own),
    rejection: 'bound',
  },
];

describe('a valid token', () => {
  it('is accepted, with and without "application/" in its type, with and without a type', async () => {
    for (const typ of ['at+jwt', 'application/at+jwt', 'JWT', undefined]) {
      const token = signed({ ...header, typ }, claims, own);
      expect(await sources[0].check({ kind: 'bearer', token })).toMatchObject({
        identity: { userId: 'ann', roles: ['user'], sessionId: 'session-1', tokenId: 'token-1' },
      });
    }
    expect((await sources[1].check({ kind: 'bearer', token: await rsaIssuer.token() })).identity).not.toBeNull();
  });

  it('may contain URLs of keys that are not used', async () => {
    const token = signed({ ...header, jku: `${site}/keys`, x5u: `${site}/certificate` }, claims, own);
    expect((await sources[0].check({ kind: 'bearer', token })).identity).not.toBeNull();
    expect(fetched).toEqual([]);
  });
});

describe.each(attacks)('$name', ({ token, rejection, rsa = false }) => {
  it('is rejected, and nothing is fetched', async () => {
    fetched.length = 0;
    const requested = [issuer, rsaIssuer].map((one) => one.requested.length);
    const result = await sources[rsa ? 1 : 0].check({ kind: 'bearer', token });
    expect(result).toMatchObject({ identity: null, reason: 'credential_rejected', rejection, failure: null });
    expect(fetched).toEqual([]);
    // At most the issuer's own keys, because the key id may be new.
    const paths = [issuer, rsaIssuer].flatMap((one, index) => one.requested.slice(requested[index]));
    for (const path of paths) expect(['/.well-known/openid-configuration', '/jwks']).toContain(path);
  });

  it('control: fools a naive verifier', async () => {
    expect(await readNaively(token, rsa ? trustedRsa : trusted)).not.toBeNull();
  });
});

describe('between issuers', () => {
  it('a token of one issuer is invalid as one of another', async () => {
    const both = makeSource(jwtOf(issuer.issuer));
    const claimed = await attacker.token({ iss: issuer.issuer });
    expect(await both.check({ kind: 'bearer', token: claimed })).toMatchObject({ rejection: 'signature' });
    await both.close();
  });

  it.each([
    ['that is not configured', 'http://attacker.test'],
    ['with a common prefix', `${issuer.issuer}.attacker.test`],
    ['with an extra slash', `${issuer.issuer}/`],
    ['in another case', issuer.issuer.toUpperCase()],
    ['in a list', [issuer.issuer]],
  ])('a token of an issuer %s reaches no token source', async (_, iss) => {
    const token = signed(header, { ...claims, iss }, own);
    await expect(sources[0].check({ kind: 'bearer', token })).rejects.toThrow('no source');
  });

  it('a nested token reaches no token source either (control: it fools a naive verifier)', async () => {
    const token = signed({ ...header, cty: 'JWT' }, good, own);
    await expect(sources[0].check({ kind: 'bearer', token })).rejects.toThrow('no source');
    expect(await readNaively(token, trusted)).toMatchObject({ sub: 'ann' });
  });
});
