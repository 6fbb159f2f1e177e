/**
 * How long three replicas take to refuse a JWT whose session was ended by back-channel logout: from the logout token to its
 * response, and from that response until each replica refuses a request.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { benchPlace, freePort, untilListening } from '../processes.ts';
import { machine, table, verdict } from '../report.ts';

const usage = `npm run bench:logout -- [options]
  --main FILE         the gateway that is measured (default src/main.ts)
  --times N           logouts (default 300)
  --check             ends with 1 when a target is missed`;

const targetMs = 20;
const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout';

const { values: options } = parseArgs({
  options: {
    main: { type: 'string', default: 'src/main.ts' },
    times: { type: 'string', default: '300' },
    check: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(usage);
  process.exit(0);
}
const times = Number(options.times);
if (!Number.isInteger(times) || times < 1) throw new Error(usage);

const { processes, folder } = benchPlace('logout');
const { publicKey, privateKey } = await generateKeyPair('ES256');
const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256' }] });
const issuerServer = createServer((_request, response) => {
  response.setHeader('content-type', 'application/json').end(keys);
});
issuerServer.listen(0, '127.0.0.1');
await once(issuerServer, 'listening');
issuerServer.unref();
const issuer = `http://127.0.0.1:${(issuerServer.address() as AddressInfo).port}`;

const service = await processes.script('any', 'load/upstream.ts');
const redis = await processes.redis('any');
if (redis === null) throw new Error('there is no redis-server on the PATH');
const replicas: { readonly port: number; readonly admin: number }[] = [];
for (let index = 0; index < 3; index += 1) {
  const replica = { port: await freePort(), admin: await freePort() };
  const config = join(folder, `replica-${index}.yaml`);
  writeFileSync(config, configOf(replica));
  const command = [process.execPath, options.main, 'serve', '--config', config] as const;
  await untilListening(replica.port, processes.start('any', command, ['ignore', 'ignore', 'inherit']));
  replicas.push(replica);
}

const acknowledged: number[] = [];
const refused: number[] = [];
for (let index = 0; index < times; index += 1) {
  const sid = `session-${index}`;
  const bearer = await sign({ aud: 'orders', sub: `user-${index}`, roles: ['user'], sid }, 'at+jwt');
  for (const replica of replicas) if ((await statusAt(replica, bearer)) !== 200) throw new Error('a token is not good');
  const token = await sign({ aud: 'web', sid, events: { [logoutEvent]: {} } }, 'logout+jwt');
  const sentAt = performance.now();
  const status = await logout(replicas[index % replicas.length]!, token);
  const respondedAt = performance.now();
  if (status !== 200) throw new Error(`a logout token was answered with ${status}`);
  const statuses = await Promise.all(replicas.map((replica) => statusAt(replica, bearer)));
  if (statuses.some((one) => one !== 401)) throw new Error(`accepted after the response: ${statuses.join(', ')}`);
  acknowledged.push(respondedAt - sentAt);
  refused.push(performance.now() - respondedAt);
}

const worst = at(refused, 0.99);
const row = (what: string, values: readonly number[]) => [
  what,
  ...[0.5, 0.99, 1].map((share) => at(values, share).toFixed(2)),
];
console.log(`${machine}; ${times} logouts, three replicas, one Redis\n`);
console.log(
  table(
    ['ms', 'p50', 'p99', 'longest'],
    [row('logout token to its response', acknowledged), row('response to 401 at all three replicas', refused)],
  ),
);
console.log(`\np99 until all refuse, ms ${verdict(worst, targetMs)}`);
process.exit(options.check && worst > targetMs ? 1 : 0);

function at(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

function sign(claims: object, typ: string): Promise<string> {
  const iat = Math.floor(Date.now() / 1000);
  return new SignJWT({ iss: issuer, iat, exp: iat + 300, jti: randomUUID(), ...claims })
    .setProtectedHeader({ alg: 'ES256', kid: 'k', typ })
    .sign(privateKey);
}

async function statusAt({ port }: { readonly port: number }, bearer: string): Promise<number> {
  const headers = { authorization: `Bearer ${bearer}` };
  const response = await fetch(`http://127.0.0.1:${port}/private/7`, { headers });
  await response.arrayBuffer();
  return response.status;
}

async function logout({ admin }: { readonly admin: number }, token: string): Promise<number> {
  const body = new URLSearchParams({ logout_token: token });
  const response = await fetch(`http://127.0.0.1:${admin}/backchannel-logout`, { method: 'POST', body });
  await response.arrayBuffer();
  return response.status;
}

function configOf({ port, admin }: { readonly port: number; readonly admin: number }): string {
  return `version: 1
server: { listen: "127.0.0.1:${port}", admin: "127.0.0.1:${admin}" }
log: { level: warn, access: false }
sources:
  issuer: { kind: jwt, issuer: "${issuer}", jwks: "${issuer}/jwks", audience: [orders], logout: { audience: [web] } }
cache:
  secret: "a secret of the benchmark that is long enough"
  redis: { url: "redis://127.0.0.1:${redis}", timeout: 1s }
roles: { user: {} }
upstreams: { service: { targets: ["http://127.0.0.1:${service.port}"] } }
routes:
  - { id: private, match: { path: "/private/**" }, upstream: service, access: [user] }
`;
}
