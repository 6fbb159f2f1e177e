/**
 * `npm run bench:policy`: what commands cost on policies of ten and of ten thousand routes. Each command is a separate process of
 * the program that `npm run build` built. `bench:start` measures how fast a gateway starts with them.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readOptions } from '../options.ts';
import { benchPlace } from '../processes.ts';
import { machine, median, table } from '../report.ts';
import { runCommand, type Took } from './run-command.ts';
import { type WrittenPolicy, writePolicy } from './write-policy.ts';

const options = readOptions(
  `Usage: npm run bench:policy -- [options]
  --rounds N      runs of each command (default 5)
  --main FILE     the command line that is measured (default dist/main.js)`,
  {
    rounds: { type: 'string', default: '5' },
    main: { type: 'string', default: fileURLToPath(new URL('../../dist/main.js', import.meta.url)) },
  },
);
if (!existsSync(options.main)) throw new Error(`there is no ${options.main}: npm run build`);

const { folder } = benchPlace('policy');
const counts = [10, 10_000];
const policies = counts.map((routes) => writePolicy(join(folder, String(routes)), routes, 1000));
const commands: Readonly<Record<string, (policy: WrittenPolicy) => readonly string[]>> = {
  validate: ({ config }) => ['validate', config],
  'test, 1,000 cases': ({ config }) => ['test', '--config', config],
  explain: ({ config, url }) => ['explain', 'GET', url, '--config', config, '--roles', 'user'],
};

console.log(`${machine}, ${options.rounds} rounds\n`);
const taken = new Map<string, Took[]>();
for (let round = 0; round < Number(options.rounds); round += 1) {
  for (const [name, args] of Object.entries(commands)) {
    for (const [index, policy] of policies.entries()) {
      const key = `${name} ${index}`;
      taken.set(key, [...(taken.get(key) ?? []), await runCommand(options.main, args(policy))]);
    }
  }
}
const rows = Object.keys(commands).map((name) => {
  const cells = counts.map((_, index) => {
    const all = taken.get(`${name} ${index}`) ?? [];
    return `${median(all.map(({ wallMs }) => wallMs)).toFixed(0)} (${median(all.map(({ cpuMs }) => cpuMs)).toFixed(0)})`;
  });
  return [name, ...cells];
});
console.log(table(['ms, wall (CPU)', ...counts.map((count) => `${count.toLocaleString('en')} routes`)], rows));
process.exit(0);
