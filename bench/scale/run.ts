/**
 * `npm run bench:scale`: how many calls replicas send to the Auth API, and how long an ended credential remains accepted. A
 * simulation prints a table for operators; `--check` compares it to three gateway processes, Redis and an Auth API that counts
 * calls.
 */
import { existsSync } from 'node:fs';
import { readOptions } from '../options.ts';
import { benchPlace } from '../processes.ts';
import { machine, spread } from '../report.ts';
import { measureFleet, simulateFleets } from './authorizers.ts';
import { endedMeasured, revokedMeasured } from './delays.ts';
import { endedDelays, simulate, type World } from './simulate.ts';
import { ThreeReplicas } from './three-replicas.ts';

const options = readOptions(
  `Usage: npm run bench:scale -- [options]
  --replicas A,B      (default 2,4,8,16)
  --credentials A,B   in use (default 1000,10000,100000)
  --rate N            requests per second over all replicas (default 5000)
  --accepted N        seconds of cache.accepted (default 30)
  --skew N            0: all credentials are used alike; 1: the n-th 1/n as often as the first (default 0.8)
  --seed N            (default 1)
  --measure           sets the simulation against three gateway processes instead; needs redis-server, takes two minutes
  --main FILE         the gateway that is measured (default dist/main.js)
  --authorizers       the same of authorizers behind data planes: balancing, age of connections, one that joins
  --check             with --measure: exit 1 when a rate is more than 10 % off`,
  {
    replicas: { type: 'string', default: '2,4,8,16' },
    credentials: { type: 'string', default: '1000,10000,100000' },
    rate: { type: 'string', default: '5000' },
    accepted: { type: 'string', default: '30' },
    skew: { type: 'string', default: '0.8' },
    seed: { type: 'string', default: '1' },
    measure: { type: 'boolean', default: false },
    authorizers: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    main: { type: 'string', default: 'dist/main.js' },
  },
);

const numbers = (list: string) => list.split(',').map(Number);
const usual: World = {
  replicas: 3,
  redis: true,
  credentials: 2_000,
  requestsPerSecond: 1_200,
  balance: 'random',
  joins: false,
  skew: 0,
  acceptedS: 3,
  refreshAhead: true,
  seconds: 12,
  seed: Number(options.seed),
};

if (options.authorizers) {
  if (!options.measure) simulateFleets(usual);
  const close = !options.measure || (await measureFleet(usual, options.main));
  process.exit(close || !options.check ? 0 : 1);
}
if (options.measure) process.exit((await measured()) || !options.check ? 0 : 1);

console.log(`${options.rate} requests/s, accepted ${options.accepted} s, skew ${options.skew}\n`);
console.log('| credentials | replicas | calls/s, Redis | waiting | calls/s, memory alone | waiting |');
console.log('|---:|---:|---:|---:|---:|---:|');
for (const credentials of numbers(options.credentials)) {
  for (const replicas of numbers(options.replicas)) {
    const cells = [true, false].flatMap((redis) => {
      const { callsPerSecond, waitingShare } = simulate({
        ...usual,
        redis,
        credentials,
        replicas,
        requestsPerSecond: Number(options.rate),
        skew: Number(options.skew),
        acceptedS: Number(options.accepted),
        seconds: 10 * Number(options.accepted),
      });
      return [callsPerSecond.toFixed(0), `${(100 * waitingShare).toFixed(1)} %`];
    });
    console.log(`| ${[credentials.toLocaleString('en'), replicas, ...cells].join(' | ')} |`);
  }
}
process.exit(0);

/** Whether every rate matches the simulation within a tenth. */
async function measured(): Promise<boolean> {
  if (!existsSync(options.main)) throw new Error(`there is no ${options.main}: npm run build`);
  const { processes, folder } = benchPlace('scale');
  console.log(
    `${machine}, ${usual.replicas} replicas, ` +
      `${usual.credentials} credentials, ${usual.requestsPerSecond} requests/s, accepted ${usual.acceptedS} s\n`,
  );
  console.log(
    '| | calls/s: simulated, measured, off | ended without a revocation, s: simulated (median, p90), measured |',
  );
  console.log('|---|---|---|');
  let [revoked, close] = ['', true];
  const worlds: readonly (readonly [string, Partial<World>])[] = [
    ['Redis', {}],
    ['Redis, no refresh ahead', { refreshAhead: false }],
    ['memory alone', { redis: false }],
    ['memory alone, no refresh ahead', { redis: false, refreshAhead: false }],
  ];
  for (const [name, part] of worlds) {
    const world = { ...usual, ...part };
    const system = await ThreeReplicas.start(processes, options.main, folder, world);
    const expected = simulate({ ...world, seconds: 60 }).callsPerSecond;
    const found = await system.callsPerSecond(world);
    const delays = await endedMeasured(system, world.acceptedS, 40, 0.1);
    if (name === 'Redis') revoked = revokedLine(await revokedMeasured(system, 40));
    system.stop();
    const off = found / expected - 1;
    close &&= Math.abs(off) <= 0.1;
    const cells = [
      name,
      `${expected.toFixed(0)}, ${found.toFixed(0)}, ${(100 * off).toFixed(1)} %`,
      `${delayText(endedDelays(world, 2_000, 0.1))}; ${delayText(delays)}`,
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
  console.log(`\n${revoked}`);
  return close;
}

function delayText(delays: readonly number[]): string {
  const sorted = delays.toSorted((a, b) => a - b);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
  return `${at(0.5).toFixed(2)}, ${at(0.9).toFixed(2)}`;
}

function revokedLine(all: Awaited<ReturnType<typeof revokedMeasured>>): string {
  const acknowledged = spread(all.map(({ acknowledgedMs }) => acknowledgedMs));
  const latest = Math.max(...all.map(({ lastAcceptedMs }) => lastAcceptedMs));
  return (
    `Revocations at one replica (Redis): acknowledged after ${acknowledged.median.toFixed(1)} ms (median; p75 ` +
    `${acknowledged.p75.toFixed(1)}); the last accepted request of any replica began ${(-latest).toFixed(1)} ms before that.`
  );
}
