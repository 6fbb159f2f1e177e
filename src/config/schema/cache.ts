/** Keys under `cache`, `credentials` and `errors`. */
import { z } from 'zod';
import { token } from '../../core/syntax/header-fields.ts';
import { Refusal } from '../refusal.ts';
import { keyHeaders } from './header-names.ts';
import { decides, described, neither } from './key-class.ts';
import { redis } from './redis.ts';
import { type ListRules, list, refined } from './refine.ts';
import { bool, integer, scalar, textOrOff, word } from './scalar.ts';
import { secret, secrets } from './secret.ts';
import { duration, headerName, isCookieName, size } from './values.ts';

export const cache = z.strictObject({
  secret: neither(
    secret('a secret of at least 32 characters').optional(),
    'Key of the digests under which verdicts are kept; at least 32 characters, the same on every replica. Needed with Redis; without it one is made at start.',
    { examples: [`\${ROLEGATE_CACHE_SECRET}`] },
  ),
  previousSecret: decides(
    secrets('a secret of at least 32 characters').optional(),
    'Earlier value of "secret", or a list of up to 8, the newest first: verdicts kept under it are kept again under the current one. Remove it once the longest of "accepted" and "staleOnOutage" has passed on every replica.',
    { examples: [`\${ROLEGATE_PREVIOUS_CACHE_SECRET}`], alternative: true },
  ),
  redis: described(redis.optional(), 'Shares verdicts among replicas. If unset: memory only.'),
  accepted: decides(
    duration(0).prefault('30s'),
    'How long a good verdict is kept, at most to the end of the credential; 0s: never.',
  ),
  rejected: decides(duration(0).prefault('5s'), 'How long a bad verdict is kept; 0s: never.'),
  staleOnOutage: decides(
    duration(0).prefault('0s'),
    'How much longer a good verdict serves while the Auth API is out of reach; 0s: it does not.',
  ),
  whileDisconnected: decides(
    duration(100, 10_000).prefault('1s'),
    'How long a verdict may live while this process is disconnected from revocations, because its subscription to Redis is down.',
  ),
  refreshAhead: neither(
    bool().prefault(true),
    'Whether a verdict that is in use is asked for again before it ends, so that no request waits for it.',
  ),
  maxAccepted: neither(
    integer(1, 10_000_000).prefault(100_000),
    'Good verdicts in memory; beyond it unused ones are dropped.',
  ),
  maxRejected: neither(
    integer(1, 10_000_000).prefault(10_000),
    'Bad verdicts in memory; beyond it unused ones are dropped.',
  ),
  maxBytes: neither(
    size(65_536, 64 * 2 ** 30).prefault('128mb'),
    'Memory that verdicts take at most: seven eighths for good ones, the rest for bad ones.',
  ),
});

const webhookSecrets: ListRules = {
  empty: ['expected at least one secret', 'leave the key out to take no webhooks'],
  most: [8, 'secrets'],
};

/** Revocations that others announce. */
export const revocations = z.strictObject({
  webhookSecret: decides(
    z.union([secret('a signing secret'), list(secret('a signing secret'), webhookSecrets)]).optional(),
    'Signing secret of POST /webhooks/revocations on the admin port ("whsec_" and base64, as in Standard Webhooks), or a list of them, any of which is good. If unset: no webhook is taken.',
    { examples: [`\${ROLEGATE_WEBHOOK_SECRET}`] },
  ),
});

const keyPairHeaders = refined(
  z.strictObject({
    apiKeyHeader: decides(headerName().prefault('api-key'), 'Header in which clients send an API key.'),
    apiSecretHeader: decides(headerName().prefault('api-secret'), 'Header in which they send its secret.'),
  }),
  keyHeaders('apiKeyHeader', 'apiSecretHeader'),
);

export const credentials = z.strictObject({
  keyPair: decides(
    z
      .union([
        scalar({ type: ['boolean', 'null'], enum: [false, null] }, (value): null | Refusal =>
          value === false || value === null ? null : new Refusal('expected the two headers of a key pair, or false'),
        ),
        keyPairHeaders,
      ])
      .prefault({ apiKeyHeader: 'api-key', apiSecretHeader: 'api-secret' }),
    'Headers of a key pair. False: no key pairs; set it where the Auth API knows none, as a made-up pair then costs no call to it. The two headers are forwarded like any other.',
  ),
  bearerCookie: decides(
    textOrOff('the name of a cookie, or false', isCookieName).prefault(false),
    'Cookie that may carry a bearer too; then requests that change something must come from the same origin. False: none.',
  ),
  websocketProtocol: decides(
    textOrOff(
      'the name of a WebSocket subprotocol, such as "rolegate.bearer", or false',
      (value) => value.length <= 100 && token.test(value),
    ).prefault(false),
    'WebSocket subprotocol that a browser offers right before its bearer, as it cannot set headers: ["rolegate.bearer", "<token>", "app.v1"]. Neither is forwarded. False: none.',
  ),
});

export const errors = z.strictObject({
  annotate: neither(
    word(['failures', 'all']).prefault('failures'),
    'Which answers of upstreams get x-error and x-error-id: those from 400 on, or all but 200 and 202.',
  ),
});
