/**
 * `npm run bench:micro`: what the verdict cache adds to a decision. A hit in memory is set against a decision that
 * needs no identity (CPU), a hit in Redis against a bare GET of as many bytes (time). Both sides take turns in small
 * steps, so that a machine that grows slower or faster does so for both; what counts is the median. With `--base` it
 * compares the parts of the hot path with another state of the project instead.
 */
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checkOut } from './base.ts';
import { compareParts, isSlower, printableParts } from './compare-base.ts';
import { measureMemoryHit } from './memory-hit.ts';
import { startAuthApi, startRedis } from './processes.ts';
import { measureRedisHit } from './redis-hit.ts';
import { type Figure, printable } from './report.ts';

const usage = `Usage: npm run bench:micro -- [options]
  --rounds N      pairs of blocks of decisions in memory (default 200)
  --pairs N       pairs of a hit in Redis and a bare GET (default 4000)
  --redis URL     a Redis whose keys under "bench:" may be written; left out: redis-server from the PATH is started
  --base REV      compares the hot path with a revision of Git, or with another working copy: nothing else is measured
  --times N       times that a part of the hot path is done in a block (default 20000)
  --limit RATIO   a part is slower when three quarters of its pairs are above this (default 1.1)
  --check         exit 1 when an aim is not met, or a part is slower than its base`;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    pairs: { type: 'string', default: '4000' },
    redis: { type: 'string' },
    base: { type: 'string' },
    times: { type: 'string', default: '20000' },
    limit: { type: 'string', default: '1.1' },
    check: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(usage);
  process.exit(0);
}

if (options.base !== undefined) process.exit(await againstBase(options.base));

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

/** The exit code. */
async function againstBase(revision: string): Promise<number> {
  const here = fileURLToPath(new URL('../..', import.meta.url));
  const base = checkOut(here, revision);
  process.on('exit', () => base.remove());
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
  const limit = Number(options.limit);
  console.log(
    `Node ${process.version}, ${availableParallelism()} x ${cpus()[0]?.model ?? 'unknown'}, base ${revision}, ` +
      `${options.rounds} rounds of ${options.times}`,
  );
  const compared = await compareParts({
    here,
    base: base.folder,
    rounds: Number(options.rounds),
    times: Number(options.times),
  });
  console.log(printableParts(compared, limit));
  return options.check && compared.some((one) => isSlower(one, limit)) ? 1 : 0;
}
