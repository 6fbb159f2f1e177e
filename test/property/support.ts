/** How often properties run, and their policy: one guarded path, and everything else open. */
import { parseConfig } from '../../src/config/parse-config.ts';
import type { Policy } from '../../src/core/decide.ts';
import type { ResolveIdentity } from '../../src/core/identity/identity.ts';
import type { RequestView } from '../../src/core/request/request-view.ts';

/** `PROPERTY_FACTOR=20` runs twenty times as many cases as the slow tests; the fast ones run a fifth. */
const factor = Number(process.env['PROPERTY_FACTOR'] ?? 1);

export const runs = (usual: number) => ({ numRuns: Math.ceil(usual * factor) });

/** How often a property must meet a case, or it compared too little. A few runs vary more than many. */
export const atLeast = (usual: number) => usual * (factor < 1 ? factor / 2 : factor);

/** Longest time of a property on a busy machine, in milliseconds. */
export const patienceMs = 180_000 * Math.max(1, factor);

export const routes = `
  - { id: admin, match: { path: "/admin/**" }, upstream: service, access: [admin] }
  - { id: item, match: { path: "/items/**" }, upstream: service, access: { "GET,POST": public, DELETE: [admin] } }
  - { id: files, match: { path: "/files/**" }, upstream: service, access: public, path: { encodedSlash: keep } }
  - { id: params, match: { path: "/params/**" }, upstream: service, access: public, path: { semicolon: keep } }
  - { id: private, match: { path: "/private/**" }, upstream: service, access: authenticated }
  - { id: rest, match: { path: "/**" }, upstream: service, access: public }
`;

export function configText(targets: string, authApiPort: number): string {
  return `version: 1
server: { listen: "127.0.0.1:0", admin: false, limits: { requestTimeout: 30s } }
authApi: { url: "http://127.0.0.1:${authApiPort}" }
roles: { user: {}, admin: { inherits: [user] } }
upstreams: { service: { targets: ["${targets}"] } }
routes:${routes}`;
}

export function readPolicy(): Policy {
  const read = parseConfig(configText('http://127.0.0.1:9', 9), { file: 'p.yaml', env: {}, readSecret: () => '' });
  if (!read.ok) throw new Error(read.problems.map(({ message }) => message).join('\n'));
  return { routes: read.config.routes, credentials: read.config.credentials, roleMapping: null };
}

/** Accepts no credential. */
export const nobody: ResolveIdentity = () => ({
  identity: null,
  reason: 'credential_rejected',
  retryAfterS: null,
  source: 'memory',
});

/** Ann, a user but not an administrator, by the bearer `good`. */
export const ann: ResolveIdentity = (credential, ...rest) =>
  credential.kind === 'bearer' && credential.token === 'good'
    ? {
        identity: {
          kind: 'bearer',
          userId: 'ann',
          roles: ['user'],
          groups: [],
          alias: null,
          fullName: null,
          sessionId: 's',
          keyId: null,
          tokenId: null,
          issuedAtMs: null,
          authenticatedAtMs: null,
          claims: {},
          source: 'authApi',
          acceptedBy: 'authApi',
          expireAtMs: Number.POSITIVE_INFINITY,
        },
        reason: null,
        stale: false,
        source: 'memory',
      }
    : nobody(credential, ...rest);

export function view(method: string, target: string, headers: readonly string[] = ['Host', 'a.test']): RequestView {
  return { method, target, rawHeaders: headers, httpVersion: '1.1' };
}
