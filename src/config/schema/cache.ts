/** Keys under `cache`, `credentials` and `errors`. */
import { z } from 'zod';
import { integer, Refusal, scalar, text, word } from './scalar.ts';
import { secret } from './secret.ts';
import { duration, headerName, isCookieName } from './values.ts';

/** For the shared cache, and for the Auth API. */
export const redis = z.strictObject({
  url: secret('the URL of Redis, such as "redis://redis:6379"').meta({
    description: 'Where Redis is: redis:// or rediss:// (TLS), with user and password if need be.',
    examples: [`\${REDIS_URL}`],
  }),
  keyPrefix: text('a prefix', (value) =>
    /^[\x21-\x7e]{1,64}$/.test(value)
      ? value
      : new Refusal('expected visible ASCII without blanks, at most 64 characters'),
  )
    .meta({ description: 'In front of every key, so that installations can share a Redis.', examples: ['rolegate:'] })
    .prefault('rolegate:'),
  timeout: duration()
    .meta({ description: 'Longest wait for a command; beyond it the answer counts as a miss.', examples: ['50ms'] })
    .prefault('50ms'),
});

export const cache = z.strictObject({
  secret: secret('a secret of at least 32 characters')
    .optional()
    .meta({
      description:
        'Key of the digests under which verdicts are kept; at least 32 characters, the same on every replica. Needed with Redis; without it one is made at start.',
      examples: [`\${ROLEGATE_CACHE_SECRET}`],
    }),
  redis: redis.optional().meta({ description: 'Shares verdicts among replicas. Left out: memory only.' }),
  accepted: duration(0)
    .meta({
      description: 'How long a good verdict is kept, at most to the end of the credential; 0s: never.',
      examples: ['30s'],
    })
    .prefault('30s'),
  rejected: duration(0)
    .meta({ description: 'How long a bad verdict is kept; 0s: never.', examples: ['5s'] })
    .prefault('5s'),
  staleOnOutage: duration(0)
    .meta({
      description: 'How much longer a good verdict serves while the Auth API is out of reach; 0s: it does not.',
      examples: ['0s'],
    })
    .prefault('0s'),
  maxAccepted: integer(1, 10_000_000)
    .meta({ description: 'Good verdicts in memory; beyond it the oldest go.', examples: [100_000] })
    .prefault(100_000),
  maxRejected: integer(1, 10_000_000)
    .meta({ description: 'Bad verdicts in memory; beyond it the oldest go.', examples: [10_000] })
    .prefault(10_000),
});

export const credentials = z.strictObject({
  apiKeyHeader: headerName()
    .meta({ description: 'Header in which clients send an API key.', examples: ['api-key'] })
    .prefault('api-key'),
  apiSecretHeader: headerName()
    .meta({ description: 'Header in which they send its secret.', examples: ['api-secret'] })
    .prefault('api-secret'),
  bearerCookie: scalar({ type: ['string', 'boolean', 'null'] }, (value): string | null | Refusal => {
    if (value === false || value === null) return null;
    return typeof value === 'string' && isCookieName(value)
      ? value
      : new Refusal('expected the name of a cookie, or false');
  })
    .meta({
      description:
        'Cookie that may carry a bearer too; then requests that change something must come from the same origin. False: none.',
      examples: [false],
    })
    .prefault(false),
});

export const errors = z.strictObject({
  annotate: word(['failures', 'all'])
    .meta({
      description: 'Which answers of upstreams get x-error and x-error-id: those from 400 on, or all but 200 and 202.',
      examples: ['failures'],
    })
    .prefault('failures'),
});
