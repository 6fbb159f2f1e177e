/** Keys under `cache`, `credentials` and `errors`. */
import { z } from 'zod';
import { token } from '../../core/syntax/header-names.ts';
import { redis } from './redis.ts';
import { bool, integer, Refusal, scalar, word } from './scalar.ts';
import { secret, secrets } from './secret.ts';
import { duration, headerName, isCookieName, size } from './values.ts';

export const cache = z.strictObject({
  secret: secret('a secret of at least 32 characters')
    .optional()
    .meta({
      class: 'neither',
      description:
        'Key of the digests under which verdicts are kept; at least 32 characters, the same on every replica. Needed with Redis; without it one is made at start.',
      examples: [`\${ROLEGATE_CACHE_SECRET}`],
    }),
  previousSecret: secrets('a secret of at least 32 characters')
    .optional()
    .meta({
      class: 'decides',
      description:
        'Earlier value of "secret", or a list of up to 8, the newest first: verdicts kept under it are kept anew under the current one. Remove it once the longest of "accepted" and "staleOnOutage" has passed on every replica.',
      alternative: true,
      examples: [`\${ROLEGATE_PREVIOUS_CACHE_SECRET}`],
    }),
  redis: redis.optional().meta({ description: 'Shares verdicts among replicas. Left out: memory only.' }),
  accepted: duration(0)
    .meta({
      class: 'decides',
      description: 'How long a good verdict is kept, at most to the end of the credential; 0s: never.',
      examples: ['30s'],
    })
    .prefault('30s'),
  rejected: duration(0)
    .meta({ class: 'decides', description: 'How long a bad verdict is kept; 0s: never.', examples: ['5s'] })
    .prefault('5s'),
  staleOnOutage: duration(0)
    .meta({
      class: 'decides',
      description: 'How much longer a good verdict serves while the Auth API is out of reach; 0s: it does not.',
      examples: ['0s'],
    })
    .prefault('0s'),
  unhearing: duration(100, 10_000)
    .meta({
      class: 'decides',
      description:
        'How long a verdict may live while this process cannot hear revocations, because its subscription to Redis is down.',
      examples: ['1s'],
    })
    .prefault('1s'),
  refreshAhead: bool()
    .meta({
      class: 'neither',
      description:
        'Whether a verdict that is in use is asked for again before it ends, so that no request waits for it.',
      examples: [true],
    })
    .prefault(true),
  maxAccepted: integer(1, 10_000_000)
    .meta({
      class: 'neither',
      description: 'Good verdicts in memory; beyond it those that nobody used go.',
      examples: [100_000],
    })
    .prefault(100_000),
  maxRejected: integer(1, 10_000_000)
    .meta({
      class: 'neither',
      description: 'Bad verdicts in memory; beyond it those that nobody used go.',
      examples: [10_000],
    })
    .prefault(10_000),
  maxBytes: size(65_536, 64 * 2 ** 30)
    .meta({
      class: 'neither',
      description: 'Memory that verdicts take at most: seven eighths for good ones, the rest for bad ones.',
      examples: ['128mb'],
    })
    .prefault('128mb'),
});

/** Revocations that others announce. */
export const revocations = z.strictObject({
  webhookSecret: z
    .union([secret('a signing secret'), z.array(secret('a signing secret'))])
    .optional()
    .meta({
      class: 'decides',
      description:
        'Signing secret of POST /webhooks/revocations on the admin port ("whsec_" and base64, as in Standard Webhooks), or a list of them, any of which is good. Left out: no webhook is taken.',
      examples: [`\${ROLEGATE_WEBHOOK_SECRET}`],
    }),
});

const keyPairHeaders = z.strictObject({
  apiKeyHeader: headerName()
    .meta({ class: 'decides', description: 'Header in which clients send an API key.', examples: ['api-key'] })
    .prefault('api-key'),
  apiSecretHeader: headerName()
    .meta({ class: 'decides', description: 'Header in which they send its secret.', examples: ['api-secret'] })
    .prefault('api-secret'),
});

export const credentials = z.strictObject({
  keyPair: z
    .union([
      scalar({ type: ['boolean', 'null'], enum: [false, null] }, (value): null | Refusal =>
        value === false || value === null ? null : new Refusal('expected the two headers of a key pair, or false'),
      ),
      keyPairHeaders,
    ])
    .meta({
      class: 'decides',
      description:
        'Headers of a key pair. False: no key pairs; set it where the Auth API knows none, as a made-up pair then costs no call to it. The two headers are forwarded like any other.',
      examples: [{ apiKeyHeader: 'api-key', apiSecretHeader: 'api-secret' }],
    })
    .prefault({ apiKeyHeader: 'api-key', apiSecretHeader: 'api-secret' }),
  bearerCookie: scalar({ type: ['string', 'boolean', 'null'] }, (value): string | null | Refusal => {
    if (value === false || value === null) return null;
    return typeof value === 'string' && isCookieName(value)
      ? value
      : new Refusal('expected the name of a cookie, or false');
  })
    .meta({
      class: 'decides',
      description:
        'Cookie that may carry a bearer too; then requests that change something must come from the same origin. False: none.',
      examples: [false],
    })
    .prefault(false),
  websocketProtocol: scalar({ type: ['string', 'boolean', 'null'] }, (value): string | null | Refusal => {
    if (value === false || value === null) return null;
    return typeof value === 'string' && value.length <= 100 && token.test(value)
      ? value
      : new Refusal('expected the name of a WebSocket subprotocol, such as "rolegate.bearer", or false');
  })
    .meta({
      class: 'decides',
      description:
        'WebSocket subprotocol that a browser offers right before its bearer, as it cannot set headers: ["rolegate.bearer", "<token>", "app.v1"]. Neither is forwarded. False: none.',
      examples: [false],
    })
    .prefault(false),
});

export const errors = z.strictObject({
  annotate: word(['failures', 'all'])
    .meta({
      class: 'neither',
      description: 'Which answers of upstreams get x-error and x-error-id: those from 400 on, or all but 200 and 202.',
      examples: ['failures'],
    })
    .prefault('failures'),
});
