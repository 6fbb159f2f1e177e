/**
 * `npm run bench:tokens`: what tokens cost. Compares a JWT whose result is in memory with an opaque bearer, in alternating rounds.
 * Also measures the first verification of a JWT by algorithm, and a token that does not have the shape of one.
 */
import { writeFileSync } from 'node:fs';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { cells, interleaved, ratioOf } from '../interleaved.ts';
import { cpuPerRequest, type LoadJob, type LoadResult } from '../load/load.ts';
import { benchPlace, freePort, startLoadClient, startScript } from '../processes.ts';
import { machine, spread, table, verdict } from '../report.ts';
import { firstVerifications } from './first-verifications.ts';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    seconds: { type: 'string', default: '2' },
    warmup: { type: 'string', default: '0.5' },
    tokens: { type: 'string', default: '2000' },
    check: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(`Usage: npm run bench:tokens -- [options]
  --rounds N   interleaved rounds (default 9)
  --seconds N  measured seconds of each kind of token in each round (default 2)
  --warmup N   seconds before each measurement (default 0.5)
  --tokens N   tokens that are verified for the first time, by algorithm (default 2000)
  --check      exit 1 when a warm JWT costs more than 1.05 times an opaque bearer`);
  process.exit(0);
}

const issuer = 'https://id.example.test';
const most = 1.05;
const { processes, folder } = benchPlace('tokens');
const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
writeFileSync(join(folder, 'issuer.json'), JSON.stringify(await exportJWK(publicKey)));
const now = Math.floor(Date.now() / 1000);
const claims = { sub: '66666666-7777-4888-9999-aaaaaaaaaaaa', roles: ['user'], groups: ['public', 'acme'], jti: 'a-1' };
const jwt = await new SignJWT({ iss: issuer, aud: 'orders', iat: now, exp: now + 86_400, ...claims })
  .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt' })
  .sign(privateKey);

const upstream = await startScript(processes, 'rest', 'load/upstream.ts');
const authApi = await startScript(processes, 'rest', 'load/auth-api.ts');
const gateway = await startGateway('any', '');
const shaped = await startGateway('shaped', 'credentials: { bearer: { shape: { prefix: "acme_", length: 37 } } }');
const load = startLoadClient(processes);

const get = (token: string) =>
  `GET /items/7 HTTP/1.1\r\nHost: api.example.test\r\nUser-Agent: bench/1.0\r\nAccept: */*\r\nAuthorization: Bearer ${token}\r\n\r\n`;
const kinds = {
  opaque: { what: 'opaque bearer of 64 characters', request: get('b'.repeat(64)), status: 200, target: gateway },
  long: {
    what: 'opaque bearer as long as the JWT',
    request: get('b'.repeat(jwt.length)),
    status: 200,
    target: gateway,
  },
  jwt: { what: `JWT (ES256, ${jwt.length} characters)`, request: get(jwt), status: 200, target: gateway },
  junk: {
    what: 'another token each time, of a wrong shape',
    request: get(`junk_${'j'.repeat(20)}{n}`),
    status: 401,
    target: shaped,
  },
} as const;
type Kind = keyof typeof kinds;
const names = Object.keys(kinds) as Kind[];

for (const name of names) await drive(name, 0.5);
const results = await interleaved(names, Number(options.rounds), (name) => drive(name, Number(options.seconds)));
processes.stopAll();

const lines = names.map((name) => [kinds[name].what, ...cells(spread(results.get(name)!.map(cpuPerRequest)), 1)]);
const warm = ratioOf(results, 'jwt', 'opaque');
const ratios = [
  ['JWT / opaque bearer', ...cells(warm, 2)],
  ['JWT / opaque bearer as long', ...cells(ratioOf(results, 'jwt', 'long'), 2)],
];
const first = (await firstVerifications(Number(options.tokens))).map(({ algorithm, cpuUs, p50Us, p99Us }) => [
  algorithm,
  ...[cpuUs, p50Us, p99Us].map((value) => value.toFixed(0)),
]);
const pinned = processes.pinned ? 'gateway on a core of its own' : 'not pinned';
console.log(`${machine}, ${pinned}, ${options.rounds} rounds of ${options.seconds} s

${table(['result in memory', 'CPU us/request', 'least', 'most'], lines)}

${table(['within each round', 'ratio', 'least', 'most'], ratios)}

${table(['first verification', 'CPU us', 'p50 us', 'p99 us'], first)}

CPU of a JWT ${verdict(warm.median, most)} (times an opaque bearer)`);
process.exit(options.check && warm.median > most ? 1 : 0);

async function startGateway(name: string, more: string) {
  const listen = await freePort();
  const file = join(folder, `${name}.yaml`);
  writeFileSync(
    file,
    `version: 1
server: { listen: "127.0.0.1:${listen}", admin: false, limits: { failedAuthentications: false } }
authApi: { url: "http://127.0.0.1:${authApi.port}" }
sources: { issuer: { kind: jwt, issuer: "${issuer}", audience: [orders], keys: [{ file: issuer.json }] } }
${more}
identityHeaders: { user-id: userId, user-source: source }
roles: { user: {} }
upstreams: { service: { targets: ["http://127.0.0.1:${upstream.port}"] } }
routes: [{ id: item, match: { path: "/items/{item}" }, upstream: service, access: [user] }]
`,
  );
  return processes.rolegate('serve', file, listen, devNull);
}

async function drive(name: Kind, seconds: number): Promise<LoadResult> {
  const { request, status, target } = kinds[name];
  const job: LoadJob = {
    port: target.port,
    pids: [target.pid],
    request,
    status,
    connections: 64,
    warmupMs: Number(options.warmup) * 1000,
    measureMs: seconds * 1000,
  };
  // If the machine stalled, there was nothing to measure.
  for (;;) {
    const result = await load(job);
    if (result.requests > 0) return result;
  }
}
