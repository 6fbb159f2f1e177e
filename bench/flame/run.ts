/**
 * `npm run bench:flame`: where the mixed workload spends its time, as a flame graph. The gateway runs from the sources, so frames
 * keep their names, under as many requests as possible. Samples of the warm-up are not drawn.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { gateway } from '../compare/rolegate-config.ts';
import { cpuPerRequest } from '../load/load.ts';
import { mixed } from '../load/requests.ts';
import { readOptions } from '../options.ts';
import { benchPlace, freePort, startLoadClient, startScript } from '../processes.ts';
import { machine } from '../report.ts';
import { type CpuProfile, flameGraph } from './flame-graph.ts';

const options = readOptions(
  `Usage: npm run bench:flame -- [options]
  --seconds N  that are drawn (default 8)
  --out FILE   where it is written (default bench/results/flame.svg)`,
  {
    seconds: { type: 'string', default: '8' },
    out: { type: 'string', default: 'bench/results/flame.svg' },
  },
);

const warmupS = 3;
const { processes, folder } = benchPlace('flame');

const upstream = await startScript(processes, 'rest', 'load/upstream.ts');
const authApi = await startScript(processes, 'rest', 'load/auth-api.ts');
const listen = await freePort();
const config = join(folder, 'gateway.yaml');
writeFileSync(config, gateway({ listen, upstream: upstream.port, authApi: authApi.port, folder }));
const startedMs = performance.now();
const { pid } = await processes.rolegate('serve', config, listen, devNull, ['--cpu-prof', `--cpu-prof-dir=${folder}`]);
const load = startLoadClient(processes);
const askedMs = performance.now();
const result = await load({
  ...mixed,
  port: listen,
  pids: [pid],
  status: 200,
  connections: 64,
  warmupMs: warmupS * 1_000,
  measureMs: Number(options.seconds) * 1_000,
});
process.kill(pid, 'SIGTERM');
const profile = JSON.parse(readFileSync(await written(), 'utf8')) as CpuProfile;

const title = `Mixed workload with a role, log and metrics on: ${cpuPerRequest(result).toFixed(1)} us of CPU per request, profiled. ${machine}`;
const root = new URL('../../', import.meta.url).href;
writeFileSync(
  options.out,
  flameGraph(profile, { title, fromUs: (askedMs - startedMs + warmupS * 1_000) * 1_000, root }),
);
console.log(`${title}\n${options.out}`);
process.exit(0);

/** The profile, after the gateway has ended. */
async function written(): Promise<string> {
  for (let tries = 0; tries < 200; tries += 1) {
    const [file] = globSync('*.cpuprofile', { cwd: folder });
    if (file !== undefined && !lives()) return join(folder, file);
    await setTimeout(50);
  }
  throw new Error('the gateway left no profile');
}

function lives(): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
