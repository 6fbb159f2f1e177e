/** Keys of a Redis: for the shared cache, and for the Auth API. */
import { z } from 'zod';
import type { Address } from '../config.ts';
import { parseServerAddress } from '../units/parse-address.ts';
import { bool, Refusal, text } from './scalar.ts';
import { secret } from './secret.ts';
import { duration } from './values.ts';

const nodeExpected = 'host and port, such as "redis-1:6379" or "[::1]:6379"';

function node() {
  return text(nodeExpected, (value): Address | Refusal => {
    return parseServerAddress(value) ?? new Refusal(`expected ${nodeExpected}`);
  });
}

function words(expected: string) {
  return text(expected, (value) =>
    /^[\x21-\x7e]{1,200}$/.test(value) ? value : new Refusal('expected visible ASCII without blanks'),
  );
}

const userName = () => words('the name of a user of Redis');
const password = () => secret('a password');
const pemFile = () => text('the path of a PEM file', (value) => value);

const sentinel = z.strictObject({
  name: words('the name of a group of servers').meta({
    class: 'exposes',
    description: 'What the Sentinels call the group: the first word after "sentinel monitor".',
    examples: ['mymaster'],
  }),
  nodes: z.array(node()).meta({
    class: 'exposes',
    description: 'Some of the Sentinels, better all: whoever answers first knows the master.',
    examples: [['sentinel-1:26379', 'sentinel-2:26379', 'sentinel-3:26379']],
  }),
  username: userName()
    .optional()
    .meta({
      class: 'neither',
      description: 'User towards the Sentinels, if they ask for one.',
      examples: ['rolegate'],
    }),
  password: password()
    .optional()
    .meta({
      class: 'neither',
      description: 'Password towards the Sentinels, if they ask for one.',
      examples: [`\${SENTINEL_PASSWORD}`],
    }),
});

const tls = z.strictObject({
  ca: pemFile()
    .optional()
    .meta({
      description: 'PEM file of those who may vouch for the server. Left out: whom Node and the system trust.',
      examples: ['/etc/rolegate/redis-ca.pem'],
    }),
  cert: pemFile()
    .optional()
    .meta({
      description: 'PEM file of the certificate that this process shows, if Redis asks for one.',
      examples: ['/etc/rolegate/redis.pem'],
    }),
  key: pemFile()
    .optional()
    .meta({ description: 'PEM file of the key of "cert".', examples: ['/etc/rolegate/redis-key.pem'] }),
  serverName: words('the name in a certificate')
    .optional()
    .meta({
      description:
        "Name that the server's certificate must bear. Left out: the host that is connected to, which in a Cluster is what its nodes say of each other.",
      examples: ['redis.example.test'],
    }),
});

export const redis = z.strictObject({
  url: secret('the URL of Redis, such as "redis://redis:6379"')
    .optional()
    .meta({
      class: 'exposes',
      description:
        'Where a single Redis is: redis:// or rediss:// (TLS), with user and password if need be. Exactly one of "url", "sentinel" and "cluster".',
      examples: [`\${REDIS_URL}`],
    }),
  sentinel: sentinel.optional().meta({
    description: 'Servers behind Sentinels, which say which of them is the master, in place of "url".',
    alternative: true,
  }),
  cluster: z
    .array(node())
    .optional()
    .meta({
      class: 'exposes',
      description: 'Some nodes of a Redis Cluster, in place of "url"; the others are learned from them.',
      alternative: true,
      examples: [['redis-1:6379', 'redis-2:6379', 'redis-3:6379']],
    }),
  username: userName()
    .optional()
    .meta({
      class: 'neither',
      description: 'User of the ACL, unless "url" names it. Left out: the default user.',
      alternative: true,
      examples: ['rolegate'],
    }),
  password: password()
    .optional()
    .meta({
      class: 'neither',
      description: 'Password, unless "url" holds it.',
      alternative: true,
      examples: [`\${REDIS_PASSWORD}`],
    }),
  tls: z
    .union([bool(), tls])
    .optional()
    .meta({
      class: 'exposes',
      description:
        'TLS to every server and Sentinel: true, or { ca, cert, key, serverName }. Certificates are always checked. Left out: only with rediss://.',
      alternative: true,
      examples: [true],
    }),
  // Without braces: a Cluster would take what is between them for the part that keys have in common.
  keyPrefix: text('a prefix', (value) =>
    /^[\x21-\x7a|~]{1,64}$/.test(value)
      ? value
      : new Refusal('expected visible ASCII without blanks and braces, at most 64 characters'),
  )
    .meta({
      class: 'neither',
      description: 'In front of every key, so that installations can share a Redis.',
      examples: ['rolegate:'],
    })
    .prefault('rolegate:'),
  timeout: duration()
    .meta({
      class: 'neither',
      description: 'Longest wait for a command; beyond it the answer counts as a miss.',
      examples: ['50ms'],
    })
    .prefault('50ms'),
});
