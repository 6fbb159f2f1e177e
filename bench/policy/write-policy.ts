/** Writes a policy of any length, with realistic routes and tests. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface WrittenPolicy {
  readonly config: string;
  /** A URL that one of its routes matches. */
  readonly url: string;
}

export function policyText(routes: number, authApi = 'http://127.0.0.1:9'): string {
  const entries = Array.from({ length: routes }, (_, index) => {
    const { host, path } = placeOf(index);
    return `  - id: route-${index}
    match: { host: ${host}, path: "${path}/{id}" }
    upstream: orders
    access:
      GET: [user]
      PUT,PATCH: [reporter]
      DELETE: { all: [admin] }
`;
  });
  return `version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0", adminToken: "a-token-of-the-benchmark-only-0123456789" }
log: { level: info, access: false }
authApi: { url: "${authApi}" }
roles: { user: {}, reporter: { inherits: [user] }, admin: { inherits: [reporter] } }
upstreams: { orders: { targets: ["http://127.0.0.1:9"] } }
routes:
${entries.join('')}`;
}

function placeOf(index: number): { readonly host: string; readonly path: string } {
  return { host: `api${index % 10}.example.test`, path: `/v1/area${index % 100}/thing${index}` };
}

export function writePolicy(folder: string, routes: number, cases: number): WrittenPolicy {
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'gateway.yaml');
  writeFileSync(config, policyText(routes));
  const written = Array.from({ length: cases }, (_, index) => {
    const { host, path } = placeOf(Math.floor((index * routes) / cases));
    const [method, who] = index % 2 === 0 ? ['GET', 'ann'] : ['DELETE', 'bob'];
    return `  - { name: case ${index}, request: "${method} http://${host}${path}/7", as: ${who}, expect: allow }\n`;
  });
  const identities = 'identities:\n  ann: { roles: [user] }\n  bob: { roles: [admin] }\n';
  writeFileSync(join(folder, 'gateway.test.yaml'), `${identities}cases:\n${written.join('')}`);
  const { host, path } = placeOf(0);
  return { config, url: `http://${host}${path}/7` };
}
