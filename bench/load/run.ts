/**
 * `npm run bench:load`: CPU time, throughput and latency of the gateway, beside the upstream alone and a bare relay.
 * Rounds are interleaved, so that a machine that grows slower or faster does so for all; what counts is the median.
 */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { availableParallelism, cpus, devNull } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gatewayConfig } from './gateway-config.ts';
import type { LoadAnswer, LoadJob, LoadResult } from './load.ts';
import { benchPlace, type Started } from './processes.ts';
import { printable, ratios, summarize } from './report.ts';
import { type Scenario, type ScenarioName, scenario, scenarioNames } from './scenarios.ts';

const usage = `Usage: npm run bench:load -- [options]
  --rounds N        interleaved rounds (default 5)
  --seconds N       measured seconds of each scenario in each round (default 3)
  --warmup N        seconds before each measurement (default 1)
  --connections N   keep-alive connections (default 64)
  --only A,B        scenarios: ${scenarioNames.join(', ')}
  --json FILE       writes conditions and results
  --access-log FILE where the gateway's access log goes (default: nowhere, though it is written)
  --check           exit 1 when a target is not met`;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    warmup: { type: 'string', default: '1' },
    connections: { type: 'string', default: '64' },
    only: { type: 'string', default: scenarioNames.join(',') },
    json: { type: 'string' },
    'access-log': { type: 'string', default: devNull },
    check: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(usage);
  process.exit(0);
}

const wanted = scenarioNames.filter((name) => options.only.split(',').includes(name));
const { processes, folder } = benchPlace('load');

const scenarios = await start();
const client = processes.client();
const conditions = {
  date: new Date().toISOString(),
  node: process.version,
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  pinned: processes.pinned,
  connections: Number(options.connections),
  seconds: Number(options.seconds),
  rounds: Number(options.rounds),
};
console.log(
  `Node ${conditions.node}, ${conditions.cores} x ${conditions.cpu}, ${conditions.pinned ? 'measured process on a core of its own' : 'not pinned'}, ` +
    `${conditions.connections} connections, ${conditions.rounds} rounds of ${conditions.seconds} s`,
);

// A short run of each first: a scenario with a wrong answer is no measurement, and the code gets warm.
for (const one of scenarios) await drive(one, 0.5);

const results = new Map<ScenarioName, LoadResult[]>(scenarios.map(({ name }) => [name, []]));
for (let round = 1; round <= conditions.rounds; round += 1) {
  for (const one of scenarios) results.get(one.name)?.push(await drive(one, conditions.seconds));
  process.stderr.write(`round ${round} of ${conditions.rounds} done\n`);
}

const summaries = summarize(results);
const found = ratios(results);
console.log(printable(summaries, found, (name) => scenarios.find((one) => one.name === name)?.what ?? name));
if (options.json !== undefined) {
  writeFileSync(
    options.json,
    `${JSON.stringify({ conditions, summaries, ratios: found, rounds: Object.fromEntries(results) }, null, 2)}\n`,
  );
}
process.exit(options.check && found.some(({ median, target }) => median > target) ? 1 : 0);

async function start(): Promise<Scenario[]> {
  const upstream = await processes.script('rest', 'upstream.ts');
  const targets = new Map<ScenarioName, Started>([['upstream', upstream]]);
  if (wanted.includes('relay'))
    targets.set('relay', await processes.script('measured', 'relay.ts', String(upstream.port)));
  if (wanted.some((name) => name !== 'upstream' && name !== 'relay')) {
    const authApi = await processes.script('rest', 'auth-api.ts');
    const gateway = await startGateway('gateway', upstream.port, authApi.port);
    for (const name of ['public', 'bearer', 'keypair', 'refused'] as const) targets.set(name, gateway);
    if (wanted.includes('signed'))
      targets.set('signed', await startGateway('signed', upstream.port, authApi.port, true));
    // Apart from the others: its memory is full of identities that never come again.
    if (wanted.includes('cold')) targets.set('cold', await startGateway('cold', upstream.port, authApi.port));
  }
  return wanted.flatMap((name) => {
    const target = targets.get(name);
    return target === undefined ? [] : [scenario(name, target)];
  });
}

async function startGateway(name: string, upstream: number, authApi: number, signs = false): Promise<Started> {
  const listen = await freePort();
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, gatewayConfig({ listen, upstream, authApi }, signs));
  return processes.rolegate('serve', file, listen, options['access-log']);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function drive(one: Scenario, seconds: number): Promise<LoadResult> {
  const job: LoadJob = {
    port: one.target.port,
    pids: [one.target.pid],
    request: one.request,
    status: one.status,
    connections: conditions.connections,
    warmupMs: Number(options.warmup) * 1000,
    measureMs: seconds * 1000,
  };
  client.send(job);
  const [answer] = (await once(client, 'message')) as [LoadAnswer];
  if (!answer.ok) throw new Error(`${one.name}: ${answer.error}`);
  return answer.result;
}
