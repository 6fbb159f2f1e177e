/** Keys of a source whose tokens the gateway verifies itself, and of what its issuer sends about its users. */
import { z } from 'zod';
import { clientTls } from './client-tls.ts';
import { decides, described, neither } from './key-class.ts';
import { list, refined } from './refine.ts';
import { anyText, bool, word } from './scalar.ts';
import { claimFields, fieldForms } from './source-fields.ts';
import { algorithms, claimRules, endpointUrl, issuerUrl, kind, sourceName, words } from './source-values.ts';
import { duration } from './values.ts';

const keyFile = z.strictObject({
  file: described(
    anyText('the path of a file'),
    'File with public keys: a certificate or a key in PEM form, a JSON Web Key, or a set of them.',
    { examples: ['/etc/rolegate/issuer.pem'] },
  ),
  id: described(words('the id of a key').optional(), 'The "kid" of a key in PEM form. If unset: it verifies any.', {
    examples: ['2026-01'],
  }),
});

const eventAudience = (examples: readonly string[], what: string) =>
  decides(
    list(words('an audience'), { empty: ['expected at least one audience'], most: [64, 'audiences'] }),
    `${what} One of these must be in "aud".`,
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
  audience: eventAudience(['https://gateway.example.test'], 'Name of this receiver at the transmitter.'),
  maxAge: decides(
    duration(1_000, 86_400_000).prefault('1h'),
    'Longest time since "iat" of a security event token. Its "jti" is remembered for as long.',
  ),
});

export const jwt = refined(
  z.strictObject({
    kind: kind('jwt', 'Tokens (JWT) that the gateway verifies itself, by the keys of their issuer.'),
    issuer: decides(
      issuerUrl(),
      'Who signs the tokens, exactly as "iss" names it. Bearers with this "iss" go to this source, and nowhere else.',
      { examples: ['https://id.example.test'] },
    ),
    jwks: decides(
      endpointUrl().optional(),
      'Where its keys are. If unset, and without "keys": where its metadata says, at "/.well-known/openid-configuration" or at the address of RFC 8414.',
      { examples: ['https://id.example.test/jwks'], alternative: true },
    ),
    keys: decides(
      list(keyFile, { empty: ['expected at least one file'], most: [16, 'files'] }).optional(),
      'Files with its keys, instead of a URL.',
      { examples: [[{ file: '/etc/rolegate/issuer.pem' }]], alternative: true },
    ),
    audience: decides(
      z.union([
        bool(),
        list(words('an audience'), { empty: ['expected at least one audience'], most: [64, 'audiences'] }),
      ]),
      'One of these must be in "aud"; false: it is not checked, so tokens for any other service of the issuer are accepted too.',
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
      'Algorithms of signatures, with public keys only. "none" is never accepted.',
    ),
    types: decides(
      list(words('a type'), { empty: ['expected at least one type'], most: [16, 'types'] }).prefault(['at+jwt', 'jwt']),
      'What "typ" may be, in any case and with or without "application/".',
    ),
    typeRequired: decides(bool().prefault(false), 'Whether "typ" is required.'),
    ...claimRules,
    maxAge: decides(
      duration(1_000, 7 * 86_400_000).prefault('24h'),
      'Longest time since "iat", whatever "exp" a token has. Revocations are kept for as long, in memory and in Redis.',
    ),
    whileDisconnected: decides(
      word(['refuse', 'accept']).prefault('refuse'),
      'While this gateway is disconnected from revocations over Redis, and without "introspect": "refuse" refuses its tokens with 503, "accept" verifies them although it may miss a revocation.',
    ),
    logout: described(
      logout.optional(),
      'Logout tokens of the provider (OpenID Connect Back-Channel Logout) are taken at "POST /backchannel-logout" of the admin port, and by routes to the upstream "backchannel-logout". If unset: none.',
    ),
    securityEvents: described(
      securityEvents.optional(),
      'Security event tokens of the issuer (RFC 8935) are taken at "POST /security-events" of the admin port, and by routes to the upstream "security-events". If unset: none.',
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
