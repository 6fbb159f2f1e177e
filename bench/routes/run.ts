/**
 * `npm run bench:routes`: CPU per request with a thousand routes compared to ten, and with ten thousand cached identities compared
 * to a hundred. Three gateways take turns, and each request uses a random route and identity.
 */
import { writeFileSync } from 'node:fs';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { cpuPerRequest, type LoadResult } from '../load/load.ts';
import { get, manyBearers, withBearer } from '../load/requests.ts';
import { readOptions } from '../options.ts';
import { benchPlace, freePort, type Started, startLoadClient, startScript } from '../processes.ts';
import { machine, median, quartiles, spread, table, verdict } from '../report.ts';

const options = readOptions(
  `Usage: npm run bench:routes -- [options]
  --rounds N    interleaved rounds (default 15)
  --seconds N   measured seconds of each gateway in each round (default 1)
  --check       exit 1 when a target is not met`,
  {
    rounds: { type: 'string', default: '15' },
    seconds: { type: 'string', default: '1' },
    check: { type: 'boolean', default: false },
  },
);

/** The first is the baseline. */
const sides = [
  { routes: 10, identities: 100, target: 1 },
  { routes: 1_000, identities: 100, target: 1.05 },
  { routes: 10, identities: 10_000, target: 1.1 },
];
const { processes, folder } = benchPlace('routes');
const upstream = await startScript(processes, 'rest', 'load/upstream.ts');
const authApi = await startScript(processes, 'rest', 'load/auth-api.ts');
const load = startLoadClient(processes);
const gateways: Started[] = [];
for (const [index, { routes }] of sides.entries()) gateways.push(await startGateway(`${index}.yaml`, routes));
console.log(`${machine}, ${options.rounds} rounds of ${options.seconds} s\n`);

const rounds: number[][] = [];
// Enough requests to have every identity in memory before the measurement.
for (const [side, { identities }] of sides.entries()) {
  for (let sent = 0; sent < 10 * identities; ) sent += (await drive(side, 1)).requests;
}
for (let round = 0; round < Number(options.rounds); round += 1) {
  const each: number[] = [];
  for (const side of sides.keys()) each.push(cpuPerRequest(await drive(side, 0.5)));
  rounds.push(each);
}

let missed = false;
const rows = sides.map(({ routes, identities, target }, side) => {
  const ratio = spread(rounds.map((each) => each[side]! / each[0]!));
  missed ||= ratio.median > target;
  const cpu = median(rounds.map((each) => each[side]!)).toFixed(1);
  const compared = side === 0 ? ['', ''] : [quartiles(ratio, 3), verdict(ratio.median, target)];
  return [routes.toLocaleString('en'), identities.toLocaleString('en'), cpu, ...compared];
});
console.log(table(['routes', 'identities', 'CPU us / request', 'over the first (p25 - median - p75)', 'target'], rows));
process.exit(options.check && missed ? 1 : 0);

async function startGateway(name: string, routes: number): Promise<Started> {
  const listen = await freePort();
  const file = join(folder, name);
  const entries = Array.from({ length: routes }, (_, index) => {
    const place = String(index).padStart(12, '0');
    return `  - { id: r${index}, match: { path: "/v1/${place}/things/{id}" }, upstream: service, access: { GET: [user], DELETE: [admin] } }\n`;
  });
  writeFileSync(
    file,
    `version: 1
server: { listen: "127.0.0.1:${listen}", admin: false }
authApi: { url: "http://127.0.0.1:${authApi.port}" }
cache: { accepted: 1h, refreshAhead: false }
roles: { user: {}, admin: { inherits: [user] } }
upstreams: { service: { targets: ["http://127.0.0.1:${upstream.port}"] } }
routes:
${entries.join('')}`,
  );
  return processes.rolegate('serve', file, listen, devNull);
}

function drive(side: number, warmupSeconds: number): Promise<LoadResult> {
  const { port, pid } = gateways[side]!;
  const { routes, identities } = sides[side]!;
  return load({
    port,
    pids: [pid],
    request: get('/v1/{r}/things/7', withBearer(manyBearers)),
    numbers: identities,
    routes,
    status: 200,
    connections: 64,
    warmupMs: warmupSeconds * 1_000,
    measureMs: Number(options.seconds) * 1_000,
  });
}
