/**
 * `npm run bench:routes`: CPU per request of a gateway with ten routes and of one with ten thousand, in turns: all of them used
 * at random, as Zipf has it, and ten of them. Each request names one of ten thousand things, however many routes there are,
 * so that requests are alike but for their routes. And the time of a decision among a thousand cached identities and among
 * a hundred thousand, with what these take in memory.
 */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus, devNull } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { LoadAnswer, LoadJob } from '../load/load.ts';
import { benchPlace, type Started } from '../load/processes.ts';
import { freePort } from '../processes.ts';
import { type Spread, spread } from '../spread.ts';
import { identitiesCost, printableIdentities } from './identities.ts';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '0.12' },
    blocks: { type: 'string', default: '100' },
    check: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(`Usage: npm run bench:routes -- [options]
  --rounds N    pairs of measurements of the gateways (default 100)
  --seconds N   of each (default 0.12): the machine is faster and slower from second to second
  --blocks N    rounds of decisions among identities (default 100)
  --check       exit 1 when an aim is not met`);
  process.exit(0);
}

const counts = [10, 10_000] as const;
const aims = { routes: 1.05, identities: 1.1, addedMb: 100 };

const { processes, folder } = benchPlace('routes');

const upstream = await processes.script('rest', 'upstream.ts');
const authApi = await processes.script('rest', 'auth-api.ts');
const [few, many] = [await gatewayOf(counts[0]), await gatewayOf(counts[1])];
const client = processes.client();
console.log(
  `Node ${process.version}, ${availableParallelism()} x ${cpus()[0]?.model ?? 'unknown'}, ` +
    `${options.rounds} rounds of ${options.seconds} s, ${options.blocks} of 2,000 decisions\n`,
);

/** How the routes of the larger gateway are used; the first is what the aim is about. */
const uses = [
  { name: '10,000 routes at random', used: counts[1], skewed: false },
  { name: '10,000 as Zipf has it', used: counts[1], skewed: true },
  { name: 'ten of 10,000', used: counts[0], skewed: false },
];
const ofUses = uses.map((): [few: number, many: number][] => []);
for (let round = -5; round < Number(options.rounds); round += 1) {
  for (const [index, { used, skewed }] of uses.entries()) {
    const first = (round + index) % 2 === 0;
    const warmupMs = round < 0 ? 400 : 60;
    const early = first ? await cpuUs(few, counts[0], counts[0], false, warmupMs) : 0;
    const manyUs = await cpuUs(many, counts[1], used, skewed, warmupMs);
    const fewUs = first ? early : await cpuUs(few, counts[0], counts[0], false, warmupMs);
    if (round >= 0) ofUses[index]!.push([fewUs, manyUs]);
  }
}
const ratios = ofUses.map((pairs) => spread(pairs.map(([us, manyUs]) => manyUs / us)));
const ratio = ratios[0]!;
const identities = await identitiesCost(`http://127.0.0.1:${authApi.port}`, 1_000, 100_000, Number(options.blocks));

const met = (value: number, aim: number) => `<= ${aim}: ${value <= aim ? 'met' : 'NOT met'}`;
const shown = ({ p25, median, p75 }: Spread) => [p25, median, p75].map((value) => value.toFixed(3)).join(' - ');
const middle = (values: readonly number[]) => spread(values).median.toFixed(1);
console.log('| | few | many | many / few (p25 - median - p75) | aim |');
console.log('|---|---:|---:|---|---|');
for (const [index, { name }] of uses.entries()) {
  const pairs = ofUses[index]!;
  const [fewUs, manyUs] = [middle(pairs.map(([us]) => us)), middle(pairs.map(([, us]) => us))];
  const aim = index === 0 ? met(ratio.median, aims.routes) : '';
  console.log(`| CPU us per request: 10 routes, ${name} | ${fewUs} | ${manyUs} | ${shown(ratios[index]!)} | ${aim} |`);
}
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

async function cpuUs(
  { port, pid }: Started,
  of: number,
  used: number,
  skewed: boolean,
  warmupMs: number,
): Promise<number> {
  const job: LoadJob = {
    port,
    pids: [pid],
    request: `GET /v1/{r}/things/{n} HTTP/1.1\r\nHost: api.example.test\r\nAuthorization: Bearer ${'b'.repeat(64)}\r\n\r\n`,
    numbers: counts[1],
    skewed,
    routes: { used, of },
    status: 200,
    connections: 64,
    warmupMs,
    measureMs: Number(options.seconds) * 1_000,
  };
  client.send(job);
  const [answer] = (await once(client, 'message')) as [LoadAnswer];
  if (!answer.ok) throw new Error(`${of} routes: ${answer.error}`);
  return answer.result.cpuUs / answer.result.requests;
}
