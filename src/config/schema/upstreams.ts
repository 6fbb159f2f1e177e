/** Keys under `upstreams`. */
import { z } from 'zod';
import { eventUpstreams, identityKeys } from '../../core/routing/route.ts';
import { canonicalHost } from '../../core/url/canonical-host.ts';
import { Problem } from '../problem.ts';
import { clientTls } from './client-tls.ts';
import { anyChange, described, exposes, neither } from './key.ts';
import { list, refined } from './refine.ts';
import { bool, integer, text, word } from './scalar.ts';
import { absolutePath, declared, duration, idHint, idPattern, origin } from './values.ts';

/** The long form of a health check. */
export const healthCheck = z.strictObject({
  path: described(absolutePath(), 'Path that is requested with GET on every target; 2xx means healthy.', {
    examples: ['/live'],
  }),
  interval: described(duration(100).prefault('10s'), 'Time between two checks.'),
  timeout: described(duration().prefault('2s'), 'Maximum time for a response.'),
});

const queue = z.strictObject({
  length: neither(integer(0, 1_000_000).prefault(1000), 'Maximum number of waiting requests. Further ones return 503.'),
  wait: neither(duration().prefault('5s'), 'Maximum wait. Exceeding it returns 503.'),
});

function hostOfRequests() {
  const expected = '"keep", "target", or the name of a host, with or without a port';
  return text(expected, (value) => {
    if (value === 'keep' || value === 'target') return value;
    const [, host = '', port = ''] = /^(\[[^\]]+\]|[^:]+)(:\d{1,5})?$/.exec(value) ?? [];
    const canonical = canonicalHost(host);
    return canonical === null ? new Problem(`expected ${expected}`) : canonical + port;
  });
}

export const upstream = z.strictObject({
  targets: exposes(
    list(origin('a path is added with "rewrite.addPrefix"'), {
      empty: ['an upstream needs at least one target'],
      distinct: 'target',
    }),
    'Base URLs of the instances: scheme, host, port.',
    anyChange('another service receives the requests'),
    { examples: [['http://orders-1:8080', 'http://orders-2:8080']] },
  ),
  health: neither(
    z.union([absolutePath(), healthCheck]).optional(),
    'Health check: a path, or { path, interval: 10s, timeout: 2s }. If unset, every target counts as healthy.',
    { examples: ['/live'] },
  ),
  connections: neither(integer(1, 100_000).prefault(256), 'Maximum number of connections to each target.'),
  tls: described(
    clientTls('the service', 'If unset, the host of the target.').optional(),
    'TLS to targets with https. Certificates are always verified. Changed files are reloaded.',
    {
      alternative: true,
    },
  ),
  proxyProtocol: exposes(
    word(['v1', 'v2']).optional(),
    'Connections begin with the address of the client, ahead of TLS, in this version of the PROXY protocol, which the service must expect. Clients then share no connections, so a service gets more of them. Health checks begin with UNKNOWN (v1) or LOCAL (v2). If unset, nothing is sent.',
    anyChange('a service takes the address of its clients from it', { strictest: 'unset' }),
    { examples: ['v2'] },
  ),
  host: exposes(
    hostOfRequests().prefault('keep'),
    'Host that the service receives: "keep" for that of the client, "target" for that of the base URL, or a name.',
    anyChange('a service may select another site by it'),
    { examples: ['target'] },
  ),
  connectTimeout: neither(duration().prefault('2s'), 'Maximum time to connect. Exceeding it returns 502.'),
  requestsPerClient: neither(
    integer(1, 100_000).optional(),
    'Maximum number of concurrent requests of one client. Further ones wait, and requests of other clients overtake them. If unset, half of "connections".',
    { examples: [128] },
  ),
  streams: neither(
    integer(1, 1_000_000).prefault(4096),
    'Maximum number of responses that stay open: event streams (text/event-stream), and any that takes longer than a second. They do not count among "connections". Beyond it, an event stream returns 503, and other responses keep their connection.',
  ),
  streamsPerClient: neither(
    integer(1, 1_000_000).optional(),
    'The same for one client. Beyond it, an event stream returns 429. If unset, a quarter of "streams".',
    { examples: [1024] },
  ),
  bufferChunkedBodies: neither(
    bool().prefault(false),
    'Whether bodies in chunks wait for their end, or for "bodyBuffer" of the route to be full, before the service gets their request, as bodies with a length do. For services with few workers, which one unfinished body occupies. Otherwise, a body that has not ended after a tenth of a second is sent as it arrives.',
    { examples: [true] },
  ),
  queue: described(queue.prefault({}), 'Requests that wait for a free connection.'),
});

const reserved = [
  ['auth-api', 'the Auth API'],
  [identityKeys, 'the public keys of signed identities'],
  ...[...eventUpstreams.keys()].map((name) => [name, 'the gateway, which receives tokens of issuers'] as const),
] as const;

export const upstreams = refined(z.record(declared('an upstream', idPattern, idHint), upstream), (parts, { atKey }) => {
  for (const [name, meaning] of reserved) {
    if (name in parts) atKey([name], `"${name}" always means ${meaning}`, 'choose another name');
  }
});
