/** Keys under `authApi`, and the Auth API's own file. */
import { z } from 'zod';
import { authApiSettingsShape } from './auth-api-settings.ts';
import { bool, integer, Refusal, scalar, text } from './scalar.ts';
import { secret, secrets } from './secret.ts';
import { absolutePath, address, cidr, duration, headerName, origin } from './values.ts';

const dotted = /^[A-Za-z0-9_$@-]{1,64}(?:\.[A-Za-z0-9_$@-]{1,64}){0,7}$/;
const prototypeSteps = /(?:^|\.)(?:__proto__|constructor|prototype)(?:\.|$)/;
const fieldExpected = 'expected a dotted path into the answer, such as "user.id"';

const isField = (value: unknown): value is string =>
  typeof value === 'string' && dotted.test(value) && !prototypeSteps.test(value);

function field() {
  return text('a dotted path into the answer', (value) => (isField(value) ? value : new Refusal(fieldExpected)));
}

/** A path, or null or false when the Auth API has no such field. */
function fieldOrOff() {
  return scalar({ type: ['string', 'null', 'boolean'] }, (value): string | null | Refusal => {
    if (value === null || value === false) return null;
    return isField(value) ? value : new Refusal(`${fieldExpected}, or false when there is none`);
  });
}

/** One path for both answers, or one for each. */
function fieldOfEach(session: string, keypair: string, what: string) {
  return z
    .union([
      fieldOrOff(),
      z.strictObject({
        session: fieldOrOff()
          .meta({ description: 'In the answer for a bearer.', examples: [session] })
          .prefault(session),
        keypair: fieldOrOff()
          .meta({ description: 'In the answer for a key pair.', examples: [keypair] })
          .prefault(keypair),
      }),
    ])
    .meta({
      class: 'decides',
      description: `${what}: one path, one for each kind of credential, or false.`,
      examples: [{ session, keypair }],
    })
    .prefault({ session, keypair });
}

const fields = z.strictObject({
  userId: field()
    .meta({ class: 'decides', description: 'Id of the user.', examples: ['userID'] })
    .prefault('userID'),
  roles: field()
    .meta({ class: 'decides', description: 'Array of role names.', examples: ['roles'] })
    .prefault('roles'),
  groups: fieldOrOff()
    .meta({ class: 'decides', description: 'Array of group names; false: none.', examples: ['groups'] })
    .prefault('groups'),
  expireAt: fieldOrOff()
    .meta({
      class: 'decides',
      description: 'End of the credential in Unix seconds; false: none.',
      examples: ['expireAt'],
    })
    .prefault('expireAt'),
  sessionId: fieldOrOff()
    .meta({ class: 'decides', description: 'Id of the session of a bearer; false: none.', examples: ['sessionID'] })
    .prefault('sessionID'),
  keyId: fieldOrOff()
    .meta({ class: 'decides', description: 'Id of the key of a key pair; false: none.', examples: ['keyID'] })
    .prefault('keyID'),
  alias: fieldOfEach('alias', 'userAlias', 'Short name of the user'),
  fullName: fieldOfEach('fullName', 'userName', 'Full name of the user'),
  verified: fieldOrOff()
    .meta({
      class: 'decides',
      description: 'Boolean that must be true; false: the status 200 is enough.',
      examples: ['verified'],
    })
    .prefault('verified'),
});

const baseUrl = () => origin('paths stand under "authApi.paths"');

const embedded = z.strictObject(authApiSettingsShape);

export const authApi = z.strictObject({
  url: z
    .union([baseUrl(), z.array(baseUrl())])
    .optional()
    .meta({
      class: 'decides',
      description:
        'Base URL of the Auth API: scheme, host, port. Or a list of them: the first is asked, the next ones when it fails.',
      examples: ['http://auth-api:8081'],
    }),
  embedded: embedded.optional().meta({
    description: 'Runs the Auth API inside this process, in place of "url".',
    alternative: true,
  }),
  gatewaySecret: secret('a secret of at least 32 characters')
    .optional()
    .meta({
      class: 'decides',
      description:
        'Shared with the Auth API ("gatewaySecret" there) and sent to it only: with it the Auth API knows the clients of this gateway apart. If unset, it has to list the gateway in its "trustedProxies".',
      examples: [`\${ROLEGATE_GATEWAY_SECRET}`],
    }),
  timeout: duration()
    .meta({ class: 'neither', description: 'Longest wait for a verdict; beyond it: 503.', examples: ['2s'] })
    .prefault('2s'),
  concurrency: integer(1, 100_000)
    .meta({ class: 'neither', description: 'Calls at once; as many again wait, and beyond that: 503.', examples: [64] })
    .prefault(64),
  rejectedStatuses: z
    .array(integer(400, 499))
    .meta({
      class: 'decides',
      description:
        'Statuses by which it rejects a credential (401). Anything else but 200 and 429 is a failure of the Auth API (503): a wrong URL must not sign everybody out.',
      examples: [[401]],
    })
    .prefault([401]),
  honorCacheControl: bool()
    .meta({
      class: 'decides',
      description:
        'Whether Cache-Control of its answers can shorten the life of a verdict, and no-store or no-cache keep it from being kept; it never lengthens one.',
      examples: [false],
    })
    .prefault(false),
  breaker: z
    .strictObject({
      failures: integer(1, 10_000)
        .meta({ class: 'neither', description: 'Failures in a row that open the breaker.', examples: [5] })
        .prefault(5),
      open: duration()
        .meta({
          class: 'neither',
          description: 'How long it stays open before one call may try again.',
          examples: ['5s'],
        })
        .prefault('5s'),
    })
    .meta({ description: 'Circuit breaker of each URL: spares a failing Auth API, and refuses at once (503).' })
    .prefault({}),
  paths: z
    .strictObject({
      session: absolutePath()
        .meta({ class: 'decides', description: 'Checks a bearer.', examples: ['/api/auth/v2/session'] })
        .prefault('/api/auth/v2/session'),
      keypair: absolutePath()
        .meta({
          class: 'decides',
          description: 'Checks an API key and its secret.',
          examples: ['/api/auth/v2/keypair'],
        })
        .prefault('/api/auth/v2/keypair'),
    })
    .meta({ description: 'Where the Auth API checks credentials, with GET.' })
    .prefault({}),
  headers: z
    .strictObject({
      apiKey: headerName()
        .meta({ class: 'exposes', description: 'Carries the API key.', examples: ['api-key'] })
        .prefault('api-key'),
      apiSecret: headerName()
        .meta({ class: 'exposes', description: 'Carries its secret.', examples: ['api-secret'] })
        .prefault('api-secret'),
    })
    .meta({ description: 'Headers in which a key pair is sent to the Auth API.' })
    .prefault({}),
  fields: fields.meta({ description: 'Where the fields stand in its JSON answers.' }).prefault({}),
});

/** The Auth API's own file. */
export const authApiFile = z.strictObject({
  listen: address()
    .meta({ class: 'exposes', description: 'Where the Auth API listens.', examples: ['127.0.0.1:8081'] })
    .prefault('127.0.0.1:8081'),
  metrics: address()
    .optional()
    .meta({
      class: 'exposes',
      description:
        'Where Prometheus reads "/metrics", with no credential: an address that no client reaches. If unset: nowhere.',
      examples: ['127.0.0.1:9091'],
    }),
  gatewaySecret: secrets('a secret of at least 32 characters')
    .optional()
    .meta({
      class: 'decides',
      description:
        'Shared with gateways ("authApi.gatewaySecret" there), or a list of several during a rotation: only what comes with it names a client in X-Forwarded-For. If unset, only "trustedProxies" do.',
      examples: [`\${ROLEGATE_GATEWAY_SECRET}`],
    }),
  trustedProxies: z
    .array(cidr())
    .meta({
      class: 'decides',
      description: 'Addresses or CIDR ranges of other proxies in front, whose X-Forwarded-For is believed.',
      examples: [['10.0.0.0/8']],
    })
    .prefault([]),
  ...authApiSettingsShape,
});
