/**
 * `npm run bench:policy`: what a policy of ten and of ten thousand routes costs its author, and each request: reading
 * it, the commands, the start of a gateway, and a decision. Commands run as processes of their own, from what
 * `npm run build` made, in turn; what counts is the median.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadConfig } from '../../src/config/load-config.ts';
import { decidingCost } from './deciding-cost.ts';
import { runCommand, startGateway, type Took } from './run-command.ts';
import { type WrittenPolicy, writePolicy } from './write-policy.ts';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    decisions: { type: 'string', default: '41' },
    main: { type: 'string', default: fileURLToPath(new URL('../../dist/main.js', import.meta.url)) },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(`Usage: npm run bench:policy -- [options]
  --rounds N      runs of each command (default 5)
  --decisions N   rounds of 20,000 decisions (default 41)
  --main FILE     the command line that is measured (default dist/main.js)`);
  process.exit(0);
}
if (!existsSync(options.main)) throw new Error(`there is no ${options.main}: npm run build`);

const counts = [10, 10_000];
const folder = mkdtempSync(join(tmpdir(), 'rolegate-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const policies = counts.map((routes) => writePolicy(join(folder, String(routes)), routes, 1000));

const measures: Readonly<Record<string, (policy: WrittenPolicy) => Took | Promise<Took>>> = {
  'read, warm (no process)': ({ config }) => readOnce(config),
  validate: ({ config }) => runCommand(options.main, ['validate', config]),
  'test, 1,000 cases': ({ config }) => runCommand(options.main, ['test', '--config', config]),
  explain: ({ config, url }) =>
    runCommand(options.main, ['explain', 'GET', url, '--config', config, '--roles', 'user']),
  'start to ready': ({ config }) => startGateway(options.main, config),
};

console.log(`Node ${process.version}, ${availableParallelism()} x ${cpus()[0]?.model ?? 'unknown'}`);
const taken = new Map<string, Took[]>();
for (let round = 0; round < Number(options.rounds); round += 1) {
  for (const [name, measure] of Object.entries(measures)) {
    for (const [index, policy] of policies.entries()) {
      const key = `${name} ${index}`;
      taken.set(key, [...(taken.get(key) ?? []), await measure(policy)]);
    }
  }
}
console.log(`load ${loadavg()[0]?.toFixed(1)}\n`);
console.log(`| ms, wall (CPU) | ${counts.map((count) => `${count.toLocaleString('en')} routes`).join(' | ')} |`);
console.log(`|---|${counts.map(() => '---:|').join('')}`);
for (const name of Object.keys(measures)) {
  const cells = counts.map((_, index) => {
    const all = taken.get(`${name} ${index}`) ?? [];
    return `${median(all.map(({ wallMs }) => wallMs))} (${median(all.map(({ cpuMs }) => cpuMs))})`;
  });
  console.log(`| ${name} | ${cells.join(' | ')} |`);
}
const sides = [
  { routes: 10, used: 10 },
  { routes: 10_000, used: 10 },
  { routes: 10_000, used: 1000 },
];
const costs = decidingCost(sides, Number(options.decisions));
console.log('\n| routes | of them used | a decision, µs of CPU | more than with ten |');
console.log('|---:|---:|---:|---:|');
for (const [index, { routes, used }] of sides.entries()) {
  const more = `${((costs[index]! / costs[0]! - 1) * 100).toFixed(1)} %`;
  console.log(
    `| ${[routes.toLocaleString('en'), used.toLocaleString('en'), costs[index]!.toFixed(3), more].join(' | ')} |`,
  );
}
process.exit(0);

function readOnce(config: string): Took {
  const [wall, cpu] = [performance.now(), process.cpuUsage()];
  if (!loadConfig(config, {}).ok) throw new Error('the policy has problems');
  const { user, system } = process.cpuUsage(cpu);
  return { wallMs: performance.now() - wall, cpuMs: (user + system) / 1000 };
}

function median(values: readonly number[]): string {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!.toFixed(0);
}
