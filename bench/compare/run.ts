/**
 * `npm run bench:compare`: compares Rolegate with its peers on one machine, in one run. The contender has its own core; client,
 * upstream and Auth API share the other. Rounds are interleaved, and every figure is a median of rounds.
 */
import type { ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import type { LoadResult } from '../load/load.ts';
import { processTree, residentBytes } from '../load/process-tree.ts';
import { readOptions } from '../options.ts';
import { benchPlace, freePort, untilListening } from '../processes.ts';
import { commit, machine, median } from '../report.ts';
import { type Case, type Contender, contenders } from './contenders.ts';
import { type CaseResults, type Conditions, chart, figures, judged, page } from './report.ts';

const options = readOptions(
  `Usage: npm run bench:compare -- [options]
  --rounds N       interleaved rounds (default 5)
  --seconds N      measured seconds of each case in each round (default 2)
  --paced N        seconds at 60 % of the case's own throughput, for latency (default 3; 0: none)
  --even N         requests per second that each case also gets for 2 s, three times (default 4000; 0: none)
  --connections N  keep-alive connections (default 64)
  --only A,B       contenders: ${contenders.map(({ name }) => name).join(', ')}
  --out FOLDER     writes compare.json, compare.svg and compare.md there`,
  {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    paced: { type: 'string', default: '3' },
    even: { type: 'string', default: '4000' },
    connections: { type: 'string', default: '64' },
    only: { type: 'string', default: contenders.map(({ name }) => name).join(',') },
    out: { type: 'string' },
  },
);

interface Running {
  readonly contender: Contender;
  readonly port: number;
  readonly child: ChildProcess;
}

// An invalid folder fails here, before the measurements.
if (options.out !== undefined) mkdirSync(options.out, { recursive: true });
const { processes, folder } = benchPlace('compare');

const wanted = contenders.filter(({ name }) => options.only.split(',').includes(name));
for (const { name } of wanted.filter(({ version }) => version === null)) {
  console.error(`${name} is not on this machine and is not measured`);
}
const upstream = (await processes.script('rest', 'load/upstream.ts')).port;
const authApi = (await processes.script('rest', 'load/auth-api.ts')).port;
const redis = wanted.some(({ name }) => name === 'rolegate-redis') ? await processes.redis('rest') : null;
const load = processes.loadClient();
const running: Running[] = [];
for (const contender of wanted) {
  if (contender.version === null) continue;
  if (contender.name === 'rolegate-redis' && redis === null) {
    console.error('redis-server is not on this machine, and its case is not measured');
    continue;
  }
  running.push(await startContender(contender));
}
const cases = running.flatMap((one) => one.contender.cases.map((each) => ({ ...one, case: each })));
// What a target compares is measured one after the other, because the speed of a shared machine varies within seconds.
const compared = ['mixed', 'distinct', 'repeated', 'public', 'signed'];
const turnOf = ({ name }: Case) => compared.findIndex((workload) => name.endsWith(` ${workload}`));
const inTurn = cases.toSorted((one, other) => turnOf(one.case) - turnOf(other.case));

const conditions: Conditions = {
  date: new Date().toISOString(),
  node: process.version,
  commit,
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
  `${machine}, ${processes.pinned ? 'contender on a core of its own' : 'not pinned'}, ` +
    `${conditions.connections} connections, ${conditions.rounds} rounds of ${conditions.seconds} s`,
);

// A contender with wrong responses is not measured. This also warms up the code.
for (const one of cases) {
  if (one.case.refused !== null) await drive(one, { ...one.case.refused, seconds: 0.2 });
  await drive(one, { request: one.case.request, status: 200, seconds: 1 });
}
const results = new Map<string, CaseResults>(
  cases.map(({ case: { name, what } }) => [name, { name, what, saturated: [], even: [], paced: [], residentBytes: 0 }]),
);
for (let round = 1; round <= conditions.rounds; round += 1) {
  for (const one of inTurn) {
    const { saturated } = results.get(one.case.name)!;
    saturated.push(await drive(one, { request: one.case.request, status: 200, seconds: conditions.seconds }));
  }
  process.stderr.write(`round ${round} of ${conditions.rounds} done\n`);
}
for (let round = 0; round < 3 && conditions.even > 0; round += 1) {
  for (const one of inTurn) {
    const even = { request: one.case.request, status: 200, seconds: 2, rate: conditions.even };
    results.get(one.case.name)!.even.push(await drive(one, even));
  }
}
for (const one of cases) {
  const found = results.get(one.case.name)!;
  found.residentBytes = residentBytes(processTree(one.child.pid!));
  if (Number(options.paced) === 0) continue;
  // Uses the median round. On a machine whose speed varies, 60 % of the best round would overload the others.
  const usual = median(found.saturated.map(({ requests, seconds }) => requests / seconds));
  const paced = { request: one.case.request, status: 200, seconds: Number(options.paced), rate: 0.6 * usual };
  for (let round = 0; round < 3; round += 1) found.paced.push(await drive(one, paced));
}

const all = [...results.values()];
console.log(figures(all));
for (const line of judged(all)) console.log(line);
if (options.out !== undefined) {
  writeFileSync(join(options.out, 'compare.json'), `${JSON.stringify({ conditions, results: all }, null, 2)}\n`);
  writeFileSync(join(options.out, 'compare.svg'), chart(all));
  writeFileSync(join(options.out, 'compare.md'), page(conditions, all));
}
process.exit(0);

function drive(
  { port, child, case: { name, numbers, other } }: Running & { case: Case },
  asked: { request: string; status: number; seconds: number; rate?: number },
): Promise<LoadResult> {
  const sent = {
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
  return load(sent).catch((error: Error) => {
    throw new Error(`${name}: ${error.message}`);
  });
}

async function startContender(contender: Contender): Promise<Running> {
  const listen = await freePort();
  const own = join(folder, contender.name);
  const ports = { listen, upstream, authApi, redis: redis ?? 0, folder: own };
  const command = contender.command(ports);
  const out = contender.logs === null ? 'ignore' : openSync(join(own, contender.logs), 'a');
  const homes = { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  const child = processes.start('measured', command, ['ignore', out, 'ignore'], homes);
  if (typeof out === 'number') closeSync(out);
  await untilListening(listen, child);
  return { contender, port: listen, child };
}
