/**
 * `npm run bench:routes`: CPU per request of a gateway with ten routes and of one with ten thousand, all of them used at
 * random, in turns; and the time of a decision among a thousand cached identities and among a hundred thousand, with
 * what these take in memory.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { LoadAnswer, LoadJob } from '../load/load.ts';
import { Processes, type Started } from '../load/processes.ts';
import { freePort } from '../micro/processes.ts';
import { spread } from '../micro/report.ts';
import { identitiesCost, printableIdentities } from './identities.ts';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    seconds: { type: 'string', default: '1.5' },
    blocks: { type: 'string', default: '100' },
    check: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(`Usage: npm run bench:routes -- [options]
  --rounds N    pairs of measurements of the gateways (default 15)
  --seconds N   of each (default 1.5)
  --blocks N    rounds of decisions among identities (default 100)
  --check       exit 1 when an aim is not met`);
  process.exit(0);
}

const counts = [10, 10_000] as const;
const aims = { routes: 1.05, identities: 1.1, addedMb: 100 };

const folder = mkdtempSync(join(tmpdir(), 'rolegate-routes-'));
const processes = new Processes();
process.on('exit', () => {
  processes.stopAll();
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

const upstream = await processes.script('rest', 'upstream.ts');
const authApi = await processes.script('rest', 'auth-api.ts');
const [few, many] = [await gatewayOf(counts[0]), await gatewayOf(counts[1])];
const client = processes.client();
console.log(
  `Node ${process.version}, ${availableParallelism()} x ${cpus()[0]?.model ?? 'unknown'}, ` +
    `${options.rounds} rounds of ${options.seconds} s, ${options.blocks} of 2,000 decisions\n`,
);

const pairs: [few: number, many: number][] = [];
for (let round = -2; round < Number(options.rounds); round += 1) {
  const first = round % 2 === 0;
  const early = first ? await cpuUs(few, counts[0]) : 0;
  const manyUs = await cpuUs(many, counts[1]);
  const fewUs = first ? early : await cpuUs(few, counts[0]);
  if (round >= 0) pairs.push([fewUs, manyUs]);
}
const ratio = spread(pairs.map(([us, manyUs]) => manyUs / us));
const identities = await identitiesCost(`http://127.0.0.1:${authApi.port}`, 1_000, 100_000, Number(options.blocks));

const met = (value: number, aim: number) => `<= ${aim}: ${value <= aim ? 'met' : 'NOT met'}`;
const shown = ({ p25, median, p75 }: typeof ratio) => [p25, median, p75].map((value) => value.toFixed(3)).join(' - ');
const middle = (of: (pair: [number, number]) => number) => spread(pairs.map(of)).median.toFixed(1);
console.log('| | few | many | many / few (p25 - median - p75) | aim |');
console.log('|---|---:|---:|---|---|');
console.log(
  `| CPU us per request: 10 routes, 10,000 routes | ${middle(([us]) => us)} | ${middle(([, us]) => us)} | ${shown(ratio)} | ${met(ratio.median, aims.routes)} |`,
);
console.log(`\n${printableIdentities(identities, { ratio: aims.identities, addedMb: aims.addedMb })}`);
const missed =
  ratio.median > aims.routes || identities.ratio.median > aims.identities || identities.addedMb > aims.addedMb;
process.exit(options.check && missed ? 1 : 0);

async function gatewayOf(routes: number): Promise<Started> {
  const listen = await freePort();
  const file = join(folder, `${routes}.yaml`);
  const entries = Array.from({ length: routes }, (_, index) => {
    const name = String(index).padStart(12, '0');
    return `  - { id: r${index}, match: { path: "/v1/${name}/things/{id}" }, upstream: service, access: { GET: [user], DELETE: [admin] } }\n`;
  });
  writeFileSync(
    file,
    `version: 1
server: { listen: "127.0.0.1:${listen}", admin: false }
authApi: { url: "http://127.0.0.1:${authApi.port}" }
roles: { user: {}, admin: { inherits: [user] } }
upstreams: { service: { targets: ["http://127.0.0.1:${upstream.port}"] } }
routes:
${entries.join('')}`,
  );
  return processes.rolegate('serve', file, listen, devNull);
}

/** Every route is as likely as any other. */
async function cpuUs({ port, pid }: Started, routes: number): Promise<number> {
  const job: LoadJob = {
    port,
    pids: [pid],
    request: `GET /v1/{n}/things/7 HTTP/1.1\r\nHost: api.example.test\r\nAuthorization: Bearer ${'b'.repeat(64)}\r\n\r\n`,
    numbers: routes,
    status: 200,
    connections: 64,
    warmupMs: 200,
    measureMs: Number(options.seconds) * 1_000,
  };
  client.send(job);
  const [answer] = (await once(client, 'message')) as [LoadAnswer];
  if (!answer.ok) throw new Error(`${routes} routes: ${answer.error}`);
  return answer.result.cpuUs / answer.result.requests;
}
