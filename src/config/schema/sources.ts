/** Keys under `sources`: what knows whether a credential is good, by name. */
import { z } from 'zod';
import { Refusal } from '../refusal.ts';
import { authApiSource } from './auth-api.ts';
import { clientTls } from './client-tls.ts';
import { decides, described, neither } from './key-class.ts';
import { list, refined } from './refine.ts';
import { anyText, bool, text, word } from './scalar.ts';
import { secret } from './secret.ts';
import { calls } from './source-calls.ts';
import { claimFields, fieldForms } from './source-fields.ts';
import { declared, duration, idHint, idPattern, name } from './values.ts';

const kind = <const T extends string>(value: T, description: string) =>
  decides(z.literal(value), description, { examples: [value] });

/** A URL with a path, and perhaps a query. */
function endpointUrl() {
  const expected = 'an http or https URL, such as "https://id.example.test/introspect"';
  return text(
    expected,
    (value) => {
      const url = /^https?:\/\/[^\s]+$/.test(value) && URL.canParse(value) ? new URL(value) : null;
      if (url === null) return new Refusal(`expected ${expected}`);
      if (url.username !== '' || url.password !== '')
        return new Refusal('a URL here has no user name or password in it');
      return url.hash === '' ? url.href : new Refusal('a URL here has no fragment');
    },
    'https?://[^#@]+',
  );
}

/** Compared with the claim as it is written, so nothing of it is changed. */
function issuerUrl() {
  const expected = 'the issuer as its tokens name it, such as "https://id.example.test"';
  return text(
    expected,
    (value) => {
      const url = /^https?:\/\/[^\s?#]+$/.test(value) && URL.canParse(value) ? new URL(value) : null;
      return url !== null && url.username === '' && url.password === '' ? value : new Refusal(`expected ${expected}`);
    },
    'https?://[^?#@]+',
  );
}

const words = (what: string) =>
  text(what, (value) =>
    /^[\x21-\x7e]{1,256}$/.test(value) ? value : new Refusal(`expected ${what}, in visible ASCII`),
  );

const sourceName = () => name('a source', idPattern, idHint);

/** What `jose` verifies with a public key. `HS256` and its like are not offered: who verifies could sign. */
export const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

const claimRules = {
  requiredClaims: decides(
    list(anyText('the name of a claim'), { most: [16, 'claims'], distinct: 'claim' }).prefault([]),
    'Claims that must be there.',
  ),
  claimValues: decides(
    z
      .record(z.string(), list(anyText('a value'), { empty: ['expected at least one value'], most: [64, 'values'] }))
      .prefault({}),
    'Claims that must have one of these values.',
    { examples: [{ token_use: ['access'] }] },
  ),
  clockSkew: decides(
    duration(0, 300_000).prefault('30s'),
    'How far the clock of the issuer may be off. Nothing is kept past the end that a token names.',
  ),
};

const client = refined(
  z.strictObject({
    id: decides(words('the id of a client'), 'What the gateway is called there.', { examples: ['gateway'] }),
    auth: decides(
      word(['basic', 'post', 'privateKeyJwt']).prefault('basic'),
      'How it authenticates: by HTTP Basic, by "client_secret" in the form, or by an assertion that it signs (RFC 7523).',
    ),
    secret: decides(secret('the secret of the client').optional(), 'With "basic" and "post".', {
      examples: [`\${INTROSPECTION_SECRET}`],
    }),
    key: decides(
      secret('a private key in PEM form').optional(),
      'With "privateKeyJwt": the private key, in PEM form.',
      {
        examples: [{ file: '/run/secrets/client.pem' }],
        alternative: true,
      },
    ),
    keyId: decides(
      words('the id of a key').optional(),
      'With "privateKeyJwt": its "kid" there. If unset: none is named.',
      {
        examples: ['gateway-1'],
        alternative: true,
      },
    ),
    algorithm: decides(word(algorithms).prefault('ES256'), 'With "privateKeyJwt": what is signed with.'),
    audience: decides(
      words('the audience of the assertion').optional(),
      'With "privateKeyJwt": the claim "aud". If unset: the URL of the endpoint.',
      { examples: ['https://id.example.test'] },
    ),
  }),
  (parts, { at, atKey }) => {
    const { auth } = parts;
    if (auth === undefined) return;
    const [needed, other] = auth === 'privateKeyJwt' ? (['key', 'secret'] as const) : (['secret', 'key'] as const);
    if (!(needed in parts)) at([], `"${needed}" is needed with "auth: ${auth}"`);
    if (other in parts) atKey([other], `"${other}" has no meaning with "auth: ${auth}"`, 'remove it');
  },
);

const introspection = z.strictObject({
  kind: kind('introspection', 'Token introspection (RFC 7662): the token is posted to an authorization server.'),
  url: decides(endpointUrl(), 'The introspection endpoint.', { examples: ['https://id.example.test/introspect'] }),
  client: described(client, 'What the gateway authenticates by towards it.'),
  audience: decides(
    list(words('an audience'), { empty: ['expected at least one audience'], most: [64, 'audiences'] }).optional(),
    'One of these has to be in "aud". If unset: tokens for any service of this server are good here.',
    { examples: [['orders']] },
  ),
  ...claimRules,
  fields: described(claimFields('username').prefault({}), `Where the fields are in its responses. ${fieldForms}`),
  ...calls('the endpoint', []),
});

const userinfo = z.strictObject({
  kind: kind('userinfo', 'The UserInfo endpoint of an OpenID provider, with the bearer of the client.'),
  url: decides(endpointUrl(), 'The UserInfo endpoint.', { examples: ['https://id.example.test/userinfo'] }),
  fields: described(
    claimFields('preferred_username').prefault({}),
    `Where the fields are in its responses. ${fieldForms}`,
  ),
  ...calls('the provider', [401]),
});

const keyFile = z.strictObject({
  file: described(
    anyText('the path of a file'),
    'File with public keys: a certificate or a key in PEM form, a JSON Web Key, or a set of them.',
    { examples: ['/etc/rolegate/issuer.pem'] },
  ),
  id: described(words('the id of a key').optional(), 'The "kid" of a key in PEM form. If unset: it is good for any.', {
    examples: ['2026-01'],
  }),
});

const eventAudience = (examples: readonly string[], what: string) =>
  decides(
    list(words('an audience'), { empty: ['expected at least one audience'], most: [64, 'audiences'] }),
    `${what} One of these has to be in "aud".`,
    { examples: [examples] },
  );

const logout = z.strictObject({
  audience: eventAudience(['web'], 'Client ids for which the provider sends logout tokens.'),
  maxAge: decides(
    duration(1_000, 3_600_000).prefault('5m'),
    'Longest time since "iat" of a logout token. Its "jti" is remembered for as long.',
  ),
  ends: decides(
    word(['session', 'user']).prefault('session'),
    'What a logout token with "sid" and "sub" ends: the tokens of the session, or all tokens of the user that were issued until then. Write "user" if access tokens have no "sid".',
  ),
});

const securityEvents = z.strictObject({
  audience: eventAudience(['https://gateway.example.test'], 'What the transmitter calls this receiver.'),
  maxAge: decides(
    duration(1_000, 86_400_000).prefault('1h'),
    'Longest time since "iat" of a security event token. Its "jti" is remembered for as long.',
  ),
});

const jwt = refined(
  z.strictObject({
    kind: kind('jwt', 'Tokens (JWT) that the gateway verifies itself, by the keys of their issuer.'),
    issuer: decides(
      issuerUrl(),
      'Who signs the tokens, exactly as "iss" names it. Bearers with this "iss" go to this source, and nowhere else.',
      { examples: ['https://id.example.test'] },
    ),
    jwks: decides(
      endpointUrl().optional(),
      'Where its keys are. If unset, and without "keys": where its metadata says, at "/.well-known/openid-configuration" or as RFC 8414 has it.',
      { examples: ['https://id.example.test/jwks'], alternative: true },
    ),
    keys: decides(
      list(keyFile, { empty: ['expected at least one file'], most: [16, 'files'] }).optional(),
      'Files with its keys, in place of a URL.',
      { examples: [[{ file: '/etc/rolegate/issuer.pem' }]], alternative: true },
    ),
    audience: decides(
      z.union([
        bool(),
        list(words('an audience'), { empty: ['expected at least one audience'], most: [64, 'audiences'] }),
      ]),
      'One of these has to be in "aud"; false: it is not looked at, so that tokens for any other service of the issuer are good here, too.',
      { examples: [['orders']] },
    ),
    algorithms: decides(
      list(word(algorithms), { empty: ['expected at least one algorithm'], distinct: 'algorithm' }).prefault([
        'RS256',
        'PS256',
        'ES256',
        'ES384',
        'EdDSA',
        'Ed25519',
      ]),
      'What tokens may be signed with: with public keys only. "none" is never good.',
    ),
    types: decides(
      list(words('a type'), { empty: ['expected at least one type'], most: [16, 'types'] }).prefault(['at+jwt', 'jwt']),
      'What "typ" may be, in any case and with or without "application/".',
    ),
    typeRequired: decides(bool().prefault(false), 'Whether "typ" has to be there.'),
    ...claimRules,
    maxAge: decides(
      duration(1_000, 7 * 86_400_000).prefault('24h'),
      'Longest time since "iat", whatever end a token names. Revocations are kept for as long, in memory and in Redis.',
    ),
    whileDisconnected: decides(
      word(['refuse', 'accept']).prefault('refuse'),
      'While this gateway cannot hear revocations over Redis, and without "introspect": "refuse" answers 503 to its tokens, "accept" verifies them without knowing what was revoked meanwhile.',
    ),
    logout: described(
      logout.optional(),
      'Logout tokens of the provider (OpenID Connect Back-Channel Logout) are taken at "POST /backchannel-logout" of the admin port. If unset: none.',
    ),
    securityEvents: described(
      securityEvents.optional(),
      'Security event tokens of the issuer (RFC 8935) are taken at "POST /security-events" of the admin port. If unset: none.',
    ),
    introspect: decides(
      word(['never', 'onMiss', 'always']).prefault('never'),
      'Whether a verified token is also introspected: "onMiss" when its verdict is not in the cache, "always" at each request, so that its verdict is never kept.',
    ),
    introspection: decides(sourceName().optional(), 'Source of kind "introspection" for that.', {
      examples: ['opaque'],
      alternative: true,
    }),
    timeout: neither(duration().prefault('2s'), 'Longest wait for its keys; beyond it: 503 if there are none yet.'),
    fields: described(
      claimFields('preferred_username').prefault({}),
      `Where the fields are in its claims. ${fieldForms}`,
    ),
    tls: described(clientTls('the issuer').optional(), 'TLS to the issuer. Certificates are always verified.', {
      alternative: true,
    }),
  }),
  (parts, { at, atKey }) => {
    if ('jwks' in parts && 'keys' in parts) atKey(['keys'], '"jwks" and "keys" exclude each other', 'keep one of them');
    if (parts.audience === true) at(['audience'], 'expected a list of audiences, or false');
    const asks = parts.introspect === 'onMiss' || parts.introspect === 'always';
    if (asks && !('introspection' in parts)) {
      at(
        ['introspect'],
        '"introspection" is needed: the source that is asked',
        'name a source of kind "introspection"',
      );
    } else if (parts.introspect === 'never' && 'introspection' in parts) {
      atKey(['introspection'], 'it has no meaning with "introspect: never"', 'write "introspect: onMiss"');
    }
  },
);

const source = z.discriminatedUnion('kind', [authApiSource, introspection, userinfo, jwt]);

export const sources = refined(z.record(declared('a source', idPattern, idHint), source), (parts, { at, atKey }) => {
  if ('authApi' in parts) atKey(['authApi'], '"authApi" always means the section of that name', 'choose another name');
  const issuers = new Map<string, string>();
  for (const [name, one] of Object.entries(parts)) {
    if (one?.kind !== 'jwt') continue;
    const { issuer, introspection: asked } = one;
    const earlier = issuer === undefined ? undefined : issuers.get(issuer);
    if (earlier !== undefined) at([name, 'issuer'], `"${earlier}" has the same issuer`, 'one source per issuer');
    else if (issuer !== undefined) issuers.set(issuer, name);
    if (asked !== undefined && parts[asked]?.kind !== 'introspection') {
      at([name, 'introspection'], 'there is no source of kind "introspection" with this name');
    }
  }
});
