/**
 * `npm run bench:soak -- --minutes 20`: mixed traffic at 60 % of the capacity of the gateway's core, with clients that disconnect
 * and configuration reloads. Checks whether memory stays flat, and whether sockets, timers and listeners return to their initial
 * number.
 */
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { cpuTimeUs } from '../load/cpu-time.ts';
import { readOptions } from '../options.ts';
import { benchPlace, freePort, startScript, startWorker } from '../processes.ts';
import { machine, verdict } from '../report.ts';
import type { Held } from './probe.ts';
import { startProbedGateway } from './probed-gateway.ts';
import { slopePerHour } from './slope.ts';
import type { TrafficCounts, TrafficJob } from './traffic.ts';

const options = readOptions(
  `Usage: npm run bench:soak -- [options]
  --minutes N    how long (default 20)
  --load N       share of one core that the gateway is kept at, in percent (default 60)
  --reload N     seconds between reloads (default 20)
  --json FILE    writes conditions, samples and results
  --check        exit 1 when a target is not met`,
  {
    minutes: { type: 'string', default: '20' },
    load: { type: 'string', default: '60' },
    reload: { type: 'string', default: '20' },
    json: { type: 'string' },
    check: { type: 'boolean', default: false },
  },
);

/** Growth over the measured time that counts as flat, as a share of the mean. */
const maxGrowth = 0.05;
/** Maximum resources that may remain at the end above the initial number. */
const maxLeft = 8;
const keepAliveSeconds = 5;

const { processes, folder } = benchPlace('soak');

const config = join(folder, 'gateway.yaml');
const logFile = join(folder, 'log');
const { gateway, port, service, authApi } = await start();
const traffic = startWorker(processes, 'soak/traffic.ts');
const begun = performance.now();
const seconds = () => (performance.now() - begun) / 1000;
const lengthSeconds = Number(options.minutes) * 60;
console.log(`${machine}, ${options.minutes} min at ${options.load} % of a core, a reload every ${options.reload} s`);

const atStart = await gateway.held();
let rate = 1000;
let [reloads, busy] = [0, 0];
let nextReload = Number(options.reload);
let nextSample = 0;
/** Share of a core in each second. */
const shares: number[] = [];
const samples: { seconds: number; residentMb: number; heapMb: number; rate: number; busy: number }[] = [];
while (seconds() < lengthSeconds) {
  send({ port, rate });
  const [cpuBefore, timeBefore] = [cpuTimeUs(gateway.pid), performance.now()];
  await setTimeout(1000);
  const tookMs = performance.now() - timeBefore;
  // A second that took much longer is ignored, because the machine stalled.
  if (tookMs < 1500) {
    busy = (cpuTimeUs(gateway.pid) - cpuBefore) / 10 / tookMs;
    // Each second, moves a quarter of the way to the target load, and by at most half.
    const step = Math.min(0.5, (Number(options.load) / Math.max(busy, 5) - 1) / 4);
    rate = Math.round(Math.min(40_000, Math.max(100, rate * (1 + step))));
    shares.push(busy);
  }
  if (gateway.child.exitCode !== null) throw new Error(`The gateway ended: ${gateway.child.exitCode}`);
  if (seconds() >= nextReload) {
    nextReload += Number(options.reload);
    reloads += 1;
    writeFileSync(config, configText(reloads));
    gateway.child.kill('SIGHUP');
  }
  if (seconds() >= nextSample) {
    nextSample += Math.max(5, lengthSeconds / 120);
    const now = await gateway.held();
    samples.push({ seconds: seconds(), residentMb: now.residentMb, heapMb: now.heapMb, rate, busy });
    console.log(
      `${seconds().toFixed(0).padStart(5)} s: ${now.residentMb.toFixed(1)} MB resident, ${now.heapMb.toFixed(1)} MB heap, ${rate} requests/s, ${busy.toFixed(0)} % of a core`,
    );
  }
}
traffic.send('count');
const [counts] = (await once(traffic, 'message')) as [TrafficCounts];
send({ port, rate: 0 });
const atEnd = await untilReturned();
const faults = readFileSync(logFile, 'utf8')
  .split('\n')
  .filter((line) => line.includes('"internal_error"') || line.includes('"level":"fatal"')).length;

// The first fifth fills caches, pools and the code cache.
const settled = samples.filter((sample) => sample.seconds > lengthSeconds / 5);
const spanHours = ((settled.at(-1)?.seconds ?? 0) - (settled[0]?.seconds ?? 0)) / 3600;
const trend = (of: 'residentMb' | 'heapMb') => {
  const slope = slopePerHour(settled.map((sample) => ({ seconds: sample.seconds, value: sample[of] })));
  const mean = settled.reduce((sum, sample) => sum + sample[of], 0) / settled.length;
  return { slope, mean, growth: (slope * spanHours) / mean };
};
const [resident, heap] = [trend('residentMb'), trend('heapMb')];
const steady = shares.slice(Math.floor(shares.length / 5));
const meanLoad = steady.reduce((total, share) => total + share, 0) / steady.length;
console.log(`load: ${meanLoad.toFixed(1)} % of a core on average over ${steady.length} s`);
if (meanLoad < Number(options.load) * 0.8)
  console.log(
    `The load was ${meanLoad.toFixed(0)} % of a core and not ${options.load} %: the machine was busy with something else`,
  );
const left = (kind: string) => (atEnd.resources[kind] ?? 0) - (atStart.resources[kind] ?? 0);
const kinds = [...new Set([...Object.keys(atStart.resources), ...Object.keys(atEnd.resources)])];
const verdicts = [
  {
    name: `resident memory: ${resident.slope.toFixed(2)} MB per hour at ${resident.mean.toFixed(1)} MB; growth`,
    value: resident.growth,
    target: maxGrowth,
  },
  {
    name: `heap after collection: ${heap.slope.toFixed(2)} MB per hour at ${heap.mean.toFixed(1)} MB; growth`,
    value: heap.growth,
    target: maxGrowth,
  },
  ...kinds.map((kind) => ({ name: `${kind} left`, value: left(kind), target: maxLeft })),
  { name: 'listeners on the process left', value: atEnd.listeners - atStart.listeners, target: 0 },
  { name: `warnings ${atEnd.warnings.join('; ')}`, value: atEnd.warnings.length - atStart.warnings.length, target: 0 },
  { name: 'faults in the log', value: faults, target: 0 },
];
console.log(
  `responses ${JSON.stringify(counts.responses)}, ${counts.aborted} clients left early, ${counts.sockets} WebSocket messages, ${reloads} reloads`,
);
for (const { name, value, target } of verdicts)
  console.log(`${name}: ${Number.isInteger(value) ? value : value.toFixed(3)}, target ${verdict(value, target)}`);
if (options.json !== undefined)
  writeFileSync(
    options.json,
    `${JSON.stringify({ options, atStart, atEnd, samples, counts, reloads, verdicts }, null, 2)}\n`,
  );
process.exit(options.check && verdicts.some(({ value, target }) => value > target) ? 1 : 0);

async function start() {
  const startedAuthApi = await startScript(processes, 'rest', 'load/auth-api.ts');
  const startedService = await startScript(processes, 'rest', 'soak/service.ts');
  const started = { port: await freePort(), service: startedService.port, authApi: startedAuthApi.port };
  writeFileSync(config, configText(0, started));
  // Not pinned: the load is a share of what the process uses, and a busy machine moves the process between cores.
  const probed = await startProbedGateway(processes, 'any', config, logFile);
  return { gateway: probed, ...started };
}

/** Each reload has a different route, so the table really changes. */
function configText(reload: number, ports = { port, service, authApi }): string {
  return `version: 1
server: { listen: "127.0.0.1:${ports.port}", admin: false, limits: { keepAliveTimeout: ${keepAliveSeconds}s, connectionsPerClient: 0 } }
log: { access: false, level: info }
authApi: { url: "http://127.0.0.1:${ports.authApi}" }
cache: { accepted: 3s }
roles: { user: {} }
upstreams:
  service: { targets: ["http://127.0.0.1:${ports.service}"] }
routes:
  - { id: public, match: { path: "/public/**" }, upstream: service, access: public }
  - { id: private, match: { path: "/private/**" }, upstream: service, access: [user] }
  - { id: socket, match: { path: "/socket/**" }, upstream: service, access: [user], websocket: true }
  - { id: version-${reload}, match: { path: "/version/${reload}" }, upstream: service, access: [user] }
`;
}

/** Kept connections to the Auth API end last, after a minute. */
async function untilReturned(): Promise<Held> {
  for (let tries = 0; ; tries += 1) {
    await setTimeout(5000);
    const now = await gateway.held();
    const over = Object.keys(now.resources).some((kind) => (now.resources[kind] ?? 0) > (atStart.resources[kind] ?? 0));
    if (!over || tries >= 18) return now;
  }
}

function send(job: TrafficJob): void {
  traffic.send(job);
}
