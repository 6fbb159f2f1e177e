/** `rolegate/verify` with a server of public keys that rotates, fails and stops; assertions are signed manually. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createIdentityVerifier } from '../../../src/verify.ts';

const issuer = 'https://gate.example.test';
const startMs = Date.UTC(2030, 0, 1);

interface Key {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: KeyObject;
  readonly published: object;
}

function makeKey(kid: string, alg = 'EdDSA'): Key {
  const { privateKey, publicKey } =
    alg === 'EdDSA' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { kid, alg, privateKey, published: { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' } };
}

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

function signByHand({ kid, alg, privateKey }: Key, claims: object = {}, header: object = {}): string {
  const iat = Math.floor(Date.now() / 1000);
  const own = {
    iss: issuer,
    aud: 'orders',
    sub: 'ana',
    idp: 'authApi',
    roles: ['user'],
    groups: [],
    sid: 's',
    iat,
    exp: iat + 30,
  };
  const text = `${encoded({ alg, kid, typ: 'JWT', ...header })}.${encoded({ ...own, ...claims })}`;
  const hash = alg === 'ES256' ? 'sha256' : null;
  const signature = sign(hash, Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}

let server: Server;
let jwksUrl: string;
/** What the server returns; null: it fails. */
let shown: readonly Key[] | string | null;
let asked = 0;
const first = makeKey('first');

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: startMs });
  shown = [first];
  asked = 0;
  server = createServer((_, response) => {
    asked += 1;
    if (shown === null) response.writeHead(503).end();
    else response.end(typeof shown === 'string' ? shown : JSON.stringify({ keys: shown.map((key) => key.published) }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`;
});
afterEach(() => {
  vi.useRealTimers();
  server.closeAllConnections();
  server.close();
});

const verifier = () => createIdentityVerifier({ jwksUrl, issuer, audience: 'orders' });
const later = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);

describe('valid assertions', () => {
  test.each(['EdDSA', 'ES256'])('%s: returns the identity', async (alg) => {
    const key = makeKey('k', alg);
    shown = [first, key];
    expect(await verifier()(signByHand(key))).toEqual({
      identity: {
        userId: 'ana',
        source: 'authApi',
        roles: ['user'],
        groups: [],
        sessionId: 's',
        claims: expect.objectContaining({ aud: 'orders', sub: 'ana' }),
      },
      reason: null,
    });
  });

  test('accepts one of several audiences, and no session', async () => {
    const verify = createIdentityVerifier({ jwksUrl, issuer, audience: ['other', 'orders'] });
    expect((await verify(signByHand(first, { sid: undefined }))).identity?.sessionId).toBeNull();
  });
});

describe('invalid assertions', () => {
  const hmac = (): Key => ({ ...first, alg: 'HS256' });
  const unsigned = () => `${signByHand(first, {}, { alg: 'none' }).split('.').slice(0, 2).join('.')}.`;
  const changed = () => {
    const [head, , signature] = signByHand(first).split('.');
    return `${head}.${signByHand(first, { sub: 'root' }).split('.')[1]}.${signature}`;
  };

  test.each<[string, () => string | readonly string[] | undefined, string]>([
    ['nothing', () => undefined, 'missing'],
    ['an empty header', () => '', 'missing'],
    ['not a JWT', () => 'nonsense', 'invalid'],
    ['two headers', () => [signByHand(first), signByHand(first)], 'invalid'],
    ['two joined headers', () => `${signByHand(first)}, ${signByHand(first)}`, 'invalid'],
    ['another issuer', () => signByHand(first, { iss: 'https://other.example.test' }), 'invalid'],
    ['another audience', () => signByHand(first, { aud: 'billing' }), 'invalid'],
    ['an expired one', () => signByHand(first, { exp: startMs / 1000 - 6 }), 'expired'],
    ['one without an expiry', () => signByHand(first, { exp: undefined }), 'invalid'],
    ['one from the future', () => signByHand(first, { nbf: startMs / 1000 + 60 }), 'invalid'],
    ['no source', () => signByHand(first, { idp: undefined }), 'invalid'],
    ['no user', () => signByHand(first, { sub: undefined }), 'invalid'],
    ['roles that are not a list', () => signByHand(first, { roles: 'admin' }), 'invalid'],
    ['no signature', unsigned, 'invalid'],
    ['a changed payload', changed, 'invalid'],
    ['a symmetric algorithm', () => signByHand(hmac()), 'invalid'],
    ['an unpublished key', () => signByHand(makeKey('strange')), 'invalid'],
    ['another key with a published id', () => signByHand(makeKey('first')), 'invalid'],
    ['a key in the header', () => signByHand(makeKey('first'), {}, { jwk: makeKey('x').published }), 'invalid'],
    ['a critical header', () => signByHand(first, {}, { crit: ['x'], x: 1 }), 'invalid'],
  ])('%s', async (_, header, reason) => {
    expect(await verifier()(header())).toEqual({ identity: null, reason });
  });
});

describe('public keys', () => {
  test('are fetched once, and again for an unknown key, at most every 30 seconds', async () => {
    const verify = verifier();
    for (let i = 0; i < 10; i += 1) await verify(signByHand(first));
    expect(asked).toBe(1);
    later(31);
    for (let i = 0; i < 10; i += 1) await verify(signByHand(makeKey(`strange-${i}`)));
    expect(asked).toBe(2);
    const second = makeKey('second');
    shown = [first, second];
    expect((await verify(signByHand(second))).reason).toBe('invalid');
    later(31);
    expect((await verify(signByHand(second))).reason).toBeNull();
    expect(asked).toBe(3);
  });

  test('are an outage if unavailable, and are not fetched again at once', async () => {
    const verify = verifier();
    for (shown of [null, 'no JSON', '{"keys":7}']) {
      expect((await verify(signByHand(first))).reason).toBe('keys_unavailable');
      later(2);
    }
    expect(asked).toBe(3);
    shown = null;
    for (let i = 0; i < 10; i += 1) expect((await verify(signByHand(first))).reason).toBe('keys_unavailable');
    expect(asked).toBe(4);
    shown = [first];
    later(2);
    expect((await verify(signByHand(first))).reason).toBeNull();
  });

  test('are fetched again when the clock was set back after a failure', async () => {
    const verify = verifier();
    shown = null;
    expect((await verify(signByHand(first))).reason).toBe('keys_unavailable');
    shown = [first];
    later(-60);
    expect((await verify(signByHand(first, { iat: startMs / 1000 - 60 }))).reason).toBeNull();
  });

  test('are renewed in the background after five minutes, and stay in use for another hour if unavailable', async () => {
    const verify = verifier();
    await verify(signByHand(first));
    shown = null;
    later(301);
    expect((await verify(signByHand(first))).reason).toBeNull();
    await vi.waitFor(() => expect(asked).toBe(2));
    later(3_500);
    expect((await verify(signByHand(first))).reason).toBeNull();
    later(200);
    expect((await verify(signByHand(first))).reason).toBe('keys_unavailable');
  });

  test('that are no longer published no longer verify after the renewal', async () => {
    const verify = verifier();
    await verify(signByHand(first));
    shown = [makeKey('second')];
    later(301);
    await verify(signByHand(first));
    await vi.waitFor(async () => expect((await verify(signByHand(first))).reason).toBe('invalid'));
  });
});
