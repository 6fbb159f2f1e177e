/** Sources in their compiled form: defaults, fields, clients, keys, and which source handles which credential. */
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/parse-config.ts';
import type { SourceConfig } from '../../../src/config/source-config.ts';

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const files: Readonly<Record<string, string>> = {
  '/keys/public.pem': publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  '/keys/private.pem': privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  '/keys/jwk.json': JSON.stringify({ ...publicKey.export({ format: 'jwk' }), kid: 'one' }),
  '/keys/set.json': JSON.stringify({
    keys: [
      { ...publicKey.export({ format: 'jwk' }), kid: 'two' },
      { kty: 'oct', k: 'c2VjcmV0' },
    ],
  }),
};

function parse(sources: string, more = '') {
  const text = `version: 1\nsources:\n${sources}\nroutes: []\n${more}`;
  const readSecret = (path: string) => {
    const found = files[path];
    if (found === undefined) throw new Error('no such file');
    return found;
  };
  const result = parseConfig(text, { file: 'f.yaml', env: {}, readSecret });
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
  return result.config;
}

function only<Kind extends SourceConfig['kind']>(kind: Kind, sources: string): Extract<SourceConfig, { kind: Kind }> {
  const [source] = parse(sources).sources;
  if (source?.kind !== kind) throw new Error(`it is a source of kind ${source?.kind}`);
  return source as Extract<SourceConfig, { kind: Kind }>;
}

const at = (path: string, steps: readonly string[], split: string | null = null) => ({ path, steps, split });

test('an introspection endpoint', () => {
  const source = only(
    'introspection',
    '  opaque: { kind: introspection, url: "https://id.test/i?a=b", client: { id: gw, secret: s3cret } }',
  );
  expect(source).toMatchObject({
    name: 'opaque',
    urls: ['https://id.test/i?a=b'],
    client: { id: 'gw', auth: 'basic', secret: 's3cret' },
    rejectedStatuses: [],
    audience: null,
    requiredClaims: [],
    requiredValues: {},
    clockSkewMs: 30_000,
    timeoutMs: 5_000,
    breaker: { failures: 5, openMs: 500 },
    tls: null,
  });
  expect(source.fields.userId).toEqual({ places: [at('sub', ['sub'])], optional: false });
  expect(source.fields.expireAt).toEqual({ places: [at('exp', ['exp'])], optional: true });
});

test('a client that signs', () => {
  const { client } = only(
    'introspection',
    `  opaque:
    kind: introspection
    url: https://id.test/i
    client: { id: gw, auth: privateKeyJwt, key: { file: /keys/private.pem }, keyId: k, audience: "https://id.test" }`,
  );
  expect(client).toMatchObject({ auth: 'privateKeyJwt', algorithm: 'ES256', keyId: 'k', audience: 'https://id.test' });
});

test.each([
  ['ES384', 'not a private key'],
  ['RS256', 'not a private key'],
])('refuses a client whose key cannot sign with %s', (algorithm, problem) => {
  const client = `{ id: gw, auth: privateKeyJwt, key: { file: /keys/private.pem }, algorithm: ${algorithm} }`;
  expect(() => parse(`  opaque: { kind: introspection, url: "https://id.test/i", client: ${client} }`)).toThrow(
    problem,
  );
});

describe('a source of tokens', () => {
  const jwt = (more = '') =>
    only('jwt', `  issuer: { kind: jwt, issuer: "https://id.test/", audience: [orders]${more} }`);

  test('has strict defaults, and its expiry is mandatory', () => {
    const source = jwt();
    expect(source).toMatchObject({
      issuer: 'https://id.test/',
      keys: { from: 'discovery' },
      audience: ['orders'],
      algorithms: ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519'],
      types: ['at+jwt', 'jwt'],
      introspect: 'never',
      introspection: null,
      maxTokenAgeMs: 86_400_000,
    });
    expect(source.fields.expireAt).toEqual({ places: [at('exp', ['exp'])], optional: false });
  });

  test('its keys can come from another URL or from files', () => {
    expect(jwt(', jwks: "https://id.test/keys"').keys).toEqual({ from: 'jwks', url: 'https://id.test/keys' });
    const { keys } = jwt(
      ', keys: [{ file: /keys/public.pem, id: zero }, { file: /keys/jwk.json }, { file: /keys/set.json }]',
    );
    if (keys.from !== 'files') throw new Error('not from files');
    expect(keys.keys.map(({ kid, kty }) => [kid, kty])).toEqual([
      ['zero', 'EC'],
      ['one', 'EC'],
      ['two', 'EC'],
    ]);
  });

  test('ignores the audience only if set explicitly', () => {
    expect(only('jwt', '  a: { kind: jwt, issuer: "https://id.test", audience: false }').audience).toBeNull();
  });

  test('compares types ignoring case and prefix', () => {
    expect(jwt(', types: [Application/AT+JWT, custom]').types).toEqual(['at+jwt', 'custom']);
  });
});

test('fields in every form', () => {
  const { fields } = only(
    'userinfo',
    `  profile:
    kind: userinfo
    url: https://id.test/me
    fields:
      userId: [sub, client_id]
      roles: { path: [scope, { path: scp, split: "," }], split: " ", optional: true }
      groups: "'https://id.test/groups'"
      sessionId: false
      alias: { value: somebody }
      fullName: { path: profile.name, optional: true }`,
  );
  expect(fields).toMatchObject({
    userId: { places: [at('sub', ['sub']), at('client_id', ['client_id'])], optional: false },
    roles: { places: [at('scope', ['scope'], ' '), at('scp', ['scp'], ',')], optional: true },
    groups: { places: [at("'https://id.test/groups'", ['https://id.test/groups'])], optional: false },
    sessionId: null,
    alias: { value: 'somebody' },
    fullName: { places: [at('profile.name', ['profile', 'name'])], optional: true },
  });
});

describe('the source for a credential', () => {
  const opaque = '  opaque: { kind: introspection, url: "https://id.test/i", client: { id: gw, secret: s3cret } }';
  const partners = '  partners: { kind: authApi, url: "http://partners:8081" }';
  const issuer = '  issuer: { kind: jwt, issuer: "https://id.test", audience: [orders] }';
  const authApi = 'authApi: { url: "http://auth:8081" }\n';
  const issuers = [{ issuer: 'https://id.test', source: 'issuer' }];

  test.each<[string, string, string, object]>([
    [
      'the Auth API before others',
      opaque,
      authApi,
      { bearer: 'authApi', keyPair: 'authApi', apiKey: null, issuers: [], certificate: null, sessions: [] },
    ],
    [
      'the only source',
      opaque,
      '',
      { bearer: 'opaque', keyPair: null, apiKey: null, issuers: [], certificate: null, sessions: [] },
    ],
    [
      'the only source that accepts key pairs',
      partners,
      '',
      { bearer: 'partners', keyPair: 'partners', apiKey: null, issuers: [], certificate: null, sessions: [] },
    ],
    [
      'the source of the issuer only',
      issuer,
      '',
      { bearer: null, keyPair: null, apiKey: null, issuers, certificate: null, sessions: [] },
    ],
    [
      'the configured sources',
      `${opaque}\n${partners}\n${issuer}`,
      'credentials: { bearer: { source: opaque }, apiKey: { header: x-api-key, source: partners } }\n',
      { bearer: 'opaque', keyPair: 'partners', apiKey: 'partners', issuers, certificate: null, sessions: [] },
    ],
    [
      'none for disabled kinds',
      partners,
      'credentials: { keyPair: false }\n',
      { bearer: 'partners', keyPair: null, apiKey: null, issuers: [], certificate: null, sessions: [] },
    ],
  ])('%s', (_, sources, more, rule) => {
    expect(parse(sources, more).sourceRule).toEqual(rule);
  });
});
