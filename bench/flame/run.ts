/**
 * `npm run bench:flame`: where a warm bearer's time goes, as a flame graph. The gateway runs from the sources, so that frames
 * have their names, under as many requests as go; what came before it was warm does not count.
 */
import { once } from 'node:events';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, devNull } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { gatewayConfig } from '../load/gateway-config.ts';
import type { LoadAnswer, LoadJob } from '../load/load.ts';
import { benchPlace } from '../load/processes.ts';
import { freePort } from '../processes.ts';
import { type CpuProfile, flameGraph } from './flame-graph.ts';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '8' },
    out: { type: 'string', default: 'bench/results/flame.svg' },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(`Usage: npm run bench:flame -- [options]
  --seconds N  that are drawn (default 8)
  --out FILE   where it is written (default bench/results/flame.svg)`);
  process.exit(0);
}

const warmupS = 3;
const { processes, folder } = benchPlace('flame');

const upstream = await processes.script('rest', 'upstream.ts');
const authApi = await processes.script('rest', 'auth-api.ts');
const listen = await freePort();
const config = join(folder, 'gateway.yaml');
writeFileSync(config, gatewayConfig({ listen, upstream: upstream.port, authApi: authApi.port }));
const startedMs = performance.now();
const { pid } = await processes.rolegate('serve', config, listen, devNull, ['--cpu-prof', `--cpu-prof-dir=${folder}`]);
const client = processes.client();
const job: LoadJob = {
  port: listen,
  pids: [pid],
  request: `GET /private/items/7 HTTP/1.1\r\nHost: api.example.test\r\nAuthorization: Bearer ${'b'.repeat(64)}\r\nUser-Agent: bench/1.0\r\nAccept: */*\r\n\r\n`,
  status: 200,
  connections: 64,
  warmupMs: warmupS * 1_000,
  measureMs: Number(options.seconds) * 1_000,
};
const askedMs = performance.now();
client.send(job);
const [answer] = (await once(client, 'message')) as [LoadAnswer];
if (!answer.ok) throw new Error(answer.error);
process.kill(pid, 'SIGTERM');
const profile = JSON.parse(readFileSync(await written(), 'utf8')) as CpuProfile;

const { cpuUs, requests } = answer.result;
const machine = `Node ${process.version}, ${availableParallelism()} x ${cpus()[0]?.model ?? 'unknown'}`;
const title = `A warm bearer with a role, log and metrics on: ${(cpuUs / requests).toFixed(1)} us of CPU per request, profiled. ${machine}`;
const root = new URL('../../', import.meta.url).href;
writeFileSync(
  options.out,
  flameGraph(profile, { title, fromUs: (askedMs - startedMs + warmupS * 1_000) * 1_000, root }),
);
console.log(`${title}\n${options.out}`);
process.exit(0);

/** The profile, once the gateway has ended. */
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
