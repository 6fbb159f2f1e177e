/** A service receives a signed identity that it can verify on its own, and nothing that a client made up. */
import { generateKeyPairSync } from 'node:crypto';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { sendRaw } from '../../support/raw-client.ts';
import { type AssertionWorld, issuer, startAssertionWorld, verifyByHand } from './assertion-world.ts';

let world: AssertionWorld;
afterEach(() => world.close());

async function publishedKeys(base = world.gateway.admin) {
  const response = await fetch(`${base}/.well-known/jwks.json`);
  expect(response.status).toBe(200);
  return ((await response.json()) as { keys: { kid: string }[] }).keys;
}

describe.each([['EdDSA'], ['ES256']])('a key of the gateway: %s', (algorithm) => {
  test("signs the client's identity for the upstream", async () => {
    world = await startAssertionWorld(`{ algorithm: ${algorithm} }`);
    const before = Math.floor(Date.now() / 1000);
    expect((await world.get('/orders')).status).toBe(200);
    const verified = verifyByHand(world.assertion()!, await publishedKeys());
    const { iat, exp, jti, ...claims } = verified!.claims as { iat: number; exp: number; jti: string };
    expect(verified?.header).toEqual({ alg: algorithm, kid: expect.stringMatching(/^[\w-]{43}$/), typ: 'JWT' });
    expect(claims).toEqual({
      iss: issuer,
      aud: 'orders',
      sub: 'ana',
      idp: 'authApi',
      roles: ['user'],
      groups: ['acme', 'ops'],
      sid: 'session-1',
    });
    expect(iat).toBeGreaterThanOrEqual(before);
    expect(exp - iat).toBe(30);
    expect(jti).toMatch(/^[\da-f-]{36}$/);
  });
});

test('control: another key does not verify', async () => {
  world = await startAssertionWorld();
  await world.get('/orders');
  const { publicKey } = generateKeyPairSync('ed25519');
  const [key] = await publishedKeys();
  expect(verifyByHand(world.assertion()!, [{ ...publicKey.export({ format: 'jwk' }), kid: key!.kid }])).toBeNull();
});

describe('requests with an assertion', () => {
  test('a route sets another audience, or sends none', async () => {
    world = await startAssertionWorld();
    // A request waits for the first key.
    await world.get('/named');
    expect(verifyByHand(world.assertion()!, await publishedKeys())?.claims['aud']).toBe('urn:named');
    await world.get('/off');
    expect(world.assertion()).toBeUndefined();
  });

  test('an anonymous request has none, whatever the client sends', async () => {
    world = await startAssertionWorld();
    for (const path of ['/optional', '/open']) {
      expect((await world.get(path, { 'x-rolegate-identity': 'forged' })).status).toBe(200);
      expect(world.assertion()).toBeUndefined();
    }
    await world.get('/optional');
    expect(world.assertion()).toBeDefined();
  });

  test.each([
    'x-rolegate-identity',
    'X-Rolegate-Identity',
    'X_ROLEGATE_IDENTITY',
    'x_rolegate-identity',
    'x.rolegate.identity',
    'x-rolegate~identity',
  ])("a client's header is removed: %s", async (name) => {
    world = await startAssertionWorld();
    for (const path of ['/orders', '/off', '/open']) {
      const { bearer, service } = world;
      const request = `GET ${path} HTTP/1.1\r\nHost: a.example.test\r\nAuthorization: Bearer ${bearer}\r\n${name}: forged\r\n`;
      const answer = await sendRaw(world.gateway.port, `${request}Connection: close, ${name}\r\n\r\n`);
      expect(answer.status).toBe(200);
      expect(service.last().rawHeaders).not.toContain('forged');
      expect(service.last().header('x-rolegate-identity')).toHaveLength(path === '/orders' ? 1 : 0);
    }
  });

  test('a header with another name is removed in the same way', async () => {
    world = await startAssertionWorld('{ header: X-Who }');
    await world.get('/open', { x_who: 'forged', 'x-rolegate-identity': 'forged' });
    expect(world.service.last().rawHeaders).not.toContain('forged');
    await world.get('/orders');
    expect(verifyByHand(world.service.last().header('x-who')[0]!, await publishedKeys())).not.toBeNull();
  });
});

test('an identity keeps its assertion for half of its life, and has another one for another service', async () => {
  world = await startAssertionWorld();
  await world.get('/orders');
  const first = world.assertion();
  await world.get('/orders');
  expect(world.assertion()).toBe(first);
  await world.get('/named');
  expect(world.assertion()).not.toBe(first);
});

test('it never outlives the credential', async () => {
  world = await startAssertionWorld();
  const expireAt = Math.floor(Date.now() / 1000) + 10;
  world.authApi.addSession('short', { userId: 'ben', roles: ['user'], expireAt });
  await world.get('/orders', { authorization: 'Bearer short' });
  expect(verifyByHand(world.assertion()!, await publishedKeys())?.claims['exp']).toBe(expireAt);
});

describe('public keys', () => {
  test('are on a route, with a cache lifetime', async () => {
    world = await startAssertionWorld();
    await world.get('/orders');
    const response = await fetch(`${world.gateway.origin}/.well-known/jwks.json`);
    expect(response.headers.get('content-type')).toBe('application/jwk-set+json');
    expect(response.headers.get('cache-control')).toBe('public, max-age=300');
    const { keys } = (await response.json()) as { keys: object[] };
    expect(keys).toEqual(await publishedKeys());
    expect(keys).toEqual([
      { kty: 'OKP', crv: 'Ed25519', x: expect.any(String), kid: expect.any(String), alg: 'EdDSA', use: 'sig' },
    ]);
    expect((await fetch(`${world.gateway.origin}/.well-known/jwks.json`, { method: 'POST' })).status).toBe(405);
    const head = await fetch(`${world.gateway.origin}/.well-known/jwks.json`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  test('from files: the first signs, all are published, and no private part is', async () => {
    const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
    const files: Record<string, string> = {
      'one.pem': pem.export({ format: 'pem', type: 'pkcs8' }).toString(),
      'two.json': JSON.stringify({ ...jwk, kid: 'second' }),
    };
    world = await startAssertionWorld('{ keys: [{ file: one.pem }, { file: two.json }] }', {
      readSecret: (path) => files[path]!,
    });
    await world.get('/orders');
    const keys = await publishedKeys();
    expect(keys).toHaveLength(2);
    expect(keys[1]).toEqual({ kty: 'OKP', crv: 'Ed25519', x: jwk.x, kid: 'second', alg: 'EdDSA', use: 'sig' });
    expect(verifyByHand(world.assertion()!, [keys[0]!])?.header['alg']).toBe('ES256');

    // Rotation: a published key signs now, and earlier signatures still verify.
    const before = world.assertion()!;
    world.gateway.apply(world.config('{ keys: [{ file: two.json }, { file: one.pem }] }'));
    await world.get('/orders');
    expect(verifyByHand(world.assertion()!, keys)?.header['kid']).toBe('second');
    expect(verifyByHand(before, await publishedKeys())).not.toBeNull();
  });

  test('a reload that changes other settings keeps the keys', async () => {
    world = await startAssertionWorld();
    await world.get('/orders');
    const before = await publishedKeys();
    world.gateway.apply(world.config('{ lifetime: 20s }'));
    await world.get('/orders');
    expect(await publishedKeys()).toEqual(before);
    const { iat, exp } = verifyByHand(world.assertion()!, before)!.claims as { iat: number; exp: number };
    expect(exp - iat).toBe(20);
    // A key of another algorithm must be published before it signs.
    world.gateway.apply(world.config('{ algorithm: ES256 }'));
    await world.get('/orders');
    expect(verifyByHand(world.assertion()!, before)).not.toBeNull();
    await vi.waitFor(async () => {
      const algorithms = (await publishedKeys()).map((key) => 'alg' in key && key.alg);
      expect(algorithms).toEqual(['EdDSA', 'ES256']);
    });
  });
});
