/** Keys under `server` and `log`. */
import { z } from 'zod';
import { autoOr, bool, integer, Refusal, text, word } from './scalar.ts';
import { secret } from './secret.ts';
import { address, addressOrFalse, cidr, duration, headerNames, hostName, size } from './values.ts';

const limits = z.strictObject({
  headerBytes: size(1024, 1024 ** 2)
    .meta({
      class: 'neither',
      description: 'All headers of a request together, in bytes. Beyond it: 431.',
      examples: ['16kb'],
    })
    .prefault('16kb'),
  headers: integer(8, 2000)
    .meta({ class: 'neither', description: 'Headers of a request. Beyond it: 431.', examples: [100] })
    .prefault(100),
  credential: size(256, 1024 ** 2)
    .meta({
      class: 'neither',
      description: 'One credential (bearer, API key or secret) in bytes, within "headerBytes". Beyond it: 431.',
      examples: ['8kb'],
    })
    .prefault('8kb'),
  target: size(256, 64 * 1024)
    .meta({
      class: 'neither',
      description: 'Request target (path and query) in bytes. Beyond it: 414.',
      examples: ['8kb'],
    })
    .prefault('8kb'),
  headersTimeout: duration()
    .meta({
      class: 'neither',
      description: 'Longest time for all headers of a request to arrive. Beyond it: 408.',
      examples: ['10s'],
    })
    .prefault('10s'),
  requestTimeout: duration(0)
    .meta({
      class: 'neither',
      description: 'Longest time for a whole request to arrive, body included; 0s: no limit. Beyond it: 408.',
      examples: ['5m'],
    })
    .prefault('5m'),
  keepAliveTimeout: duration()
    .meta({
      class: 'neither',
      description: 'How long an idle connection is kept; longer than the proxy in front keeps its own.',
      examples: ['75s'],
    })
    .prefault('75s'),
  passes: integer(0, 100)
    .meta({
      class: 'neither',
      description:
        'Times that a request may have passed through a gateway of this name before, as its Via header says. Beyond it: 508.',
      examples: [3],
    })
    .prefault(3),
  connections: integer(1, 1_000_000)
    .meta({ class: 'neither', description: 'Connections at once; beyond it new ones are closed.', examples: [10_000] })
    .prefault(10_000),
  connectionsPerClient: integer(0, 1_000_000)
    .meta({
      class: 'neither',
      description:
        'Connections of one address at once (of one /64 network in IPv6); beyond it new ones are closed. Trusted proxies are exempt. 0: no limit.',
      examples: [1000],
    })
    .prefault(1000),
  requestsPerConnection: integer(0, 1_000_000_000)
    .meta({
      class: 'neither',
      description: 'Requests on one connection; the last answer closes it. 0: no limit.',
      examples: [0],
    })
    .prefault(0),
  bodyMemory: size(64 * 1024, 64 * 1024 ** 3)
    .meta({
      class: 'neither',
      description:
        'Memory that the first parts of all bodies (bodyBuffer) take together, with answers that wait behind others on a connection. Beyond it: 503.',
      examples: ['128mb'],
    })
    .prefault('128mb'),
  bodyGrace: duration(100)
    .meta({
      class: 'neither',
      description: 'Over each such time of waiting for a body, its client has to keep "bodyRate". Less: 408.',
      examples: ['10s'],
    })
    .prefault('10s'),
  unreadTimeout: duration()
    .meta({
      class: 'neither',
      description: 'A client that takes nothing of an answer that waits for it this long is let go.',
      examples: ['60s'],
    })
    .prefault('60s'),
  eventLoopLag: duration(0)
    .meta({
      class: 'neither',
      description:
        'How late the process may run before it turns a part of new requests away with 503; 0s: it never does.',
      examples: ['500ms'],
    })
    .prefault('500ms'),
});

export const server = z.strictObject({
  listen: address()
    .meta({
      class: 'exposes',
      description: 'Where clients connect: host and port; without host, every interface.',
      examples: [':8080'],
    })
    .prefault(':8080'),
  admin: addressOrFalse()
    .meta({
      class: 'exposes',
      description: 'Admin port with metrics, health and routes; false: none. Keep it away from clients.',
      examples: ['127.0.0.1:9090'],
    })
    .prefault('127.0.0.1:9090'),
  adminToken: secret('a secret of at least 32 characters')
    .optional()
    .meta({
      class: 'exposes',
      description:
        'Bearer that operators send to the admin port; at least 32 characters. Left out: everyone who reaches the port may read, and nobody may change anything through it.',
      examples: [`\${ROLEGATE_ADMIN_TOKEN}`],
    }),
  adminHosts: z
    .array(hostName())
    .meta({
      class: 'exposes',
      description:
        'Further host names under which operators reach the admin port. Addresses, names of one label and private names (.localhost, .internal, .svc, .cluster.local) need no entry.',
      examples: [['gate.example.test']],
    })
    .prefault([]),
  trustedProxies: z
    .array(cidr())
    .meta({
      class: 'decides',
      description: 'Addresses or CIDR ranges of the proxies in front, whose X-Forwarded-* headers are believed.',
      examples: [['10.0.0.0/8']],
    })
    .prefault([]),
  forwardedHeaders: word(['x-forwarded', 'forwarded'])
    .meta({
      class: 'decides',
      description:
        'What is believed of trusted proxies: X-Forwarded-For, -Proto and -Host, or Forwarded (RFC 7239). The other kind is never read: a proxy that does not write it passes on what clients write.',
      examples: ['x-forwarded'],
    })
    .prefault('x-forwarded'),
  proxyHeaders: z
    .array(headerNames())
    .meta({
      class: 'decides',
      description:
        'Further headers that only trusted proxies may send, beside X-Client-IP, X-SSL-Client-* and others; "*" at the end stands for any rest. From other peers they are removed.',
      examples: [['x-tenant', 'x-edge-*']],
    })
    .prefault([]),
  via: bool()
    .meta({
      class: 'neither',
      description:
        'Whether requests to services carry Via. Some servers compress nothing for requests with it. Without it, requests that go round in a circle are not recognized.',
      examples: [true],
    })
    .prefault(true),
  name: text('a name', (value) =>
    /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/.test(value)
      ? value.toLowerCase()
      : new Refusal('expected letters, digits and . _ - inside, at most 64'),
  )
    .meta({
      class: 'neither',
      description: 'Name in the Via header. Gateways in a row have one each; replicas share one.',
      examples: ['rolegate'],
    })
    .prefault('rolegate'),
  drainTimeout: duration(0)
    .meta({
      class: 'neither',
      description: 'Longest wait for requests in flight when the process ends.',
      examples: ['20s'],
    })
    .prefault('20s'),
  workers: autoOr(1, 256)
    .meta({
      class: 'neither',
      description:
        'Processes that serve requests, one for each core at best; auto: as many as the process may use cores. They share what limits are set for all clients together.',
      examples: [1],
    })
    .prefault(1),
  limits: limits.meta({ description: 'What one client may take up.' }).prefault({}),
});

export const log = z.strictObject({
  level: word(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .meta({ class: 'neither', description: 'Least severe level that is written.', examples: ['info'] })
    .prefault('info'),
  access: bool()
    .meta({ class: 'neither', description: 'Whether each request writes a line.', examples: [true] })
    .prefault(true),
  decisions: z
    .strictObject({
      file: text('the name of a file', (value) => value).meta({
        class: 'exposes',
        description: 'Where they are written, from the folder of this file; the full one is kept once more as ".1".',
        examples: ['decisions.ndjson'],
      }),
      perSecond: integer(1, 100_000)
        .meta({
          class: 'neither',
          description: 'Decisions that are recorded in a second; more are counted and left out.',
          examples: [100],
        })
        .prefault(100),
      size: size(1024, 1024 ** 4)
        .meta({ class: 'neither', description: 'Size at which a new file is begun.', examples: ['64mb'] })
        .prefault('64mb'),
    })
    .optional()
    .meta({
      description:
        'Records decisions for "rolegate diff --replay": who asked (ids, roles, groups), for what, and what came of it; no credential, and of query and headers only what conditions read.',
    }),
});
