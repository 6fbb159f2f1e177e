/** Keys under `sources`: the services that validate credentials, by name. */
import { z } from 'zod';
import { authApiSource } from './auth-api.ts';
import { certificateSource } from './certificate-source.ts';
import { jwt } from './jwt-source.ts';
import { added, anyChange, decides, described, ordered } from './key.ts';
import { list, refined } from './refine.ts';
import { bool, word } from './scalar.ts';
import { secret } from './secret.ts';
import { calls } from './source-calls.ts';
import { claimFields, fieldForms } from './source-fields.ts';
import { algorithms, claimRules, emailKeys, endpointUrl, kind, sameIssuer, userKeys, words } from './source-values.ts';
import { declared, idHint, idPattern } from './values.ts';

const otherClient = anyChange('the server may accept other tokens for another client');

const client = refined(
  z.strictObject({
    id: decides(words('the id of a client'), 'Client id of the gateway at the server.', otherClient, {
      examples: ['gateway'],
    }),
    auth: decides(
      word(['basic', 'post', 'privateKeyJwt']).prefault('basic'),
      'How the gateway authenticates: HTTP Basic, "client_secret" in the form, or an assertion that it signs (RFC 7523).',
      otherClient,
    ),
    secret: decides(
      secret('the secret of the client').optional(),
      'Client secret, with "basic" and "post".',
      otherClient,
      {
        examples: [`\${INTROSPECTION_SECRET}`],
      },
    ),
    key: decides(
      secret('a private key in PEM form').optional(),
      'With "privateKeyJwt": the private key, in PEM form.',
      otherClient,
      {
        examples: [{ file: '/run/secrets/client.pem' }],
        alternative: true,
      },
    ),
    keyId: decides(
      words('the id of a key').optional(),
      'With "privateKeyJwt": the "kid" of the key. If unset, the assertion has no "kid".',
      otherClient,
      {
        examples: ['gateway-1'],
        alternative: true,
      },
    ),
    algorithm: decides(word(algorithms).prefault('ES256'), 'With "privateKeyJwt": the signing algorithm.', otherClient),
    audience: decides(
      words('the audience of the assertion').optional(),
      'With "privateKeyJwt": the claim "aud". If unset, the URL of the endpoint.',
      otherClient,
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
  url: decides(endpointUrl(), 'The introspection endpoint.', anyChange('another service identifies the callers'), {
    examples: ['https://id.example.test/introspect'],
  }),
  client: described(client, 'Credentials of the gateway at the server.'),
  issuer: sameIssuer(),
  ...userKeys,
  ...emailKeys,
  audience: decides(
    list(words('an audience'), { empty: ['expected at least one audience'], most: [64, 'audiences'] }).optional(),
    'One of these must be in "aud". If unset, tokens for any service of this server are accepted.',
    added('tokens for these audiences are accepted', { loosest: 'unset' }),
    { examples: [['orders']] },
  ),
  tokenTypeRequired: decides(
    bool().optional(),
    'Whether "token_type" must be "Bearer" in responses, as of access tokens; refresh tokens have none. Otherwise it may be absent or "access_token", too; any other type is refused. If unset, true without "audience".',
    ordered([true, false], 'tokens of an unknown type are accepted'),
    { examples: [true] },
  ),
  ...claimRules,
  fields: described(claimFields('username').prefault({}), `Where the fields are in the responses. ${fieldForms}`),
  ...calls('the endpoint', []),
});

const userinfo = z.strictObject({
  kind: kind('userinfo', 'The UserInfo endpoint of an OpenID provider, with the bearer of the client.'),
  url: decides(endpointUrl(), 'The UserInfo endpoint.', anyChange('another service identifies the callers'), {
    examples: ['https://id.example.test/userinfo'],
  }),
  issuer: sameIssuer(),
  ...userKeys,
  ...emailKeys,
  fields: described(
    claimFields('preferred_username').prefault({}),
    `Where the fields are in the responses. ${fieldForms}`,
  ),
  ...calls('the provider', [401]),
});

const source = z.discriminatedUnion('kind', [authApiSource, introspection, userinfo, jwt, certificateSource]);

export const sources = refined(z.record(declared('a source', idPattern, idHint), source), (parts, { at, atKey }) => {
  if ('authApi' in parts) atKey(['authApi'], '"authApi" always means the section of that name', 'choose another name');
  const [, second] = Object.entries(parts).filter(([, one]) => one?.kind === 'certificate');
  if (second !== undefined) at([second[0]], 'there is another source of kind "certificate"', 'keep one of them');
  const issuers = new Map<string, string>();
  for (const [name, one] of Object.entries(parts)) {
    if (one?.kind !== 'jwt') continue;
    const { issuer, introspection: target } = one;
    const earlier = issuer === undefined ? undefined : issuers.get(issuer);
    if (earlier !== undefined) at([name, 'issuer'], `"${earlier}" has the same issuer`, 'one source per issuer');
    else if (issuer !== undefined) issuers.set(issuer, name);
    if (target !== undefined && parts[target]?.kind !== 'introspection') {
      at([name, 'introspection'], 'there is no source of kind "introspection" with this name');
    }
  }
});
