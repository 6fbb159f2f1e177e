/** Keys under `upstreams`. */
import { z } from 'zod';
import { idHint, idPattern } from './names.ts';
import { integer } from './scalar.ts';
import { absolutePath, declared, duration, origin } from './values.ts';

const health = z.strictObject({
  path: absolutePath().meta({ description: 'Asked with GET on every target; 2xx is healthy.', examples: ['/live'] }),
  interval: duration(100)
    .meta({ description: 'Time between two checks.', examples: ['10s'] })
    .prefault('10s'),
  timeout: duration()
    .meta({ description: 'Longest wait for an answer.', examples: ['2s'] })
    .prefault('2s'),
});

const queue = z.strictObject({
  length: integer(0, 1_000_000)
    .meta({ class: 'neither', description: 'Requests that wait at most; beyond it: 503.', examples: [1000] })
    .prefault(1000),
  wait: duration()
    .meta({ class: 'neither', description: 'Longest wait; beyond it: 503.', examples: ['5s'] })
    .prefault('5s'),
});

const upstream = z.strictObject({
  targets: z.array(origin('a path is added with "rewrite.addPrefix"')).meta({
    class: 'exposes',
    description: 'Base URLs of the instances: scheme, host, port.',
    examples: [['http://orders-1:8080', 'http://orders-2:8080']],
  }),
  health: z
    .union([absolutePath(), health])
    .optional()
    .meta({
      class: 'neither',
      description:
        'Health check: a path, or { path, interval: 10s, timeout: 2s }. Left out: every target counts as healthy.',
      examples: ['/live'],
    }),
  connections: integer(1, 100_000)
    .meta({ class: 'neither', description: 'Most connections to each target.', examples: [256] })
    .prefault(256),
  connectTimeout: duration()
    .meta({ class: 'neither', description: 'Longest wait for a connection; beyond it: 502.', examples: ['2s'] })
    .prefault('2s'),
  requestsPerClient: integer(1, 100_000)
    .optional()
    .meta({
      class: 'neither',
      description:
        'Requests of one client here at once; more of them wait, and let others pass. Left out: half of "connections".',
      examples: [128],
    }),
  queue: queue.meta({ description: 'Requests that wait for a free connection.' }).prefault({}),
});

export const upstreams = z.record(declared('an upstream', idPattern, idHint), upstream);
