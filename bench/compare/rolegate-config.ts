/** Rolegate's configuration in the comparison: access log and metrics are on, as by default. */

import type { Config } from '../../src/config/config.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import type { Ports } from './rival-configs.ts';

export interface Variant {
  /** The port of a Redis that stores every verdict, while memory stores one; if unset, memory alone. */
  readonly redis?: number;
  /** Services receive a signed identity. */
  readonly signs?: boolean;
  /** Ports for checks of other proxies. */
  readonly checks?: { readonly http: number; readonly grpc: number };
}

export function gateway({ listen, upstream, authApi }: Ports, { redis, signs = false, checks }: Variant = {}): string {
  const cache =
    redis === undefined
      ? '{}'
      : `{ secret: "${'c'.repeat(40)}", accepted: 10m, maxAccepted: 1, redis: { url: "redis://127.0.0.1:${redis}" } }`;
  // The requests with unknown credentials come from one address, at a rate that the default takes for guesses.
  const failures = 'failedAuthentications: { perClient: 1000000 }';
  // A proxy on the same core makes the event loop late, and checks would be refused for it.
  const limits = checks === undefined ? failures : `${failures}, eventLoopLag: 0s`;
  const authorizer =
    checks === undefined
      ? ''
      : `authorizer:
  listen: "127.0.0.1:${checks.http}"
  grpc: { listen: "127.0.0.1:${checks.grpc}" }
  dialects: { traefik: /traefik, envoy: /envoy }
`;
  return `version: 1
server: { listen: "127.0.0.1:${listen}", admin: false, limits: { ${limits} } }
${authorizer}authApi: { url: "http://127.0.0.1:${authApi}" }
cache: ${cache}
${signs ? 'identityAssertion: { issuer: "https://api.example.test" }\n' : ''}roles: { user: {}, admin: { inherits: [user] } }
upstreams:
  service: { targets: ["http://127.0.0.1:${upstream}"] }
routes:
  - { id: public, match: { path: "/public/**" }, upstream: service, access: public }
  - { id: private, match: { path: "/private/**" }, upstream: service, access: [user] }
  - { id: admin, match: { path: "/admin/**" }, upstream: service, access: [admin] }
  - id: tenant
    match: { path: "/{tenant}/items/{id}" }
    upstream: service
    access: [user]
    when: [{ param: tenant, in: identity.groups, unless: [admin], reason: wrong_tenant }]
`;
}

export function parsed(text: string): Config {
  const read = parseConfig(text, { file: 'gateway.yaml', env: {}, readSecret: () => '' });
  if (!read.ok) throw new Error('the configuration of the benchmark has problems');
  return read.config;
}
