/**
 * `npm run bench:workers`: compares a gateway with two workers to one with a single process, in turn, on the same cores as client
 * and service. The client is `wrk` and the service is `nginx`, because both are cheap. The more a request costs the gateway, the
 * smaller their share, so throughput can show the gain of two cores. CPU per request shows it in any case. `--share` limits each
 * process of a gateway to a part of a core, so client and service have room on two cores as well.
 */
import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cpuTimeUs } from '../load/cpu-time.ts';
import { processTree } from '../load/process-tree.ts';
import { readOptions } from '../options.ts';
import { benchPlace, freePort, untilListening } from '../processes.ts';
import { machine, median, spread, table } from '../report.ts';
import { limitCpu } from './limit-cpu.ts';

const options = readOptions(
  `Usage: npm run bench:workers -- [options]
  --rounds N     interleaved rounds (default 7)
  --seconds N    of each measurement (default 3)
  --only NAMES   scenarios, separated by commas
  --share PART   of a core that each process of a gateway may use, such as 0.4 (default 1: all of it; less needs root)
  --main FILE    the gateway that is measured (default dist/main.js)`,
  {
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    share: { type: 'string', default: '1' },
    main: { type: 'string', default: 'dist/main.js' },
  },
);
const share = Number(options.share);
if (!(share > 0 && share <= 1)) throw new Error('--share is a number above 0 and up to 1');
if (!existsSync(options.main)) throw new Error(`there is no ${options.main}: npm run build`);
for (const program of ['wrk', 'nginx']) execFileSync('which', [program], { stdio: 'ignore' });

interface Scenario {
  readonly name: string;
  readonly path: string;
  readonly headers: number;
  /** Every response is a refusal. */
  readonly refused: boolean;
}

const scenarios: readonly Scenario[] = [
  { name: 'refusal', path: '/nothing', headers: 0, refused: true },
  { name: 'refusal of 90 headers', path: '/nothing', headers: 90, refused: true },
  { name: 'public route', path: '/open', headers: 0, refused: false },
  { name: 'public route, 90 headers', path: '/open', headers: 90, refused: false },
].filter(({ name }) => options.only === '' || options.only.split(',').includes(name));

interface Gateway {
  readonly workers: number;
  readonly port: number;
  readonly admin: number;
  readonly pid: number;
}

interface Measured {
  readonly perSecond: number;
  /** Microseconds per request for all processes of the gateway, for its busiest one, and for client and service. */
  readonly cpuUs: number;
  readonly besideUs: number;
  /** Requests of the busiest worker relative to an even distribution. */
  readonly uneven: number;
}

const connections = 64;
const { processes, folder } = benchPlace('workers');
const children: ChildProcess[] = [];
const freeing: (() => void)[] = [];

const service = await startService();
const gateways = [await startGateway(1), await startGateway(2)];
const results = new Map<string, Measured[]>();
for (const scenario of scenarios) for (const gateway of gateways) await measure(gateway, scenario, 1);
for (let round = 0; round < Number(options.rounds); round += 1) {
  for (const scenario of scenarios) {
    for (const gateway of round % 2 === 0 ? gateways : gateways.toReversed()) {
      const key = keyOf(scenario, gateway.workers);
      results.set(key, [...(results.get(key) ?? []), await measure(gateway, scenario, Number(options.seconds))]);
    }
  }
}
report();
await stop();
process.exit(0);

/** A control group can be removed only when it contains no process. */
async function stop(): Promise<void> {
  await Promise.all(
    children.splice(0).map(async (child) => {
      const ended = once(child, 'exit');
      if (child.kill('SIGTERM')) await ended;
    }),
  );
  for (const free of freeing.splice(0)) free();
}

async function startService(): Promise<{ readonly port: number; readonly pid: number }> {
  const port = await freePort();
  const file = join(folder, 'nginx.conf');
  writeFileSync(
    file,
    `daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log stderr crit;
events { worker_connections 1024; }
http { access_log off; keepalive_requests 1000000000; client_body_temp_path ${folder}/body; large_client_header_buffers 8 16k;
  proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi; uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  server { listen 127.0.0.1:${port}; location / { return 200 "fine"; } } }
`,
  );
  const command = ['nginx', '-c', file, '-p', folder, '-e', 'stderr'] as const;
  const child = processes.start('any', command, ['ignore', 'ignore', 'inherit']);
  children.push(child);
  await untilListening(port, child);
  return { port, pid: child.pid! };
}

async function startGateway(workers: number): Promise<Gateway> {
  const [port, admin] = [await freePort(), await freePort()];
  const file = join(folder, `gateway-${workers}.yaml`);
  writeFileSync(
    file,
    `version: 1
server: { listen: "127.0.0.1:${port}", admin: "127.0.0.1:${admin}", workers: ${workers}, limits: { headers: 200 } }
authApi: { url: "http://127.0.0.1:9" }
upstreams: { service: { targets: ["http://127.0.0.1:${service.port}"] } }
routes: [{ id: open, match: { path: "/open" }, upstream: service, access: public }]
`,
  );
  const log = openSync(join(folder, `gateway-${workers}.log`), 'a');
  const command = [process.execPath, options.main, 'serve', '--config', file] as const;
  const child = processes.start('any', command, ['ignore', log, 'inherit']);
  children.push(child);
  await untilListening(port, child);
  await untilListening(admin, child);
  if (share < 1) for (const pid of processTree(child.pid!)) freeing.push(limitCpu(pid, share));
  return { workers, port, admin, pid: child.pid! };
}

async function measure(gateway: Gateway, scenario: Scenario, seconds: number): Promise<Measured> {
  const own = processTree(gateway.pid);
  const beside = processTree(service.pid);
  const cpu = (pids: readonly number[]) => pids.reduce((sum, pid) => sum + cpuTimeUs(pid), 0);
  const before = { own: cpu(own), beside: cpu(beside), requests: await requestsByWorker(gateway) };
  const { requests, perSecond, clientUs } = await load(gateway, scenario, seconds);
  const cpuUs = (cpu(own) - before.own) / requests;
  const besideUs = (cpu(beside) - before.beside + clientUs) / requests;
  const after = await requestsByWorker(gateway);
  const spreadOver = after.map((count, index) => count - before.requests[index]!);
  const sum = spreadOver.reduce((all, count) => all + count, 0);
  return { perSecond, cpuUs, besideUs, uneven: (Math.max(...spreadOver) * spreadOver.length) / sum };
}

async function load({ port }: Gateway, { path, headers, refused }: Scenario, seconds: number) {
  const lines = Array.from({ length: headers }, (_, n) => ['-H', `X-Filler-${n}: ${'abcdefgh'.repeat(4)}`]).flat();
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, ...lines, `http://127.0.0.1:${port}${path}`];
  const child = processes.start('any', ['wrk', ...args], ['ignore', 'pipe', 'inherit']);
  let clientUs = 0;
  const looking = setInterval(() => {
    try {
      // Threads that have ended no longer count.
      clientUs = Math.max(clientUs, cpuTimeUs(child.pid!));
    } catch {
      // It has ended.
    }
  }, 50);
  let text = '';
  child.stdout!.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  await once(child, 'close');
  clearInterval(looking);
  const number = (pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? 0);
  const requests = number(/(\d+) requests in/);
  const others = number(/Non-2xx or 3xx responses: (\d+)/);
  if (requests === 0 || others !== (refused ? requests : 0) || /Socket errors/.test(text)) throw new Error(text);
  return { requests, perSecond: number(/Requests\/sec:\s+([\d.]+)/), clientUs };
}

/** One number if there is one process. */
async function requestsByWorker({ admin, workers }: Gateway): Promise<number[]> {
  const text = await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text();
  const name = workers === 1 ? 'rolegate_requests_total' : 'rolegate_worker_requests_total';
  const samples = [...text.matchAll(new RegExp(`^${name}\\{[^}]*\\} (\\d+)$`, 'gm'))].map(([, value]) => Number(value));
  return workers === 1 ? [samples.reduce((sum, value) => sum + value, 0)] : samples;
}

function keyOf({ name }: Scenario, workers: number): string {
  return `${name}, ${workers}`;
}

function report(): void {
  console.log(machine);
  console.log(
    `${connections} connections, ${options.rounds} rounds of ${options.seconds} s, ${share} of a core for each process of a gateway, medians (25th - 75th percentile)\n`,
  );
  const rows = scenarios.flatMap((scenario) =>
    gateways.map(({ workers }) => {
      const rounds = results.get(keyOf(scenario, workers))!;
      const shown = (read: (one: Measured) => number, digits: number) => {
        const { p25, median, p75 } = spread(rounds.map(read));
        return `${median.toFixed(digits)} (${p25.toFixed(digits)} - ${p75.toFixed(digits)})`;
      };
      return [
        scenario.name,
        String(workers),
        shown(({ perSecond }) => perSecond, 0),
        shown(({ cpuUs }) => cpuUs, 1),
        shown(({ cpuUs, perSecond }) => (cpuUs * perSecond) / 1e6, 2),
        shown(({ besideUs }) => besideUs, 1),
        workers === 1 ? '' : shown(({ uneven }) => uneven, 2),
      ];
    }),
  );
  const figures = ['requests/s', 'gateway us CPU/request', 'cores in use by it', 'client and service us'];
  console.log(table(['request', 'workers', ...figures, 'busiest worker / even'], rows));
  const ratios = scenarios.map((scenario) => {
    const [one, two] = gateways.map(({ workers }) => results.get(keyOf(scenario, workers))!);
    const ratio = (read: (one: Measured) => number) =>
      median(two!.map((made, round) => read(made) / read(one![round]!)));
    const cpuRatio = ratio(({ cpuUs }) => cpuUs);
    const room = median(one!.map(({ cpuUs, besideUs }) => (2 * cpuUs) / (share * (cpuUs + besideUs))));
    const cells = [ratio(({ perSecond }) => perSecond), Math.min(room, 2), cpuRatio, 2 / cpuRatio];
    return [scenario.name, ...cells.map((value) => value.toFixed(2))];
  });
  const compared = ['throughput, 2 by 1', 'what the cores leave room for', 'CPU/request, 2 by 1'];
  console.log(`\n${table(['request', ...compared, 'capacity of two free cores, 2 by 1'], ratios)}`);
}
