/**
 * `npm run bench:micro`: what the verdict cache adds to a decision. A hit in memory is set against a decision that
 * needs no identity (CPU), a hit in Redis against a bare GET of as many bytes (time). Both sides take turns in small
 * steps, so that a machine that grows slower or faster does so for both; what counts is the median.
 */
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { measureMemoryHit } from './memory-hit.ts';
import { startAuthApi, startRedis } from './processes.ts';
import { measureRedisHit } from './redis-hit.ts';
import { type Figure, printable } from './report.ts';

const usage = `Usage: npm run bench:micro -- [options]
  --rounds N      pairs of blocks of decisions in memory (default 200)
  --pairs N       pairs of a hit in Redis and a bare GET (default 4000)
  --redis URL     a Redis whose keys under "bench:" may be written; left out: redis-server from the PATH is started
  --check         exit 1 when an aim is not met`;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    pairs: { type: 'string', default: '4000' },
    redis: { type: 'string' },
    check: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(usage);
  process.exit(0);
}

const authApi = await startAuthApi();
const redis = options.redis === undefined ? await startRedis() : { url: options.redis, stop: () => {} };
process.on('exit', () => {
  authApi.stop();
  redis.stop();
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

console.log(`Node ${process.version}, ${availableParallelism()} x ${cpus()[0]?.model ?? 'unknown'}`);
const figures: Figure[] = [
  ...(await measureMemoryHit(authApi.url, Number(options.rounds))),
  ...(await measureRedisHit(authApi.url, redis.url, Number(options.pairs))),
];
console.log(printable(figures));
const missed = figures.some(({ difference, aimUs }) => aimUs !== null && difference.median > aimUs);
process.exit(options.check && missed ? 1 : 0);
