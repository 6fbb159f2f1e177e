/** Writes the rules of many teams: a file of routes each, with roles of their own, and one policy for all of them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Returns the name of the main file. */
export function writeTeams(folder: string, routes: number, teams: number): string {
  mkdirSync(join(folder, 'routes'), { recursive: true });
  const names = Array.from({ length: teams }, (_, index) => `team${index}`);
  const roles = names.map((name) => `  ${name}_viewer: {}\n  ${name}_editor: { inherits: [${name}_viewer] }\n`);
  const delegations = names.map(
    (name) =>
      `  ${name}: { include: routes/${name}.yaml, paths: [/${name}], upstreams: [services], roles: [${name}_viewer, ${name}_editor, support, robot, ops], may: [public, when, maxAuthAge] }\n`,
  );
  const config = join(folder, 'gateway.yaml');
  writeFileSync(
    config,
    `version: 1
server: { listen: "127.0.0.1:0", admin: false }
authApi: { url: "http://127.0.0.1:9" }
teams:
${delegations.join('')}roles:
  support: {}
  ops: { inherits: [support] }
  robot: {}
${roles.join('')}upstreams: { services: { targets: ["http://127.0.0.1:9"] } }
policies:
  - id: network
    match: { path: "/**" }
    when: [{ not: { client: address, cidr: 192.0.2.0/24 }, reason: blocked_network }]
routes: [{ id: home, match: { path: / }, upstream: services, access: [ops] }]
`,
  );
  for (const [at, name] of names.entries()) {
    const count = Math.floor((routes - 1 + at) / teams);
    const entries = Array.from({ length: count }, (_, index) => kinds[index % kinds.length]!(name, index));
    writeFileSync(
      join(folder, 'routes', `${name}.yaml`),
      `routes:\n${entries.map((entry) => `  - { upstream: services, ${entry} }\n`).join('')}`,
    );
  }
  return config;
}

const ofTenant = 'when: [{ param: tenant, in: identity.groups, unless: [support], reason: wrong_tenant }]';

/** The routes of a team, by turns. */
const kinds: readonly ((team: string, index: number) => string)[] = [
  (team, n) =>
    `id: ${team}-list${n}, match: { path: "/${team}/list${n}/{tenant}" }, access: { GET: [${team}_viewer, support], POST: [${team}_editor] }, ${ofTenant}`,
  (team, n) =>
    `id: ${team}-item${n}, match: { path: "/${team}/list${n - 1}/{tenant}/{id:int}" }, access: { GET: [${team}_viewer], PUT: [${team}_editor], DELETE: { all: [${team}_editor], none: [robot] } }, ${ofTenant}`,
  (team, n) =>
    `id: ${team}-plain${n}, match: { path: "/${team}/plain${n}" }, access: { GET: [${team}_viewer, robot], PATCH: [${team}_editor] }`,
  (team, n) => `id: ${team}-open${n}, match: { path: "/${team}/open${n}/**" }, access: { GET: public }`,
  (team, n) =>
    `id: ${team}-admin${n}, match: { path: "/${team}/admin${n}" }, access: { any: [ops, ${team}_editor] }, maxAuthAge: 1h`,
];
