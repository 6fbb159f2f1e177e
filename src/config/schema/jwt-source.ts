/** Keys of a source whose tokens the gateway verifies itself, and of the messages that its issuer sends about users. */
import { z } from 'zod';
import { clientTls } from './client-tls.ts';
import { added, anyChange, decides, described, higher, neither, ordered } from './key.ts';
import { logoutKeys } from './logout.ts';
import { list, refined } from './refine.ts';
import { anyText, bool, word } from './scalar.ts';
import { claimFields, fieldForms } from './source-fields.ts';
import {
  algorithms,
  claimRules,
  emailKeys,
  endpointUrl,
  issuerUrl,
  kind,
  sourceName,
  userKeys,
  words,
} from './source-values.ts';
import { duration } from './values.ts';

const keyFile = z.strictObject({
  file: described(
    anyText('the path of a file'),
    'File with public keys: a certificate or a key in PEM form, a JSON Web Key, or a set of them.',
    { examples: ['/etc/rolegate/issuer.pem'] },
  ),
  id: described(
    words('the id of a key').optional(),
    'The "kid" of a key in PEM form. If unset, the key is tried for every "kid".',
    {
      examples: ['2026-01'],
    },
  ),
});

const eventAudience = (examples: readonly string[], what: string) =>
  decides(
    list(words('an audience'), { empty: ['expected at least one audience'], most: [64, 'audiences'] }),
    `${what} One of these must be in "aud".`,
    anyChange('messages for other receivers end sessions, or those for this one no longer do'),
    { examples: [examples] },
  );

const logout = z.strictObject({
  audience: eventAudience(['web'], 'Client ids for which the provider sends logout tokens.'),
  ...logoutKeys('other tokens of the user stay valid'),
});

const securityEvents = z.strictObject({
  audience: eventAudience(['https://gateway.example.test'], 'Name of this receiver at the transmitter.'),
  maxMessageAge: decides(
    duration(1_000, 86_400_000).prefault('1h'),
    'Maximum age of a security event token, by its "iat". Its "jti" is remembered that long.',
    anyChange('older messages are accepted, or late ones end no session'),
  ),
});

export const jwt = refined(
  z.strictObject({
    kind: kind('jwt', 'Tokens (JWT) that the gateway verifies itself, by the keys of their issuer.'),
    issuer: decides(
      issuerUrl(),
      'Issuer of the tokens, exactly as in "iss". Bearers with this "iss" are checked by this source only.',
      anyChange('tokens of another issuer are accepted'),
      { examples: ['https://id.example.test'] },
    ),
    jwks: decides(
      endpointUrl().optional(),
      'URL of its keys. If neither this nor "keys" is set, the URL comes from its metadata, at "/.well-known/openid-configuration" or the address of RFC 8414.',
      anyChange('tokens signed with other keys are accepted'),
      { examples: ['https://id.example.test/jwks'], alternative: true },
    ),
    keys: decides(
      list(keyFile, { empty: ['expected at least one file'], most: [16, 'files'] }).optional(),
      'Files with its keys, instead of a URL.',
      added('tokens signed with these keys are accepted'),
      { examples: [[{ file: '/etc/rolegate/issuer.pem' }]], alternative: true },
    ),
    audience: decides(
      z.union([
        bool(),
        list(words('an audience'), { empty: ['expected at least one audience'], most: [64, 'audiences'] }),
      ]),
      'One of these must be in "aud". False disables the check, so tokens for other services of the issuer are accepted too.',
      added('tokens for these audiences are accepted', { loosest: false }),
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
      'Accepted signature algorithms; only those with public keys. "none" is never accepted.',
      added('tokens signed so are accepted'),
    ),
    types: decides(
      list(words('a type'), { empty: ['expected at least one type'], most: [16, 'types'] }).prefault(['at+jwt', 'jwt']),
      'Accepted values of "typ", in any letter case and with or without "application/".',
      added('tokens of these types are accepted'),
    ),
    typeRequired: decides(
      bool().prefault(false),
      'Whether "typ" is required.',
      ordered([true, false], 'tokens without a type are accepted'),
    ),
    idTokens: decides(
      word(['refuse', 'accept']).prefault('refuse'),
      'ID tokens, recognized by "nonce", "at_hash", "c_hash", "token_use: id" or "typ: ID": they are for clients, and pass through browsers and logs. Use "accept" if access tokens of the issuer have such a claim.',
      ordered(['refuse', 'accept'], 'ID tokens, which pass through browsers and logs, are accepted'),
    ),
    ...userKeys,
    ...emailKeys,
    ...claimRules,
    maxTokenAge: decides(
      duration(1_000, 7 * 86_400_000).prefault('24h'),
      'Maximum age of a token, by its "iat" and regardless of "exp". Revocations are kept that long, in memory and in Redis.',
      higher('older tokens are accepted'),
    ),
    whileDisconnected: decides(
      word(['refuse', 'accept']).prefault('refuse'),
      'While this gateway is disconnected from revocations over Redis, and without "introspect": "refuse" refuses its tokens with 503, "accept" verifies them although it may miss a revocation.',
      ordered(['refuse', 'accept'], 'a revoked token may be accepted'),
    ),
    logout: described(
      logout.optional(),
      'Accepts logout tokens of the provider (OpenID Connect Back-Channel Logout) at "POST /backchannel-logout" of the admin port, and on routes to the upstream "backchannel-logout". If unset, it accepts none.',
    ),
    securityEvents: described(
      securityEvents.optional(),
      'Accepts security event tokens of the issuer (RFC 8935) at "POST /security-events" of the admin port, and on routes to the upstream "security-events". If unset, it accepts none.',
    ),
    introspect: decides(
      word(['never', 'onMiss', 'always']).prefault('never'),
      'Whether a verified token is also introspected: "onMiss" if its verdict is not cached, "always" on every request, without caching.',
      ordered(['always', 'onMiss', 'never'], 'a token that was revoked at the server is accepted longer'),
    ),
    introspection: decides(
      sourceName().optional(),
      'The source of kind "introspection" that "introspect" uses.',
      anyChange('another server decides whether a token is active'),
      {
        examples: ['opaque'],
        alternative: true,
      },
    ),
    timeout: neither(
      duration().prefault('2s'),
      'Maximum time to fetch its keys. Exceeding it returns 503 if there are no keys yet.',
    ),
    fields: described(
      claimFields('preferred_username').prefault({}),
      `Where the fields are in the claims. ${fieldForms}`,
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
      at(['introspect'], '"introspection" is required: the source to call', 'name a source of kind "introspection"');
    } else if (parts.introspect === 'never' && 'introspection' in parts) {
      atKey(['introspection'], 'it has no meaning with "introspect: never"', 'write "introspect: onMiss"');
    }
  },
);
