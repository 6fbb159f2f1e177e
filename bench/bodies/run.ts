/**
 * `npm run bench:bodies`: large bodies up and down, through the gateway with a bearer and a role and through nginx alone,
 * in turns. Each proxy has a core of its own; client and service share the other. What is compared is throughput within
 * a round, and what the proxy holds in memory meanwhile.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { goodBearer } from '../compare/credentials.ts';
import { processTree } from '../compare/process-tree.ts';
import { nginx, type Ports } from '../compare/rival-configs.ts';
import { freePort, untilListening } from '../processes.ts';
import { spread } from '../spread.ts';
import type { TransferAnswer, TransferJob, TransferResult } from './transfer.ts';

const usage = `Usage: npm run bench:bodies -- [options]
  --rounds N        interleaved rounds (default 9)
  --mib N           size of a body (default 100)
  --transfers N     bodies one after the other in each measurement (default 3)
  --connections N   that many of these at once (default 1)
  --main FILE       the gateway that is measured (default dist/main.js)
  --only NAME       one direction: down, up, or 'up in chunks'
  --check           exit 1 when an aim is not met`;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    mib: { type: 'string', default: '100' },
    transfers: { type: 'string', default: '3' },
    connections: { type: 'string', default: '1' },
    main: { type: 'string', default: 'dist/main.js' },
    only: { type: 'string' },
    check: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(usage);
  process.exit(0);
}
if (!existsSync(options.main)) throw new Error(`there is no ${options.main}: npm run build`);

/** Throughput over that of nginx, and megabytes that the gateway may grow by. */
const leastRatio = 0.8;
const mostGrowthMb = 64;
const directions = (['down', 'up', 'up in chunks'] as const).filter((name) => (options.only ?? name) === name);
type Name = 'nginx' | 'rolegate';

const folder = mkdtempSync(join(tmpdir(), 'rolegate-bodies-'));
const children: ChildProcess[] = [];
process.on('exit', () => {
  // nginx has to end its workers itself.
  for (const child of children) child.kill('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

const service = await script('service.ts');
const authApi = await script('../compare/auth-api.ts');
const client = start(
  '1',
  [process.execPath, join(import.meta.dirname, 'client.ts')],
  ['ignore', 'inherit', 'inherit', 'ipc'],
);
const proxies = [await startNginx(), await startRolegate()];
const bytes = Number(options.mib) * 1024 * 1024;
const results = new Map(
  proxies.flatMap(({ name }) => directions.map((direction) => [`${name} ${direction}`, [] as TransferResult[]])),
);

console.log(
  `Node ${process.version}, nginx ${versionOfNginx()}, ${availableParallelism()} x ${cpus()[0]?.model ?? 'unknown'}, ` +
    `proxy on a core of its own, ${options.connections} connection(s), ${options.transfers} bodies of ${options.mib} MiB, ${options.rounds} rounds\n`,
);
// The first round makes the code warm, and lets memory grow to its usual size.
for (let round = 0; round <= Number(options.rounds); round += 1) {
  for (const direction of directions) {
    for (const proxy of proxies) {
      const result = await transfer(proxy, direction);
      if (round > 0) results.get(`${proxy.name} ${direction}`)!.push(result);
    }
  }
}

const mibAll = Number(options.mib) * Number(options.transfers) * Number(options.connections);
let missed = false;
console.log(
  '| | nginx, MiB/s | Rolegate, MiB/s | ratio (p25 - median - p75) | CPU ms per 100 MiB: nginx, Rolegate | resident MB: before, peak |',
);
console.log('|---|---:|---:|---|---|---|');
for (const direction of directions) {
  const [theirs, ours] = [results.get(`nginx ${direction}`)!, results.get(`rolegate ${direction}`)!];
  const ratio = spread(ours.map(({ seconds }, round) => theirs[round]!.seconds / seconds));
  const rate = (all: TransferResult[]) => spread(all.map(({ seconds }) => mibAll / seconds)).median.toFixed(0);
  const cpu = (all: TransferResult[]) => spread(all.map(({ cpuUs }) => cpuUs / 10 / mibAll)).median.toFixed(0);
  const before = spread(ours.map(({ beforeBytes }) => beforeBytes / 1024 ** 2)).median;
  const peak = Math.max(...ours.map(({ peakBytes }) => peakBytes / 1024 ** 2));
  missed ||= ratio.median < leastRatio || peak - before > mostGrowthMb;
  const cells = [
    direction,
    rate(theirs),
    rate(ours),
    [ratio.p25, ratio.median, ratio.p75].map((value) => value.toFixed(2)).join(' - '),
    `${cpu(theirs)}, ${cpu(ours)}`,
    `${before.toFixed(0)}, ${peak.toFixed(0)}`,
  ];
  console.log(`| ${cells.join(' | ')} |`);
}
console.log(`\nAim: a ratio of ${leastRatio}, and at most ${mostGrowthMb} MB more: ${missed ? 'NOT met' : 'met'}`);
process.exit(options.check && missed ? 1 : 0);

interface Proxy {
  readonly name: Name;
  readonly port: number;
  readonly pid: number;
}

async function transfer({ port, pid, name }: Proxy, direction: TransferJob['direction']): Promise<TransferResult> {
  const line = direction === 'down' ? `GET /private/${bytes}` : 'POST /private/all';
  const job: TransferJob = {
    port,
    head: `${line} HTTP/1.1\r\nHost: api.example.test\r\nAuthorization: Bearer ${goodBearer}\r\n`,
    direction,
    bytes,
    transfers: Number(options.transfers),
    connections: Number(options.connections),
    pids: processTree(pid),
  };
  client.send(job);
  const [answer] = (await once(client, 'message')) as [TransferAnswer];
  if (!answer.ok) throw new Error(`${name}, ${direction}: ${answer.error}`);
  return answer.result;
}

/** `proxy_buffering` is on, as it is by default; requests go on as they come (`proxy_request_buffering off`). */
async function startNginx(): Promise<Proxy> {
  const ports = await portsIn('nginx');
  const conf = file(ports, 'nginx.conf', nginx(ports, false));
  return listening(
    'nginx',
    ports.listen,
    start('0', ['nginx', '-e', join(ports.folder, 'error.log'), '-c', conf], 'ignore'),
  );
}

async function startRolegate(): Promise<Proxy> {
  const ports = await portsIn('rolegate');
  const config = file(
    ports,
    'gateway.yaml',
    `version: 1
server: { listen: "127.0.0.1:${ports.listen}", admin: false }
authApi: { url: "http://127.0.0.1:${authApi}" }
roles: { user: {} }
upstreams: { service: { targets: ["http://127.0.0.1:${service}"] } }
routes:
  - { id: private, match: { path: "/private/**" }, upstream: service, access: [user], maxBody: 4gb, timeout: 60s }
`,
  );
  const command = [process.execPath, options.main, 'serve', '--config', config];
  return listening('rolegate', ports.listen, start('0', command, ['ignore', 'ignore', 'inherit']));
}

async function portsIn(name: string): Promise<Ports> {
  const own = join(folder, name);
  mkdirSync(own);
  return { listen: await freePort(), upstream: service, authApi, folder: own };
}

async function listening(name: Name, port: number, child: ChildProcess): Promise<Proxy> {
  await untilListening(port);
  return { name, port, pid: child.pid ?? 0 };
}

function file(ports: Ports, name: string, text: string): string {
  const path = join(ports.folder, name);
  writeFileSync(path, text);
  return path;
}

async function script(name: string): Promise<number> {
  const child = start('1', [process.execPath, join(import.meta.dirname, name)], ['ignore', 'pipe', 'inherit']);
  for await (const line of createInterface({ input: child.stdout! })) return Number(line);
  throw new Error(`${name} ended before it listened`);
}

function start(
  core: '0' | '1',
  command: readonly string[],
  stdio: 'ignore' | ('ignore' | 'pipe' | 'inherit' | 'ipc')[],
): ChildProcess {
  const child = spawn('taskset', ['-c', core, ...command], { stdio, env: { ...process.env, NODE_ENV: 'production' } });
  children.push(child);
  return child;
}

function versionOfNginx(): string {
  const told = execFileSync('sh', ['-c', 'nginx -v 2>&1'], { encoding: 'utf8' });
  return /nginx\/([\d.]+)/.exec(told)?.[1] ?? 'of unknown version';
}
