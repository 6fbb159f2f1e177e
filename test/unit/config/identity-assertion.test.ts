/** `identityAssertion`: its compiled form, and every mistake that loading finds. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/parse-config.ts';

const pemOf = (key: KeyObject) => key.export({ format: 'pem', type: 'pkcs8' }).toString();
const ed25519 = pemOf(generateKeyPairSync('ed25519').privateKey);
const files: Readonly<Record<string, string>> = {
  'ed.pem': ed25519,
  'again.json': JSON.stringify({ ...generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }), kid: 'a' }),
  'rsa.pem': pemOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey),
  'p384.pem': pemOf(generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey),
  'public.pem': generateKeyPairSync('ed25519').publicKey.export({ format: 'pem', type: 'spki' }).toString(),
  'nonsense.pem': 'nonsense',
};

interface Written {
  readonly section?: string;
  readonly server?: string;
  readonly cache?: string;
  readonly route?: string;
}

function read({ section = '{ issuer: "https://a.example.test" }', server = '{}', cache = '{}', route = '' }: Written) {
  return parseConfig(
    `version: 1
server: ${server}
cache: ${cache}
authApi: { url: "http://auth:8081" }
${section === '' ? '' : `identityAssertion: ${section}`}
roles: { user: {} }
upstreams: { orders: { targets: ["http://orders:8080"] } }
routes:
  - { id: order, match: { path: /a }, upstream: orders, access: [user] }
${route === '' ? '' : `  - { id: other, match: { path: /b }, ${route} }`}
`,
    { file: 'gateway.yaml', env: {}, readSecret: (path) => files[path]! },
  );
}

function configOf(written: Written) {
  const result = read(written);
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join());
  return result.config;
}

describe('compiled form', () => {
  test('defaults', () => {
    expect(configOf({}).identityAssertion).toEqual({
      issuer: 'https://a.example.test',
      header: 'x-rolegate-identity',
      lifetimeMs: 30_000,
      keys: null,
      algorithm: 'EdDSA',
      rotateMs: 30 * 86_400_000,
      overlapMs: 600_000,
    });
  });

  test('keys from PEM and JWK', () => {
    const { identityAssertion } = configOf({
      section: '{ issuer: a, keys: [{ file: ed.pem }, { file: again.json }] }',
    });
    expect(identityAssertion?.keys?.map(({ algorithm, kid }) => [algorithm, kid])).toEqual([
      ['EdDSA', null],
      ['EdDSA', 'a'],
    ]);
  });

  test.each([
    ['the upstream by default', 'upstream: orders, access: [user]', 'orders'],
    ["the route's own audience", 'upstream: orders, access: [user], identityAssertion: { audience: b }', 'b'],
    ['none', 'upstream: orders, access: [user], identityAssertion: false', null],
    ['none on a public route', 'upstream: orders, access: public', null],
    ['none for the endpoint of the public keys', 'upstream: identity-keys, access: public', null],
  ])('the audience of a route: %s', (_, route, audience) => {
    expect(configOf({ route }).routes.routes[1]?.audience).toBe(audience);
  });

  test('without the section, no route has an audience', () => {
    expect(configOf({ section: '' }).routes.routes[0]?.audience).toBeNull();
  });

  test('allows workers with keys from files or with Redis', () => {
    const server = '{ workers: 2 }';
    configOf({ server, section: '{ issuer: a, keys: [{ file: ed.pem }] }' });
    configOf({ server, cache: `{ secret: ${'s'.repeat(40)}, redis: { url: "redis://redis:6379" } }` });
  });
});

describe('mistakes', () => {
  test.each<[problem: string, written: Written]>([
    ['the key "issuer" is missing', { section: '{}' }],
    ['expected visible ASCII without blanks, at most 256', { section: '{ issuer: "a b" }' }],
    ['at most 1m', { section: '{ issuer: a, lifetime: 61s }' }],
    ['"overlap" is more than a quarter of "rotate"', { section: '{ issuer: a, rotate: 1h, overlap: 16m }' }],
    ['at least 10m', { section: '{ issuer: a, overlap: 5m }' }],
    ['expected at least one key', { section: '{ issuer: a, keys: [] }' }],
    ['this private key is neither Ed25519 nor P-256', { section: '{ issuer: a, keys: [{ file: rsa.pem }] }' }],
    ['this private key is neither Ed25519 nor P-256', { section: '{ issuer: a, keys: [{ file: p384.pem }] }' }],
    [
      'this is not a private key in PEM form or as a JWK, or it has a passphrase',
      { section: '{ issuer: a, keys: [{ file: public.pem }] }' },
    ],
    [
      'this is not a private key in PEM form or as a JWK, or it has a passphrase',
      { section: '{ issuer: a, keys: [{ file: nonsense.pem }] }' },
    ],
    [
      'this key, or its "kid", is listed twice',
      { section: '{ issuer: a, keys: [{ file: ed.pem }, { file: ed.pem }] }' },
    ],
    ['this header has another meaning in HTTP and cannot carry an identity', { section: '{ issuer: a, header: via }' }],
    ['the name of an identity header has no "_"', { section: '{ issuer: a, header: x_who }' }],
    ['the name of an identity header has no "."', { section: '{ issuer: a, header: x.who }' }],
    ['this header already carries something else', { section: '{ issuer: a, header: User-Id }' }],
    ['this header already carries something else', { section: '{ issuer: a, header: api-key }' }],
    ['each worker would sign with a key that the others do not publish', { server: '{ workers: 2 }' }],
    ['each worker would sign with a key that the others do not publish', { server: '{ workers: auto }' }],
    ['no identities are signed', { section: '', route: 'upstream: orders, identityAssertion: { audience: b }' }],
    [
      '"identityAssertion" has no meaning on a public route, which has no identity',
      { route: 'upstream: orders, access: public, identityAssertion: { audience: b }' },
    ],
    [
      'there are no public keys, as no identities are signed',
      { section: '', route: 'upstream: identity-keys, access: public' },
    ],
    [
      '"websocket" has no meaning where the gateway itself responds',
      { route: 'upstream: identity-keys, access: public, websocket: true' },
    ],
  ])('%s', (problem, written) => {
    const result = read(written);
    expect(result.ok ? [] : result.problems.map(({ message }) => message)).toEqual([problem]);
  });

  test('a problem shows no part of a key', () => {
    const result = read({ section: `{ issuer: a, lifetime: 2h, keys: [${JSON.stringify(ed25519)}] }` });
    expect(result.ok).toBe(false);
    expect(JSON.stringify(result)).not.toContain(ed25519.split('\n')[1]);
  });
});
