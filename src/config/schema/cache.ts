/** Keys under `cache`, `revocations` and `errors`. */
import { z } from 'zod';
import { added, anyChange, decides, described, higher, lower, neither } from './key.ts';
import { redis } from './redis.ts';
import { type ListRules, list } from './refine.ts';
import { bool, integer, word } from './scalar.ts';
import { secret, secrets } from './secret.ts';
import { duration, size } from './values.ts';

export const cache = z.strictObject({
  secret: decides(
    secret('a secret of at least 32 characters').optional(),
    'Key of the digests under which verdicts are cached; at least 32 characters, the same on every replica. Required with Redis; otherwise a random one is generated at start.',
    anyChange('anyone who knows it and reaches Redis can write verdicts'),
    { examples: [`\${ROLEGATE_CACHE_SECRET}`] },
  ),
  previousSecret: decides(
    secrets('a secret of at least 32 characters').optional(),
    'Earlier value of "secret", or a list of up to 8, newest first. Verdicts cached under it are still found, and cached again under the current one. Remove it once the longer of "accepted" and "staleOnOutage" has passed on every replica.',
    added('verdicts cached under it are accepted'),
    { examples: [`\${ROLEGATE_PREVIOUS_CACHE_SECRET}`], alternative: true },
  ),
  redis: described(redis.optional(), 'Shares verdicts among replicas. If unset, verdicts are cached in memory only.'),
  accepted: decides(
    duration(0).prefault('30s'),
    'How long an accepted verdict is cached, at most until the credential expires; 0s: not at all.',
    higher('a credential that its source no longer accepts is accepted longer'),
  ),
  rejected: decides(
    duration(0).prefault('5s'),
    'How long a rejected verdict is cached; 0s: not at all.',
    lower('a credential that its source accepts again is accepted sooner'),
  ),
  staleOnOutage: decides(
    duration(0).prefault('0s'),
    'How much longer an accepted verdict is used while the Auth API is unreachable; 0s: not at all.',
    higher('during an outage, a credential that has ended is accepted longer'),
  ),
  whileDisconnected: decides(
    duration(100, 10_000).prefault('1s'),
    'How long a verdict is used while this process is disconnected from revocations because its subscription to Redis is down.',
    higher('a revoked credential is accepted longer'),
  ),
  refreshAhead: neither(
    bool().prefault(true),
    'Whether a verdict in use is refreshed before it expires, so that no request waits for it.',
    { why: 'no verdict is used longer than "accepted"' },
  ),
  maxAccepted: neither(
    integer(1, 10_000_000).prefault(100_000),
    'Maximum number of accepted verdicts in memory. Unused ones are dropped first.',
  ),
  maxRejected: neither(
    integer(1, 10_000_000).prefault(10_000),
    'Maximum number of rejected verdicts in memory. Unused ones are dropped first.',
  ),
  maxBytes: neither(
    size(65_536, 64 * 2 ** 30).prefault('128mb'),
    'Maximum memory for verdicts: seven eighths for accepted ones, the rest for rejected ones.',
  ),
});

const webhookSecrets: ListRules = {
  empty: ['expected at least one secret', 'remove the key to refuse webhooks'],
  most: [8, 'secrets'],
};

/** Revocations that others announce. */
export const revocations = z.strictObject({
  webhookSecret: decides(
    z.union([secret('a signing secret'), list(secret('a signing secret'), webhookSecrets)]).optional(),
    'Signing secret of POST /webhooks/revocations on the admin port ("whsec_" and base64, as in Standard Webhooks), or a list of them, all of which are valid. If unset, webhooks are refused.',
    anyChange('others may know another one and end sessions; with a wrong one, revocations are refused'),
    { examples: [`\${ROLEGATE_WEBHOOK_SECRET}`] },
  ),
});

export const errors = z.strictObject({
  annotate: neither(
    word(['failures', 'all']).prefault('failures'),
    'Which responses of upstreams get x-error and x-error-id: those with a status of 400 or more, or all except 200 and 202.',
  ),
});
