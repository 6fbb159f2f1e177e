/** Keys of a Redis: for the shared cache, and for the Auth API. */
import { z } from 'zod';
import { Problem } from '../problem.ts';
import { type Address, parseServerAddress } from '../units/parse-address.ts';
import { clientTls } from './client-tls.ts';
import { anyChange, decides, described, exposes, neither } from './key.ts';
import { list, type Problems, refined } from './refine.ts';
import { bool, text } from './scalar.ts';
import { secret } from './secret.ts';
import { duration } from './values.ts';

const nodeExpected = 'host and port, such as "redis-1:6379" or "[::1]:6379"';

function node() {
  return text(nodeExpected, (value): Address | Problem => {
    return parseServerAddress(value) ?? new Problem(`expected ${nodeExpected}`);
  });
}

function words(expected: string) {
  return text(expected, (value) =>
    /^[\x21-\x7e]{1,200}$/.test(value) ? value : new Problem('expected visible ASCII without blanks'),
  );
}

const userName = () => words('the name of a user of Redis');
const password = () => secret('a password');

const nodes = () => list(node(), { empty: ['expected at least one node'], distinct: 'node' });

function checkUser(parts: object, { atKey }: Problems): void {
  if (!('username' in parts) || 'password' in parts) return;
  atKey(['username'], 'a user needs a password', 'add "password"');
}

const otherServer = anyChange('another server receives and returns what is shared');

const sentinelKeys = z.strictObject({
  name: exposes(
    words('the name of a group of servers'),
    'Name of the group at the Sentinels: the first word after "sentinel monitor".',
    otherServer,
    { examples: ['mymaster'] },
  ),
  nodes: exposes(
    nodes(),
    'Some of the Sentinels, preferably all. The first one that responds names the master.',
    otherServer,
    {
      examples: [['sentinel-1:26379', 'sentinel-2:26379', 'sentinel-3:26379']],
    },
  ),
  username: neither(userName().optional(), 'User name for the Sentinels, if they require one.', {
    examples: ['rolegate'],
  }),
  password: neither(password().optional(), 'Password for the Sentinels, if they require one.', {
    examples: [`\${SENTINEL_PASSWORD}`],
  }),
});

const sentinel = refined(sentinelKeys, checkUser);

const tls = clientTls(
  'Redis',
  'If unset, the host of the connection; in a Cluster, that is the name that its nodes report.',
);

const redisKeys = z.strictObject({
  url: exposes(
    secret('the URL of Redis, such as "redis://redis:6379"').optional(),
    'URL of a single Redis: redis:// or rediss:// (TLS), with user and password if needed. Exactly one of "url", "sentinel" and "cluster" must be set.',
    otherServer,
    { examples: [`\${REDIS_URL}`] },
  ),
  sentinel: described(sentinel.optional(), 'Servers behind Sentinels, which report the master, instead of "url".', {
    alternative: true,
  }),
  cluster: exposes(
    nodes().optional(),
    'Some nodes of a Redis Cluster, instead of "url"; the others are discovered.',
    otherServer,
    {
      examples: [['redis-1:6379', 'redis-2:6379', 'redis-3:6379']],
      alternative: true,
    },
  ),
  username: neither(userName().optional(), 'User of the ACL, unless "url" contains it. If unset, the default user.', {
    examples: ['rolegate'],
    alternative: true,
  }),
  password: neither(password().optional(), 'Password, unless "url" contains it.', {
    examples: [`\${REDIS_PASSWORD}`],
    alternative: true,
  }),
  tls: exposes(
    z.union([bool(), tls]).optional(),
    'TLS to every server and Sentinel: true, or { ca, cert, key, serverName }. Certificates are always verified. If unset, TLS is used only with rediss://.',
    anyChange('what is shared can be read on the network, or another server is trusted'),
    { examples: [true], alternative: true },
  ),
  // Without braces: a Cluster would treat the text between them as the hash tag of all keys.
  keyPrefix: decides(
    text('a prefix', (value) =>
      /^[\x21-\x7a|~]{1,64}$/.test(value)
        ? value
        : new Problem('expected visible ASCII without blanks and braces, at most 64 characters'),
    ).prefault('rolegate:'),
    'Prefix of every key, so that installations can share a Redis.',
    anyChange('revocations under the previous prefix no longer apply'),
  ),
  timeout: neither(
    duration().prefault('50ms'),
    'Maximum time for a command. A command that takes longer counts as a miss. For sessions of browsers, which only Redis has, at least 1s.',
    { why: 'after a miss, the source is called' },
  ),
});

const forms = ['url', 'sentinel', 'cluster'] as const;

export const redis = refined(refined(redisKeys, checkUser), (parts, { at, atKey }) => {
  const [form, ...more] = forms.filter((key) => key in parts);
  if (form === undefined) at([], 'expected "url", "sentinel" or "cluster"', 'for example "url: redis://redis:6379"');
  for (const other of more) atKey([other], `"${form}" and "${other}" exclude each other`, 'keep one of the two');
});
