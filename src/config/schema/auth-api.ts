/** Keys under `authApi`, and the Auth API's own file. */
import { z } from 'zod';
import { addressesCollide } from '../units/parse-address.ts';
import { authApiSettings } from './auth-api-settings.ts';
import { keyHeaders } from './header-names.ts';
import { added, anyChange, decides, described, exposes, ordered } from './key.ts';
import { portTls } from './port-tls.ts';
import { list, refined } from './refine.ts';
import { bool } from './scalar.ts';
import { secret, secrets } from './secret.ts';
import { checkTrusted } from './server.ts';
import { calls } from './source-calls.ts';
import { claimPlaces, field, fieldForms, fieldOrOff, otherField } from './source-fields.ts';
import { emailKeys, sameIssuer, userKeys } from './source-values.ts';
import { tracingOf } from './tracing.ts';
import { absolutePath, address, cidr, headerName, origin } from './values.ts';

/** One path for both responses, or one for each. */
function fieldOfEach(session: string, keyPair: string, what: string) {
  const forms = z.union([
    fieldOrOff,
    z.strictObject({
      session: described(fieldOrOff.prefault(session), 'In the response for a bearer.'),
      keyPair: described(fieldOrOff.prefault(keyPair), 'In the response for a key pair.'),
    }),
  ]);
  return decides(
    forms.prefault({ session, keyPair }),
    `${what}: one path, one for each kind of credential, or false.`,
    otherField,
    { examples: [{ session, keyPair }] },
  );
}

const fields = z.strictObject({
  userId: decides(field.prefault('userID'), 'Id of the user.', otherField),
  roles: decides(field.prefault('roles'), 'Array of role names.', otherField),
  groups: decides(fieldOrOff.prefault('groups'), 'Array of group names; false: there are none.', otherField),
  expireAt: decides(
    fieldOrOff.prefault('expireAt'),
    'Expiry of the credential in Unix seconds; false: it has none.',
    anyChange('without the right time, an expired credential is accepted'),
  ),
  sessionId: decides(
    fieldOrOff.prefault('sessionID'),
    'Id of the session of a bearer; false: it has none.',
    anyChange('revocations name the session by it'),
  ),
  keyId: decides(
    fieldOrOff.prefault('keyID'),
    'Id of the key of a key pair; false: it has none.',
    anyChange('revocations name the key by it'),
  ),
  alias: fieldOfEach('alias', 'userAlias', 'Short name of the user'),
  fullName: fieldOfEach('fullName', 'userName', 'Full name of the user'),
  tokenId: decides(
    fieldOrOff.prefault(false),
    'Id of a token; false: it has none.',
    anyChange('revocations name the token by it'),
  ),
  issuedAt: decides(
    fieldOrOff.prefault(false),
    'When the credential was issued, in Unix seconds; false: the Auth API does not know it.',
    anyChange('revocations of a user end what was issued before them'),
  ),
  authenticatedAt: decides(
    fieldOrOff.prefault({ path: ['authenticatedAt', 'auth_time'], optional: true }),
    'When the user signed in, in Unix seconds, for "maxAuthAge"; false: the source does not know it.',
    anyChange('"maxAuthAge" trusts it'),
  ),
  claims: claimPlaces,
  verified: decides(
    fieldOrOff.prefault('verified'),
    'Boolean that must be true; false: a status of 200 is enough.',
    anyChange('an unverified credential may be accepted', { loosest: false }),
  ),
});

const baseUrl = () => origin('paths belong under "authApi.paths"');

const embedded = authApiSettings({});

/** What a source with the contract of the Auth API has, under `authApi` as under `sources`. */
const contract = {
  ...calls('the Auth API', [401]),
  paths: described(
    z
      .strictObject({
        session: decides(
          absolutePath().prefault('/api/auth/v2/session'),
          'Path that checks a bearer.',
          anyChange('another path may accept other credentials'),
        ),
        keyPair: decides(
          absolutePath().prefault('/api/auth/v2/keypair'),
          'Path that checks an API key and its secret.',
          anyChange('another path may accept other credentials'),
        ),
      })
      .prefault({}),
    'Paths at which the Auth API checks credentials, with GET.',
  ),
  headers: described(
    refined(
      z.strictObject({
        apiKey: exposes(
          headerName().prefault('api-key'),
          'Header with the API key.',
          anyChange('another header may be read or logged elsewhere'),
        ),
        apiSecret: exposes(
          headerName().prefault('api-secret'),
          'Header with its secret.',
          anyChange('another header may be read or logged elsewhere'),
        ),
      }),
      keyHeaders('apiKey', 'apiSecret'),
    ).prefault({}),
    'Headers in which a key pair is sent to the Auth API.',
  ),
  issuer: sameIssuer(),
  ...userKeys,
  ...emailKeys,
  fields: described(fields.prefault({}), `Where the fields are in its JSON. ${fieldForms}`),
};

export const authApi = z.strictObject({
  url: decides(
    z.union([baseUrl(), list(baseUrl(), { empty: ['expected at least one URL'], distinct: 'URL' })]).optional(),
    'Base URL of the Auth API (scheme, host, port), or a list of them: if one fails, the next one is called.',
    anyChange('another service identifies the callers'),
    { examples: ['http://auth-api:8081'] },
  ),
  embedded: described(embedded.optional(), 'Runs the Auth API inside this process, instead of "url".', {
    alternative: true,
  }),
  gatewaySecret: decides(
    secret('a secret of at least 32 characters').optional(),
    'Secret shared with the Auth API ("gatewaySecret" there) and sent only to it. It lets the Auth API distinguish the clients of this gateway, and join its traces. If unset, the Auth API must list the gateway in its "trustedProxies".',
    anyChange('another secret may be known to others'),
    { examples: [`\${ROLEGATE_GATEWAY_SECRET}`] },
  ),
  ...contract,
});

/** An entry of `sources`. */
export const authApiSource = z.strictObject({
  kind: decides(
    z.literal('authApi'),
    'An Auth API, with the keys of "authApi" except "embedded".',
    anyChange('another kind checks credentials in another way'),
    {
      examples: ['authApi'],
    },
  ),
  url: decides(
    z.union([baseUrl(), list(baseUrl(), { empty: ['expected at least one URL'], distinct: 'URL' })]),
    'Base URL of the Auth API (scheme, host, port), or a list of them: if one fails, the next one is called.',
    anyChange('another service identifies the callers'),
    { examples: ['http://auth-api:8081'] },
  ),
  ...contract,
});

const authApiFileKeys = authApiSettings({
  listen: exposes(
    address().prefault('127.0.0.1:8081'),
    'Address on which the Auth API listens.',
    anyChange('others may reach another address'),
  ),
  tls: portTls('"listen"'),
  metrics: exposes(
    address().optional(),
    'Address at which Prometheus reads "/metrics", without a credential. Clients must not reach it. If unset, metrics are not served.',
    anyChange('others may reach another address', { strictest: 'unset' }),
    { examples: ['127.0.0.1:9091'] },
  ),
  metricsTls: portTls('"metrics"'),
  gatewaySecret: decides(
    secrets('a secret of at least 32 characters').optional(),
    'Secret shared with gateways ("authApi.gatewaySecret" there), or a list during a rotation. X-Forwarded-For is trusted in requests that carry it. If unset, only that of "trustedProxies" is trusted.',
    added('callers that know it choose the addresses that limits count'),
    { examples: [`\${ROLEGATE_GATEWAY_SECRET}`] },
  ),
  trustedProxies: decides(
    z.array(cidr()).prefault([]),
    'Addresses or CIDR ranges of other proxies in front, whose X-Forwarded-For is trusted.',
    added('it chooses the addresses that limits count'),
    { examples: [['10.0.0.0/8']] },
  ),
  trustEveryPeer: decides(
    bool().prefault(false),
    'Trusts X-Forwarded-For of every peer, not only that of "trustedProxies". Dangerous: clients can then choose their own address. Each start logs a warning.',
    ordered([false, true], 'clients choose the address that limits count'),
  ),
  tracing: described(
    tracingOf('gateways with "gatewaySecret" and "trustedProxies"', 'rolegate-auth-api').optional(),
    'Traces (W3C Trace Context): a span for each request. If unset, nothing is recorded.',
  ),
});

/** The Auth API's own file. */
export const authApiFile = refined(refined(authApiFileKeys, checkTrusted), (parts, { at, atKey }) => {
  const { listen, metrics } = parts;
  if ('metricsTls' in parts && !('metrics' in parts))
    atKey(['metricsTls'], '"metricsTls" has no effect without "metrics"', 'add "metrics"');
  if (listen === undefined || metrics === undefined || !addressesCollide(listen, metrics)) return;
  at(['metrics'], '"listen" and "metrics" are on the same port', 'choose another port for "metrics"');
});
