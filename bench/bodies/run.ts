/**
 * `npm run bench:bodies`: large bodies in both directions, through the gateway with a bearer and a role, and through nginx alone,
 * in turn. Each proxy has its own core; client and service share the other. Compares the throughput within a round, and the proxy's
 * memory meanwhile.
 */
import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nginx, type Ports } from '../compare/rival-configs.ts';
import { processTree } from '../load/process-tree.ts';
import { goodBearer } from '../load/requests.ts';
import { readOptions } from '../options.ts';
import { benchPlace, freePort, startScript, startWorker, untilListening } from '../processes.ts';
import { machine, median, quartiles, spread, table } from '../report.ts';
import type { TransferAnswer, TransferJob, TransferResult } from './transfer.ts';

const options = readOptions(
  `Usage: npm run bench:bodies -- [options]
  --rounds N        interleaved rounds (default 9)
  --mib N           size of a body (default 100)
  --transfers N     bodies one after the other in each measurement (default 3)
  --connections N   that many of these at once (default 1)
  --main FILE       the gateway that is measured (default dist/main.js)
  --only NAME       one direction: down, up, or 'up in chunks'
  --check           exit 1 when an aim is not met`,
  {
    rounds: { type: 'string', default: '9' },
    mib: { type: 'string', default: '100' },
    transfers: { type: 'string', default: '3' },
    connections: { type: 'string', default: '1' },
    main: { type: 'string', default: 'dist/main.js' },
    only: { type: 'string' },
    check: { type: 'boolean', default: false },
  },
);
if (!existsSync(options.main)) throw new Error(`there is no ${options.main}: npm run build`);

/** Minimum ratio of the throughput to that of nginx, and maximum growth of the gateway in megabytes. */
const minRatio = 0.8;
const maxGrowthMb = 64;
const directions = (['down', 'up', 'up in chunks'] as const).filter((name) => (options.only ?? name) === name);
type Name = 'nginx' | 'rolegate';

const { processes, folder } = benchPlace('bodies');
const service = (await startScript(processes, 'rest', 'bodies/service.ts')).port;
const authApi = (await startScript(processes, 'rest', 'load/auth-api.ts')).port;
const client = startWorker(processes, 'bodies/client.ts');
const proxies = [await startNginx(), await startRolegate()];
const bytes = Number(options.mib) * 1024 * 1024;
const results = new Map(
  proxies.flatMap(({ name }) => directions.map((direction) => [`${name} ${direction}`, [] as TransferResult[]])),
);

console.log(
  `${machine}, nginx ${versionOfNginx()}, ` +
    `proxy on a core of its own, ${options.connections} connection(s), ${options.transfers} bodies of ${options.mib} MiB, ${options.rounds} rounds\n`,
);
// The first round warms up the code, and memory grows to its usual size.
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
const rows = directions.map((direction) => {
  const [theirs, ours] = [results.get(`nginx ${direction}`)!, results.get(`rolegate ${direction}`)!];
  const ratio = spread(ours.map(({ seconds }, round) => theirs[round]!.seconds / seconds));
  const rate = (all: TransferResult[]) => median(all.map(({ seconds }) => mibAll / seconds)).toFixed(0);
  const cpu = (all: TransferResult[]) => median(all.map(({ cpuUs }) => cpuUs / 10 / mibAll)).toFixed(0);
  const before = median(ours.map(({ beforeBytes }) => beforeBytes / 1024 ** 2));
  const peak = Math.max(...ours.map(({ peakBytes }) => peakBytes / 1024 ** 2));
  missed ||= ratio.median < minRatio || peak - before > maxGrowthMb;
  const cpuOfBoth = `${cpu(theirs)}, ${cpu(ours)}`;
  return [
    direction,
    rate(theirs),
    rate(ours),
    quartiles(ratio, 2),
    cpuOfBoth,
    `${before.toFixed(0)}, ${peak.toFixed(0)}`,
  ];
});
const head = ['', 'nginx, MiB/s', 'Rolegate, MiB/s', 'ratio (p25 - median - p75)'];
console.log(table([...head, 'CPU ms per 100 MiB: nginx, Rolegate', 'resident MB: before, peak'], rows));
console.log(`\nAim: a ratio of ${minRatio}, and at most ${maxGrowthMb} MB more: ${missed ? 'NOT met' : 'met'}`);
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

/** `proxy_buffering` is on, as by default; requests are streamed (`proxy_request_buffering off`). */
async function startNginx(): Promise<Proxy> {
  const ports = await portsIn('nginx');
  const conf = file(ports, 'nginx.conf', nginx(ports, false));
  const command = ['nginx', '-e', join(ports.folder, 'error.log'), '-c', conf] as const;
  return listening('nginx', ports.listen, processes.start('measured', command, 'ignore'));
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
  const command = [process.execPath, options.main, 'serve', '--config', config] as const;
  return listening('rolegate', ports.listen, processes.start('measured', command, ['ignore', 'ignore', 'inherit']));
}

async function portsIn(name: string): Promise<Ports> {
  const own = join(folder, name);
  mkdirSync(own);
  return { listen: await freePort(), upstream: service, authApi, folder: own };
}

async function listening(name: Name, port: number, child: ChildProcess): Promise<Proxy> {
  await untilListening(port, child);
  return { name, port, pid: child.pid ?? 0 };
}

function file(ports: Ports, name: string, text: string): string {
  const path = join(ports.folder, name);
  writeFileSync(path, text);
  return path;
}

function versionOfNginx(): string {
  const printed = execFileSync('sh', ['-c', 'nginx -v 2>&1'], { encoding: 'utf8' });
  return /nginx\/([\d.]+)/.exec(printed)?.[1] ?? 'of unknown version';
}
