/** Rolegate's configuration in the comparison: access log and metrics are on, as by default. */
import type { Ports } from './rival-configs.ts';

export interface Variant {
  /** The port of a Redis that stores every verdict, while memory stores one; if unset, memory alone. */
  readonly redis?: number;
  /** Services receive a signed identity. */
  readonly signs?: boolean;
}

export function gateway({ listen, upstream, authApi }: Ports, { redis, signs = false }: Variant = {}): string {
  const cache =
    redis === undefined
      ? '{}'
      : `{ secret: "${'c'.repeat(40)}", accepted: 10m, maxAccepted: 1, redis: { url: "redis://127.0.0.1:${redis}" } }`;
  return `version: 1
server: { listen: "127.0.0.1:${listen}", admin: false }
authApi: { url: "http://127.0.0.1:${authApi}" }
cache: ${cache}
${signs ? 'identityAssertion: { issuer: "https://api.example.test" }\n' : ''}roles: { user: {}, admin: {} }
upstreams:
  service: { targets: ["http://127.0.0.1:${upstream}"] }
routes:
  - { id: public, match: { path: "/public/**" }, upstream: service, access: public }
  - { id: private, match: { path: "/private/**" }, upstream: service, access: [user] }
  - id: tenant
    match: { path: "/{tenant}/items/{id}" }
    upstream: service
    access: [user]
    when: [{ param: tenant, in: identity.groups, unless: [admin], reason: wrong_tenant }]
`;
}
