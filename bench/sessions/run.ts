/**
 * `npm run bench:sessions`: what a session of a browser costs beside an opaque bearer, in alternating rounds: with results in memory, and with
 * a session or a result that each request reads from Redis.
 */
import { writeFileSync } from 'node:fs';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cells, interleaved, ratioOf } from '../interleaved.ts';
import { cpuPerRequest, type LoadJob, type LoadResult } from '../load/load.ts';
import { benchPlace, freePort, startLoadClient, startScript } from '../processes.ts';
import { machine, spread, table, verdict } from '../report.ts';
import { connectSessionStore } from './session-store.ts';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    seconds: { type: 'string', default: '2' },
    warmup: { type: 'string', default: '0.5' },
    check: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(`Usage: npm run bench:sessions -- [options]
  --rounds N   interleaved rounds (default 9)
  --seconds N  measured seconds of each kind in each round (default 2)
  --warmup N   seconds before each measurement (default 0.5)
  --check      exit 1 when a session in memory costs more than 1.05 times a bearer, or one from Redis more than a result from Redis`);
  process.exit(0);
}

const most = { memory: 1.05, redis: 1 };
const issuer = 'https://id.example.test';
const secret = 'a secret of the benchmark that is long enough';
/** More than a gateway with a small memory keeps. */
const many = 500;
const { processes, folder } = benchPlace('sessions');
const upstream = await startScript(processes, 'rest', 'load/upstream.ts');
const authApi = await startScript(processes, 'rest', 'load/auth-api.ts');
const redis = await processes.redis('rest');
if (redis === null) throw new Error('there is no redis-server on the PATH');

const warm = await startGateway('warm', 100_000);
const cold = await startGateway('cold', 10);
// Afterwards: what is older than their Redis may have been revoked.
const ids = await openSessions(redis);
const load = startLoadClient(processes);

const head = 'GET /items/7 HTTP/1.1\r\nHost: app.example.test\r\nUser-Agent: bench/1.0\r\nAccept: */*\r\n';
const withSession = (id: string) => `${head}Cookie: __Host-rolegate=${id}\r\n\r\n`;
const withBearer = (token: string) => `${head}Authorization: Bearer ${token}\r\n\r\n`.replace('/items', '/api');
const bearer = (index: number) => `${'b'.repeat(52)}${String(index).padStart(12, '0')}`;
const cycleOf = (request: (index: number) => string) =>
  Array.from({ length: many }, (_, index) => ({ request: request(index), status: 200 }));
const kinds = {
  bearer: { what: 'opaque bearer, in memory', target: warm, cycle: [{ request: withBearer(bearer(0)), status: 200 }] },
  session: { what: 'session, in memory', target: warm, cycle: [{ request: withSession(ids[0]!), status: 200 }] },
  sharedBearer: { what: 'opaque bearer, from Redis', target: cold, cycle: cycleOf((i) => withBearer(bearer(i))) },
  sharedSession: { what: 'session, from Redis', target: cold, cycle: cycleOf((i) => withSession(ids[i]!)) },
} as const;
type Kind = keyof typeof kinds;
const names = Object.keys(kinds) as Kind[];

for (const name of names) await drive(name, 0.5);
const results = await interleaved(names, Number(options.rounds), (name) => drive(name, Number(options.seconds)));
processes.stopAll();

const memory = ratioOf(results, 'session', 'bearer');
const shared = ratioOf(results, 'sharedSession', 'sharedBearer');
const lines = names.map((name) => [kinds[name].what, ...cells(spread(results.get(name)!.map(cpuPerRequest)), 1)]);
const ratios = [
  ['session / bearer, in memory', ...cells(memory, 2)],
  ['session / bearer, from Redis', ...cells(shared, 2)],
];
const pinned = processes.pinned ? 'gateway on a core of its own' : 'not pinned';
console.log(`${machine}, ${pinned}, ${options.rounds} rounds of ${options.seconds} s

${table(['what', 'CPU us/request', 'least', 'most'], lines)}

${table(['within each round', 'ratio', 'least', 'most'], ratios)}

in memory ${verdict(memory.median, most.memory)}; from Redis ${verdict(shared.median, most.redis)}`);
process.exit(options.check && (memory.median > most.memory || shared.median > most.redis) ? 1 : 0);

async function openSessions(port: number): Promise<string[]> {
  const store = await connectSessionStore(port, secret, issuer);
  const opened: string[] = [];
  while (opened.length < many)
    opened.push(await store.open(`66666666-7777-4888-9999-${String(opened.length).padStart(12, '0')}`));
  await store.close();
  return opened;
}

/** `maxAccepted`: results that it keeps in memory. */
async function startGateway(name: string, maxAccepted: number) {
  const listen = await freePort();
  const file = join(folder, `${name}.yaml`);
  writeFileSync(
    file,
    `version: 1
server: { listen: "127.0.0.1:${listen}", admin: false, limits: { failedAuthentications: false } }
authApi: { url: "http://127.0.0.1:${authApi.port}" }
cache: { secret: "${secret}", maxAccepted: ${maxAccepted}, accepted: 10m, redis: { url: "redis://127.0.0.1:${redis}", timeout: 1s } }
signIn:
  origin: https://app.example.test
  providers: { corp: { issuer: "${issuer}", clientId: bench, clientSecret: bench } }
identityHeaders: { user-id: userId, user-source: source }
roles: { user: {} }
upstreams: { service: { targets: ["http://127.0.0.1:${upstream.port}"] } }
routes:
  - { id: item, match: { path: "/items/{item}" }, upstream: service, credentials: [session], access: [user] }
  - { id: api, match: { path: "/api/{item}" }, upstream: service, credentials: [bearer], access: [user] }
`,
  );
  return processes.rolegate('serve', file, listen, devNull);
}

async function drive(name: Kind, seconds: number): Promise<LoadResult> {
  const { cycle, target } = kinds[name];
  const job: LoadJob = {
    port: target.port,
    pids: [target.pid],
    request: '',
    cycle,
    status: 200,
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
