/** Keys under `authorizer`. */
import { z } from 'zod';
import { Problem } from '../problem.ts';
import { type Address, parseListenAddress } from '../units/parse-address.ts';
import { added, anyChange, decides, described, exposes, neither } from './key.ts';
import { portTls } from './port-tls.ts';
import { list, type Parts, type Problems, refined } from './refine.ts';
import { integer, text } from './scalar.ts';
import { secret } from './secret.ts';
import { absolutePath, cidr, duration, size } from './values.ts';

const expected = 'an address to listen on, such as "127.0.0.1:8070", or "unix:/run/rolegate/authorizer.sock"';

/** `path`: the path of a Unix socket instead of host and port. */
function addressOrSocket() {
  return text(expected, (value): (Address & { readonly path?: string }) | Problem => {
    if (!value.startsWith('unix:')) return parseListenAddress(value) ?? new Problem(`expected ${expected}`);
    const path = value.slice('unix:'.length);
    // The system's limit (sun_path), without characters that other products' configurations would parse differently.
    const valid = /^\/[A-Za-z0-9._/-]{1,99}$/.test(path);
    return valid
      ? { host: '', port: 0, path }
      : new Problem('expected the full path of a socket, of at most 100 characters');
  });
}

const paths = {
  nginx: 'auth_request of nginx',
  traefik: 'ForwardAuth of Traefik',
  caddy: 'forward_auth of Caddy',
  haproxy: 'the script for HAProxy',
  envoy: 'ext_authz of Envoy over HTTP, also of Istio, Envoy Gateway and agentgateway; the original target follows it',
  'gateway-api': 'ExternalAuth of the Gateway API as NGINX Gateway Fabric reads it',
} as const;

const pathOf = (name: keyof typeof paths) =>
  exposes(
    absolutePath().optional(),
    `Path for ${paths[name]}. If unset, it is not served.`,
    anyChange('clients of the proxy may reach the path without it'),
    {
      examples: [`/${name}`],
    },
  );

const dialects = refined(
  z.strictObject({
    nginx: pathOf('nginx'),
    traefik: pathOf('traefik'),
    caddy: pathOf('caddy'),
    haproxy: pathOf('haproxy'),
    envoy: pathOf('envoy'),
    'gateway-api': pathOf('gateway-api'),
  }),
  checkPaths,
);

/** The path alone determines the dialect of a check, so no path may be below another one. */
function checkPaths(parts: Parts<Readonly<Partial<Record<keyof typeof paths, string>>>>, { at }: Problems): void {
  const entries = Object.entries(parts).filter((entry): entry is [string, string] => entry[1] !== undefined);
  if (Object.keys(parts).length === 0)
    at([], 'expected the path of at least one dialect', 'for example "nginx: /nginx"');
  for (const [name, path] of entries) {
    const other = entries.find(([rival, above]) => rival !== name && (path === above || path.startsWith(`${above}/`)));
    if (path === '/' || path.endsWith('/')) at([name], 'expected a path without "/" at its end', `such as "/${name}"`);
    else if (other !== undefined)
      at([name], `this path is that of "${other[0]}", or below it`, 'use a different path for each');
  }
}

const grpc = z.strictObject({
  listen: exposes(
    addressOrSocket(),
    'Address for checks by Envoy, and products built on it, over gRPC: host and port, or "unix:" and the path of a socket.',
    anyChange('others may reach another address'),
    { examples: ['127.0.0.1:8071'] },
  ),
  tls: portTls('"listen"'),
  maxConnectionAge: neither(
    duration(1_000, 86_400_000).prefault('1m'),
    'Age at which a connection is closed, up to a tenth earlier or later, so that long-lived connections spread over workers and pods.',
  ),
  maxConnectionAgeGrace: neither(
    duration(1_000, 600_000).prefault('10s'),
    'Time for pending checks on such a connection; must be longer than "authorizer.timeout".',
  ),
  maxConcurrentStreams: neither(
    integer(1, 100_000).prefault(1000),
    'Maximum number of concurrent checks on one connection. The proxy holds back further ones.',
  ),
  maxMessage: neither(
    size(64 * 1024, 64 * 1024 ** 2).prefault('1mb'),
    'Maximum size of a check. Larger ones fail. Keep it above what the proxy accepts as headers, plus the body if it sends bodies.',
  ),
});

const keys = z.strictObject({
  listen: exposes(
    addressOrSocket().optional(),
    'Address for checks over HTTP: host and port, or "unix:" and the path of a socket, which the group of the process may open. If unset, checks are only possible over gRPC.',
    anyChange('others may reach another address'),
    { examples: ['127.0.0.1:8070'] },
  ),
  tls: portTls('"listen"'),
  peers: decides(
    list(cidr(), { empty: ['no proxy could call', 'list the proxies that may'], distinct: 'address' }).prefault([
      '127.0.0.0/8',
      '::1',
    ]),
    'Addresses or CIDR ranges of the proxies that may call. Connections from other addresses are closed. What the proxies report about a request is trusted.',
    added('what these callers report about a request is trusted'),
    { examples: [['10.0.7.0/24']] },
  ),
  secret: decides(
    secret('a secret of at least 32 characters').optional(),
    'Secret that proxies send in x-rolegate-authorizer; at least 32 characters. A check without it gets no response. If unset, no secret is required.',
    anyChange('others may know another secret', { loosest: 'unset' }),
    { examples: [`\${ROLEGATE_AUTHORIZER_SECRET}`] },
  ),
  timeout: neither(
    duration(20, 600_000).prefault('6s'),
    'Maximum time for a decision. Exceeding it returns 503. A proxy that announces its own timeout gets the response before that.',
  ),
  dialects: described(dialects.optional(), 'Proxies that check over HTTP, each with its own path.', {
    examples: [{ nginx: '/nginx', envoy: '/envoy' }],
  }),
  grpc: described(grpc.optional(), 'Checks over gRPC (envoy.service.auth.v3). If unset, gRPC is disabled.', {
    examples: [{ listen: '127.0.0.1:8071' }],
  }),
});

export const authorizer = refined(keys, (parts, { at, atKey }) => {
  if (!('listen' in parts || 'dialects' in parts || 'grpc' in parts))
    at([], 'expected "listen" or "grpc"', 'for example "listen: 127.0.0.1:8070"');
  for (const [has, lacks] of [
    ['listen', 'dialects'],
    ['dialects', 'listen'],
  ] as const) {
    if (has in parts && !(lacks in parts)) atKey([has], `"${has}" has no effect without "${lacks}"`, `add "${lacks}"`);
  }
  if ('tls' in parts && !('listen' in parts))
    atKey(['tls'], '"tls" has no effect without "listen"', 'TLS of checks over gRPC belongs under "grpc"');
});
