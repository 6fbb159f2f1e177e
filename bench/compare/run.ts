/**
 * `npm run bench:compare`: compares Rolegate with its peers on one machine, in one run. The contender has its own core; client,
 * upstream and Auth API share the other. Rounds are interleaved, and every figure is a median of rounds. What is missing, does not start
 * or responds wrongly is a row with the reason.
 */
import type { ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import type { LoadJob, LoadResult } from '../load/load.ts';
import { processTree, residentBytes } from '../load/process-tree.ts';
import { readOptions } from '../options.ts';
import { benchPlace, freePort, startLoadClient, startScript, untilListening, untilServed } from '../processes.ts';
import { commit, machine, median } from '../report.ts';
import type { Case } from './cases.ts';
import { type Contender, contenders } from './contenders.ts';
import { quotes, withQuote } from './quotes.ts';
import { type CaseResults, type Conditions, chart, figures, judged, type NotMeasured, page } from './report.ts';
import { serveKeys } from './token-issuer.ts';

const options = readOptions(
  `Usage: npm run bench:compare -- [options]
  --rounds N       interleaved rounds (default 5)
  --seconds N      measured seconds of each case in each round (default 1)
  --paced N        seconds at 60 % of the case's own throughput, three times, for latency (default 0.5; 0: none)
  --even N         requests per second that each compared case also gets for 2 s, three times (default 4000; 0: none)
  --connections N  keep-alive connections (default 64)
  --only A,B       contenders: ${contenders.map(({ name }) => name).join(', ')}
  --out FOLDER     writes compare.json, compare.svg and compare.md there
  --quote          writes the figures into the pages that quote them`,
  {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '1' },
    paced: { type: 'string', default: '0.5' },
    even: { type: 'string', default: '4000' },
    connections: { type: 'string', default: '64' },
    only: { type: 'string', default: contenders.map(({ name }) => name).join(',') },
    out: { type: 'string' },
    quote: { type: 'boolean', default: false },
  },
);

interface Running {
  readonly contender: Contender;
  readonly port: number;
  /** The proxy, and the Rolegate that it asks. */
  readonly children: readonly ChildProcess[];
}
interface Measured extends Running {
  readonly case: Case;
  readonly results: CaseResults;
}

// An invalid folder fails here, before the measurements.
if (options.out !== undefined) mkdirSync(options.out, { recursive: true });
const { processes, folder } = benchPlace('compare');

const wanted = contenders.filter(({ name }) => options.only.split(',').includes(name));
const upstream = (await startScript(processes, 'rest', 'load/upstream.ts')).port;
const authApi = (await startScript(processes, 'rest', 'load/auth-api.ts')).port;
const redis = wanted.some(({ name }) => name === 'rolegate-redis') ? await processes.redis('rest') : null;
const keys = await serveKeys();
const load = startLoadClient(processes);

const versions: Record<string, string> = {};
const notMeasured: NotMeasured[] = [];
function giveUp({ earlier }: Contender, { name }: Case, reason: string): void {
  console.error(`${name} is not measured: ${reason}`);
  notMeasured.push({ name, reason, ...(earlier === undefined ? {} : { earlier }) });
}

/** Cases with right responses. Proving it also warms up the code. */
let measured: Measured[] = [];
for (const contender of wanted) {
  const running = await startContender(contender);
  if (running === null) continue;
  for (const one of contender.cases) {
    const results = { name: one.name, what: one.what, saturated: [], even: [], paced: [], residentBytes: 0 };
    const it = { ...running, case: one, results };
    const right = await attempt(it, async () => {
      if (one.refused !== null) await drive(it, 0.2, { sent: { ...one.refused, cycle: undefined } });
      await drive(it, 1);
    });
    if (right) measured.push(it);
  }
}
// What a target compares is measured one after the other, because the speed of a shared machine varies within seconds.
const compared = ['mixed', 'repeated', 'public', 'signed'];
const turnOf = ({ name }: Case) => compared.findIndex((workload) => name.endsWith(` ${workload}`));
const perSecond = ({ results }: Measured) =>
  median(results.saturated.map(({ requests, seconds }) => requests / seconds));
const inTurn = measured.toSorted((one, other) => turnOf(one.case) - turnOf(other.case));

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
  versions,
};
console.log(
  `${machine}, ${processes.pinned ? 'contender on a core of its own' : 'not pinned'}, ` +
    `${conditions.connections} connections, ${conditions.rounds} rounds of ${conditions.seconds} s`,
);

for (let round = 1; round <= conditions.rounds; round += 1) {
  for (const one of inTurn)
    await attempt(one, async () => one.results.saturated.push(await drive(one, conditions.seconds)));
  process.stderr.write(`round ${round} of ${conditions.rounds} done\n`);
}
for (let round = 0; round < 3 && conditions.even > 0; round += 1) {
  for (const one of inTurn.filter((it) => turnOf(it.case) >= 0 && perSecond(it) > conditions.even))
    await attempt(one, async () => one.results.even.push(await drive(one, 2, { rate: conditions.even })));
}
for (const one of measured) {
  one.results.residentBytes = residentBytes(pidsOf(one));
  const seconds = Number(options.paced);
  // Uses the median round. On a machine whose speed varies, 60 % of the best round would overload the others.
  const rate = 0.6 * perSecond(one);
  for (let round = 0; round < 3 && seconds > 0; round += 1)
    await attempt(one, async () => one.results.paced.push(await drive(one, seconds, { rate })));
}

const all = measured.map(({ results }) => results);
console.log(figures(all, notMeasured));
for (const line of judged(all)) console.log(line);
if (options.out !== undefined) {
  const found = { conditions, notMeasured, results: all };
  writeFileSync(join(options.out, 'compare.json'), `${JSON.stringify(found, null, 2)}\n`);
  writeFileSync(join(options.out, 'compare.svg'), chart(all));
  writeFileSync(join(options.out, 'compare.md'), page(conditions, all, notMeasured));
}
for (const quote of options.quote ? quotes(all, versions) : []) {
  // Without the even load, its figures do not exist.
  const changed = quote.figure === 'NaN' ? null : withQuote(readFileSync(quote.path, 'utf8'), quote);
  if (changed === null) console.error(`${quote.path} does not get "${quote.before}${quote.figure}${quote.after}"`);
  else writeFileSync(quote.path, changed);
}
process.exit(notMeasured.some(({ name }) => name === 'rolegate mixed') ? 1 : 0);

function pidsOf({ children }: Running): number[] {
  return children.flatMap(({ pid }) => processTree(pid!));
}

/** Whether it succeeded. Otherwise the case is given up. */
async function attempt(one: Measured, measure: () => Promise<unknown>): Promise<boolean> {
  if (notMeasured.some(({ name }) => name === one.case.name)) return false;
  try {
    await measure();
    return true;
  } catch (error) {
    measured = measured.filter((other) => other.case !== one.case);
    giveUp(one.contender, one.case, error instanceof Error ? error.message : String(error));
    return false;
  }
}

function drive(
  one: Measured,
  seconds: number,
  { rate, sent = {} }: { readonly rate?: number; readonly sent?: Partial<LoadJob> } = {},
): Promise<LoadResult> {
  const { request, numbers, routes, cycle, reconnects } = one.case;
  return load({
    ...{ request, numbers, routes, cycle, reconnects, status: 200, ...sent },
    ...{ port: one.port, pids: pidsOf(one), rate },
    ...{ connections: Number(options.connections), warmupMs: 300, measureMs: seconds * 1000 },
  });
}

/** Null: it cannot be measured; its cases are given up. */
async function startContender(contender: Contender): Promise<Running | null> {
  const found = contender.find();
  const missing =
    'missing' in found
      ? found.missing
      : contender.name === 'rolegate-redis' && redis === null
        ? 'no redis-server'
        : null;
  if ('missing' in found || missing !== null) {
    for (const one of contender.cases) giveUp(contender, one, missing ?? '');
    return null;
  }
  const listen = await freePort();
  const own = join(folder, contender.name);
  const others = [await freePort(), await freePort(), await freePort()] as const;
  const ports = { listen, upstream, authApi, redis: redis ?? 0, keys, others, folder: own };
  const homes = { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  const children: ChildProcess[] = [];
  try {
    for (const { command, port, env = homes, logs } of contender.programs(ports, found.path)) {
      mkdirSync(own, { recursive: true });
      const out = logs === undefined ? 'ignore' : openSync(join(own, logs), 'a');
      const child = processes.start('measured', command, ['ignore', out, 'ignore'], env);
      if (typeof out === 'number') closeSync(out);
      children.push(child);
      await untilListening(port, child, 15_000);
    }
    await untilServed(listen, contender.cases[0]!.request, 200);
    versions[contender.name] = found.version;
    return { contender, port: listen, children };
  } catch (error) {
    for (const child of children) child.kill('SIGTERM');
    console.error(error);
    for (const one of contender.cases) giveUp(contender, one, 'it does not start as configured');
    return null;
  }
}
