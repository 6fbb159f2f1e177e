/**
 * `npm run bench:compare`: Rolegate beside its peers on one machine, in one run. The contender has a core of its own;
 * client, upstream and Auth API share the other. Rounds are interleaved, and every figure is a median of rounds.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import type { LoadAnswer, LoadJob, LoadResult } from '../load/load.ts';
import { spread } from '../spread.ts';
import { type Case, type Contender, contenders } from './contenders.ts';
import { processTree, residentBytes } from './process-tree.ts';
import { type CaseResults, type Conditions, chart, judged, page, table } from './report.ts';

const usage = `Usage: npm run bench:compare -- [options]
  --rounds N       interleaved rounds (default 5)
  --seconds N      measured seconds of each case in each round (default 2)
  --paced N        seconds at 60 % of the case's own throughput, for latency (default 3; 0: none)
  --even N         requests per second that each case also gets for 2 s, three times (default 4000; 0: none)
  --connections N  keep-alive connections (default 64)
  --only A,B       contenders: ${contenders.map(({ name }) => name).join(', ')}
  --out FOLDER     writes compare.json, compare.svg and compare.md there`;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    paced: { type: 'string', default: '3' },
    even: { type: 'string', default: '4000' },
    connections: { type: 'string', default: '64' },
    only: { type: 'string', default: contenders.map(({ name }) => name).join(',') },
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(usage);
  process.exit(0);
}

interface Running {
  readonly contender: Contender;
  readonly port: number;
  readonly child: ChildProcess;
}

// Now, and not when all is measured.
if (options.out !== undefined) mkdirSync(options.out, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), 'rolegate-compare-'));
const children: ChildProcess[] = [];
process.on('exit', () => {
  // nginx has to end its workers itself.
  for (const child of children) child.kill('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

const wanted = contenders.filter(({ name }) => options.only.split(',').includes(name));
for (const { name } of wanted.filter(({ version }) => version === null)) {
  console.error(`${name} is not on this machine, and is left out`);
}
const upstream = await script('../load/upstream.ts');
const authApi = await script('auth-api.ts');
const redis = await startRedis();
const client = start(
  '1',
  process.execPath,
  [join(import.meta.dirname, '../load/client.ts')],
  ['ignore', 'inherit', 'inherit', 'ipc'],
);
const running: Running[] = [];
for (const contender of wanted) {
  if (contender.version !== null && (contender.name !== 'rolegate-redis' || redis !== null)) {
    running.push(await startContender(contender));
  }
}
const cases = running.flatMap((one) => one.contender.cases.map((each) => ({ ...one, case: each })));

const conditions: Conditions = {
  date: new Date().toISOString(),
  node: process.version,
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  connections: Number(options.connections),
  rounds: Number(options.rounds),
  seconds: Number(options.seconds),
  even: Number(options.even),
  command: ['npm run bench:compare --', ...process.argv.slice(2)].join(' '),
  versions: Object.fromEntries(running.map(({ contender }) => [contender.name, contender.version])),
};
console.log(
  `Node ${conditions.node}, ${conditions.cores} x ${conditions.cpu}, contender on a core of its own, ` +
    `${conditions.connections} connections, ${conditions.rounds} rounds of ${conditions.seconds} s`,
);

// Who does not answer right is not measured; and the code gets warm.
for (const one of cases) {
  if (one.case.refused !== null) await drive(one, { ...one.case.refused, seconds: 0.2 });
  await drive(one, { request: one.case.request, status: 200, seconds: 1 });
}
const results = new Map<string, CaseResults>(
  cases.map(({ case: { name, what } }) => [name, { name, what, saturated: [], even: [], paced: [], residentBytes: 0 }]),
);
for (let round = 1; round <= conditions.rounds; round += 1) {
  for (const one of cases) {
    const { saturated } = results.get(one.case.name)!;
    saturated.push(await drive(one, { request: one.case.request, status: 200, seconds: conditions.seconds }));
  }
  process.stderr.write(`round ${round} of ${conditions.rounds} done\n`);
}
for (let round = 0; round < 3 && conditions.even > 0; round += 1) {
  for (const one of cases) {
    const even = { request: one.case.request, status: 200, seconds: 2, rate: conditions.even };
    results.get(one.case.name)!.even.push(await drive(one, even));
  }
}
for (const one of cases) {
  const found = results.get(one.case.name)!;
  found.residentBytes = residentBytes(processTree(one.child.pid!));
  if (Number(options.paced) === 0) continue;
  // Not of its best round: where a machine is faster and slower by turns, that would be too much for most of them.
  const usual = spread(found.saturated.map(({ requests, seconds }) => requests / seconds)).median;
  const paced = { request: one.case.request, status: 200, seconds: Number(options.paced), rate: 0.6 * usual };
  for (let round = 0; round < 3; round += 1) found.paced.push(await drive(one, paced));
}

const all = [...results.values()];
console.log(table(all));
for (const line of judged(all)) console.log(line);
if (options.out !== undefined) {
  writeFileSync(join(options.out, 'compare.json'), `${JSON.stringify({ conditions, results: all }, null, 2)}\n`);
  writeFileSync(join(options.out, 'compare.svg'), chart(all));
  writeFileSync(join(options.out, 'compare.md'), page(conditions, all));
}
process.exit(0);

async function drive(
  { port, child, case: { name, numbers, other } }: Running & { case: Case },
  asked: { request: string; status: number; seconds: number; rate?: number },
): Promise<LoadResult> {
  const job: LoadJob = {
    port,
    pids: processTree(child.pid!),
    request: asked.request,
    status: asked.status,
    connections: conditions.connections,
    warmupMs: 300,
    measureMs: asked.seconds * 1000,
    ...(numbers === undefined ? {} : { numbers }),
    ...(other === undefined || asked.status !== 200 ? {} : { other }),
    ...(asked.rate === undefined ? {} : { rate: asked.rate }),
  };
  client.send(job);
  const [answer] = (await once(client, 'message')) as [LoadAnswer];
  if (!answer.ok) throw new Error(`${name}: ${answer.error}`);
  return answer.result;
}

async function startContender(contender: Contender): Promise<Running> {
  const listen = await freePort();
  const own = join(folder, contender.name);
  const ports = { listen, upstream, authApi, redis: redis ?? 0, folder: own };
  const [command = '', ...args] = contender.command(ports);
  const out = contender.logs === null ? 'ignore' : openSync(join(own, contender.logs), 'a');
  const child = start('0', command, args, ['ignore', out, 'ignore']);
  if (typeof out === 'number') closeSync(out);
  await untilListening(listen, child, contender.name);
  return { contender, port: listen, child };
}

async function startRedis(): Promise<number | null> {
  if (!wanted.some(({ name }) => name === 'rolegate-redis')) return null;
  const port = await freePort();
  const child = start('1', 'redis-server', ['--port', `${port}`, '--save', '', '--bind', '127.0.0.1'], 'ignore');
  try {
    await untilListening(port, child, 'redis-server');
    return port;
  } catch {
    console.error('redis-server is not on this machine, and its case is left out');
    return null;
  }
}

async function script(name: string): Promise<number> {
  const child = start('1', process.execPath, [join(import.meta.dirname, name)], ['ignore', 'pipe', 'inherit']);
  for await (const line of createInterface({ input: child.stdout! })) return Number(line);
  throw new Error(`${name} ended before it listened`);
}

function start(
  core: '0' | '1',
  command: string,
  args: readonly string[],
  stdio: 'ignore' | ('ignore' | 'pipe' | 'inherit' | 'ipc' | number)[],
): ChildProcess {
  const env = { ...process.env, NODE_ENV: 'production', HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  const child = spawn('taskset', ['-c', core, command, ...args], { stdio, env });
  child.on('error', () => {});
  children.push(child);
  return child;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function untilListening(port: number, child: ChildProcess, name: string): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!(await accepts(port))) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`${name} does not listen`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const settle = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.on('connect', () => settle(true));
    socket.on('error', () => settle(false));
  });
}
