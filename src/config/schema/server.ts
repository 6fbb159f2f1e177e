/** Keys under `server` and `log`. */
import { z } from 'zod';
import { bool, integer, word } from './scalar.ts';
import { secret } from './secret.ts';
import { address, addressOrFalse, cidr, duration, hostName, size } from './values.ts';

const limits = z.strictObject({
  headerBytes: size(1024, 1024 ** 2)
    .meta({ description: 'All headers of a request together, in bytes. Beyond it: 431.', examples: ['16kb'] })
    .prefault('16kb'),
  headers: integer(8, 2000)
    .meta({ description: 'Headers of a request. Beyond it: 431.', examples: [100] })
    .prefault(100),
  target: size(256, 64 * 1024)
    .meta({ description: 'Request target (path and query) in bytes. Beyond it: 414.', examples: ['8kb'] })
    .prefault('8kb'),
  headersTimeout: duration()
    .meta({ description: 'Longest time for all headers of a request to arrive. Beyond it: 408.', examples: ['10s'] })
    .prefault('10s'),
  requestTimeout: duration(0)
    .meta({
      description: 'Longest time for a whole request to arrive, body included; 0s: no limit. Beyond it: 408.',
      examples: ['5m'],
    })
    .prefault('5m'),
  keepAliveTimeout: duration()
    .meta({
      description: 'How long an idle connection is kept; longer than the proxy in front keeps its own.',
      examples: ['75s'],
    })
    .prefault('75s'),
  connections: integer(1, 1_000_000)
    .meta({ description: 'Connections at once; beyond it new ones are closed.', examples: [10_000] })
    .prefault(10_000),
});

export const server = z.strictObject({
  listen: address()
    .meta({ description: 'Where clients connect: host and port; without host, every interface.', examples: [':8080'] })
    .prefault(':8080'),
  admin: addressOrFalse()
    .meta({
      description: 'Admin port with metrics, health and routes; false: none. Keep it away from clients.',
      examples: ['127.0.0.1:9090'],
    })
    .prefault('127.0.0.1:9090'),
  adminToken: secret('a secret of at least 32 characters')
    .optional()
    .meta({
      description:
        'Bearer that operators send to the admin port; at least 32 characters. Left out: everyone who reaches the port may read, and nobody may change anything through it.',
      examples: [`\${ROLEGATE_ADMIN_TOKEN}`],
    }),
  adminHosts: z
    .array(hostName())
    .meta({
      description:
        'Further host names under which operators reach the admin port. Addresses, names of one label and private names (.localhost, .internal, .svc, .cluster.local) need no entry.',
      examples: [['gate.example.test']],
    })
    .prefault([]),
  trustedProxies: z
    .array(cidr())
    .meta({
      description: 'Addresses or CIDR ranges of the proxies in front, whose X-Forwarded-* headers are believed.',
      examples: [['10.0.0.0/8']],
    })
    .prefault([]),
  drainTimeout: duration(0)
    .meta({ description: 'Longest wait for requests in flight when the process ends.', examples: ['20s'] })
    .prefault('20s'),
  limits: limits.meta({ description: 'What one client may take up.' }).prefault({}),
});

export const log = z.strictObject({
  level: word(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .meta({ description: 'Least severe level that is written.', examples: ['info'] })
    .prefault('info'),
  access: bool()
    .meta({ description: 'Whether each request writes a line.', examples: [true] })
    .prefault(true),
});
