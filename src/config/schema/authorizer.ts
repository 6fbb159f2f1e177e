/** Keys under `authorizer`. */
import { z } from 'zod';
import { Refusal } from '../refusal.ts';
import { type Address, parseListenAddress } from '../units/parse-address.ts';
import { decides, described, exposes, neither } from './key-class.ts';
import { list, type Parts, type Problems, refined } from './refine.ts';
import { text } from './scalar.ts';
import { secret } from './secret.ts';
import { absolutePath, cidr, duration } from './values.ts';

const expected = 'an address to listen on, such as "127.0.0.1:8070", or "unix:/run/rolegate/authorizer.sock"';

/** `path`: of a Unix socket, in place of host and port. */
function addressOrSocket() {
  return text(expected, (value): (Address & { readonly path?: string }) | Refusal => {
    if (!value.startsWith('unix:')) return parseListenAddress(value) ?? new Refusal(`expected ${expected}`);
    const path = value.slice('unix:'.length);
    // What the system takes (sun_path), and no signs that other products' configurations would read otherwise.
    const valid = /^\/[A-Za-z0-9._/-]{1,99}$/.test(path);
    return valid
      ? { host: '', port: 0, path }
      : new Refusal('expected the full path of a socket, of at most 100 signs');
  });
}

const paths = {
  nginx: 'auth_request of nginx',
  traefik: 'ForwardAuth of Traefik',
  caddy: 'forward_auth of Caddy',
  haproxy: 'the script for HAProxy',
  envoy:
    'ext_authz of Envoy over HTTP, also of Istio, Envoy Gateway and agentgateway; the original target is behind it',
  'gateway-api': 'ExternalAuth of the Gateway API as NGINX Gateway Fabric reads it',
} as const;

const pathOf = (name: keyof typeof paths) =>
  exposes(absolutePath().optional(), `Path for ${paths[name]}. If unset: it cannot ask.`, { examples: [`/${name}`] });

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

/** Which dialect a check is in follows from its path alone, so none is below another one. */
function checkPaths(parts: Parts<Readonly<Partial<Record<keyof typeof paths, string>>>>, { at }: Problems): void {
  const written = Object.entries(parts).filter((entry): entry is [string, string] => entry[1] !== undefined);
  if (Object.keys(parts).length === 0)
    at([], 'expected the path of at least one dialect', 'for example "nginx: /nginx"');
  for (const [name, path] of written) {
    const other = written.find(([rival, above]) => rival !== name && (path === above || path.startsWith(`${above}/`)));
    if (path === '/' || path.endsWith('/')) at([name], 'expected a path without "/" at its end', `such as "/${name}"`);
    else if (other !== undefined) at([name], `this path is that of "${other[0]}", or below it`, 'give each its own');
  }
}

export const authorizer = z.strictObject({
  listen: exposes(
    addressOrSocket(),
    'Where other proxies ask: host and port, or "unix:" and the path of a socket, which the group of the process may open.',
    { examples: ['127.0.0.1:8070'] },
  ),
  peers: decides(
    list(cidr(), { empty: ['no proxy could ask', 'name the proxies that may'], distinct: 'address' }).prefault([
      '127.0.0.0/8',
      '::1',
    ]),
    'Addresses or CIDR ranges of the proxies that may ask; connections of others are closed. They are believed what they say of a request.',
    { examples: [['10.0.7.0/24']] },
  ),
  secret: decides(
    secret('a secret of at least 32 characters').optional(),
    'What proxies send in x-rolegate-authorizer; at least 32 characters. A check without it gets no response. If unset: none is expected.',
    { examples: [`\${ROLEGATE_AUTHORIZER_SECRET}`] },
  ),
  timeout: neither(
    duration(20, 600_000).prefault('5s'),
    'Longest wait for a decision; beyond it: 503. A proxy that says how long it waits gets its response before that.',
  ),
  dialects: described(dialects, 'How proxies ask, each at a path of its own.', {
    examples: [{ nginx: '/nginx', envoy: '/envoy' }],
  }),
});
