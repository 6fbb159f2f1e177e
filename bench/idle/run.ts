/**
 * `npm run bench:idle`: many idle keep-alive connections and slow senders at once. Measures their effect on normal requests (p99
 * with and without them), and whether memory and descriptors return afterwards.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { LoadResult } from '../load/load.ts';
import { readOptions } from '../options.ts';
import { benchPlace, freePort, startLoadClient, startScript, startWorker } from '../processes.ts';
import { machine, verdict } from '../report.ts';
import type { Held } from '../soak/probe.ts';
import { type ProbedGateway, startProbedGateway } from '../soak/probed-gateway.ts';
import { type ProcessSize, sizeOf } from './gateway-process.ts';
import type { HolderCounts, HolderJob } from './holder.ts';

const options = readOptions(
  `Usage: npm run bench:idle -- [options]
  --idle N         idle keep-alive connections (default 10000)
  --slow N         slow senders (default 500)
  --rate N         normal requests per second (default 1000)
  --seconds N      measured seconds, before and during (default 20)
  --cycles N       how often the connections come and go (default 4)
  --holders N      client processes (default 4)
  --json FILE      writes conditions and results
  --check          exit 1 when a target is not met`,
  {
    idle: { type: 'string', default: '10000' },
    slow: { type: 'string', default: '500' },
    rate: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '20' },
    cycles: { type: 'string', default: '4' },
    holders: { type: 'string', default: '4' },
    json: { type: 'string' },
    check: { type: 'boolean', default: false },
  },
);

/** Maximum slowdown of normal requests. */
const maxRatio = 3;
/** Maximum descriptors that may remain, for kept upstream connections. */
const maxDescriptorsLeft = 80;
/** Maximum growth of the heap since the start, in MB, after a garbage collection. */
const maxHeapLeftMb = 10;
/** Growth of resident memory per cycle that counts as none, after a few cycles. */
const maxCycleGrowth = 0.03;
/** Maximum growth of resident memory since the start, as a share, after a quiet period. */
const maxResidentLeft = 0.1;
/** V8 returns memory after half a minute or more with little activity. */
const maxQuietS = 180;
const bearer = 'idle-bench-token';

const { processes, folder } = benchPlace('idle');
const holders: ChildProcess[] = [];

const [idle, slow, cycles] = [Number(options.idle), Number(options.slow), Number(options.cycles)];
const conditions = {
  date: new Date().toISOString(),
  node: process.version,
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  pinned: processes.pinned,
  idle,
  slow,
  requestsPerSecond: Number(options.rate),
};
console.log(`${machine}, ${idle} idle connections, ${slow} slow senders, ${options.rate} requests/s beside them`);

const { port, gateway } = await start();
const load = startLoadClient(processes);
await drive(2);
const before = { load: await drive(Number(options.seconds)), size: sizeOf(gateway.pid), held: await gateway.held() };
print('unloaded', before.size, before.load);

const measured: { held: ProcessSize; load: LoadResult; counts: HolderCounts[]; after: ProcessSize; left: Held }[] = [];
for (let cycle = 1; cycle <= cycles; cycle += 1) {
  await hold();
  const load = await drive(Number(options.seconds));
  const [held, counts] = [sizeOf(gateway.pid), await countHeld()];
  print(`cycle ${cycle}, held`, held, load);
  console.log(`  ${JSON.stringify(counts.map((one) => one.ended))} ended by the gateway and opened again`);
  await release();
  const left = await gateway.held();
  const after = sizeOf(gateway.pid);
  print(`cycle ${cycle}, released and collected`, after);
  console.log(`  heap ${left.heapMb.toFixed(1)} MB, outside of it ${left.externalMb.toFixed(1)} MB`);
  measured.push({ held, load, counts, after, left });
}

// Once more without forcing a garbage collection, to see what the process does by itself.
await hold();
await release();
const quiet = await untilReturned();
print(`after ${quiet.seconds} quiet seconds`, quiet.size);

const worst = Math.max(...measured.map(({ load }) => load.p99Ms)) / before.load.p99Ms;
const left = Math.max(...measured.map(({ after }) => after.descriptors)) - before.size.descriptors;
/** Allocators reuse the memory that they keep. Once they have enough, further cycles add nothing. */
const [last, oneBefore] = [measured.at(-1)!.after, (measured.at(-2) ?? measured.at(-1)!).after];
const growth = last.residentMb / oneBefore.residentMb - 1;
const heapLeft = (measured.at(-1)?.left.heapMb ?? 0) - before.held.heapMb;
const perConnection = ((measured[0]?.held.residentMb ?? 0) - before.size.residentMb) / (idle + slow);
const verdicts = [
  { name: `p99 beside ${idle} idle and ${slow} slow / unloaded`, value: worst, target: maxRatio },
  { name: 'descriptors left', value: left, target: maxDescriptorsLeft },
  {
    name: `heap left after collection, above ${before.held.heapMb.toFixed(1)} MB`,
    value: heapLeft,
    target: maxHeapLeftMb,
  },
  { name: 'growth of resident memory in the last cycle', value: growth, target: maxCycleGrowth },
  {
    name: `resident memory left after ${quiet.seconds} quiet seconds, above ${before.size.residentMb.toFixed(0)} MB`,
    value: quiet.size.residentMb / before.size.residentMb - 1,
    target: maxResidentLeft,
  },
];
console.log(`${(perConnection * 1024).toFixed(1)} kB of resident memory per connection`);
for (const { name, value, target } of verdicts)
  console.log(`${name}: ${value.toFixed(2)}, target ${verdict(value, target)}`);
if (options.json !== undefined)
  writeFileSync(options.json, `${JSON.stringify({ conditions, before, measured, quiet, verdicts }, null, 2)}\n`);
process.exit(options.check && verdicts.some(({ value, target }) => value > target) ? 1 : 0);

async function start(): Promise<{ port: number; gateway: ProbedGateway }> {
  const upstream = await startScript(processes, 'rest', 'load/upstream.ts');
  const authApi = await startScript(processes, 'rest', 'load/auth-api.ts');
  const listen = await freePort();
  const file = join(folder, 'gateway.yaml');
  const limits = `{ connections: ${idle + slow + 2000}, connectionsPerClient: 0, keepAliveTimeout: 1h, headersTimeout: 10s, requestTimeout: 5m }`;
  writeFileSync(
    file,
    `version: 1
server: { listen: "127.0.0.1:${listen}", admin: false, limits: ${limits} }
log: { access: false }
authApi: { url: "http://127.0.0.1:${authApi.port}" }
roles: { user: {} }
upstreams:
  service: { targets: ["http://127.0.0.1:${upstream.port}"], connections: 64 }
routes:
  - { id: private, match: { path: "/private/**" }, upstream: service, access: [user] }
`,
  );
  return { port: listen, gateway: await startProbedGateway(processes, 'measured', file, join(folder, 'log')) };
}

async function hold(): Promise<void> {
  const count = Number(options.holders);
  while (holders.length < count) holders.push(startWorker(processes, 'idle/holder.ts'));
  for (const [i, holder] of holders.entries()) {
    const job: HolderJob = { port, idle: share(idle, i, count), slow: share(slow, i, count), network: 1 + i, bearer };
    holder.send(job);
  }
  for (let tries = 0; tries < 240; tries += 1) {
    const counts = await countHeld();
    if (sum(counts.map((one) => one.idle)) >= idle && sum(counts.map((one) => one.slow)) >= slow * 0.9) return;
    await setTimeout(500);
  }
  throw new Error(`Not all connections could be opened: ${JSON.stringify(await countHeld())}`);
}

async function countHeld(): Promise<HolderCounts[]> {
  return Promise.all(
    holders.map(async (holder) => {
      holder.send('count');
      const [counts] = (await once(holder, 'message')) as [HolderCounts];
      return counts;
    }),
  );
}

/** Waits until descriptors are closed, at most half a minute. */
async function release(): Promise<void> {
  for (const holder of holders) holder.send('release');
  for (let tries = 0; tries < 60 && sizeOf(gateway.pid).descriptors > before.size.descriptors + 20; tries += 1)
    await setTimeout(500);
  await drive(2);
}

async function untilReturned(): Promise<{ seconds: number; size: ProcessSize }> {
  const enough = before.size.residentMb * (1 + maxResidentLeft);
  for (let seconds = 0; ; seconds += 5) {
    const size = sizeOf(gateway.pid);
    if (size.residentMb <= enough || seconds >= maxQuietS) return { seconds, size };
    await setTimeout(5_000);
  }
}

function drive(seconds: number): Promise<LoadResult> {
  return load({
    port,
    pids: [gateway.pid],
    request: `GET /private/{n} HTTP/1.1\r\nHost: a.test\r\nAuthorization: Bearer ${bearer}\r\n\r\n`,
    status: 200,
    connections: 32,
    warmupMs: 1000,
    measureMs: seconds * 1000,
    rate: Number(options.rate),
  });
}

function print(what: string, size: ProcessSize, load?: LoadResult): void {
  const latency =
    load === undefined
      ? ''
      : `, p50 ${load.p50Ms.toFixed(2)} ms, p99 ${load.p99Ms.toFixed(2)} ms, ${(load.requests / load.seconds).toFixed(0)} requests/s`;
  console.log(`${what}: ${size.residentMb.toFixed(0)} MB, ${size.descriptors} descriptors${latency}`);
}

function share(total: number, index: number, of: number): number {
  return Math.floor((total * (index + 1)) / of) - Math.floor((total * index) / of);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
