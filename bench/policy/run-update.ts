/**
 * `npm run bench:update`: what it costs to generate tests for the rules of 40 teams until they detect every change, beside a run of these
 * tests. Fails if they do not cover everything or miss a change.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readOptions } from '../options.ts';
import { benchPlace } from '../processes.ts';
import { machine, table } from '../report.ts';
import { runCommand } from './run-command.ts';
import { writeTeams } from './write-teams.ts';

const options = readOptions(
  `Usage: npm run bench:update -- [options]
  --main FILE     the command line that is measured (default dist/main.js)`,
  { main: { type: 'string', default: fileURLToPath(new URL('../../dist/main.js', import.meta.url)) } },
);
if (!existsSync(options.main)) throw new Error(`there is no ${options.main}: npm run build`);

const { folder } = benchPlace('update');
const rows: string[][] = [];
for (const routes of [250, 1000]) {
  const place = join(folder, String(routes));
  const config = writeTeams(place, routes, 40);
  const test = ['test', '--config', config];
  const update = await runCommand(options.main, [...test, '--update', '--mutation', '100', '--out', place]);
  const coverage = await runCommand(options.main, [...test, '--coverage', '100']);
  const mutation = await runCommand(options.main, [...test, '--coverage', '100', '--mutation', '100']);
  const seconds = [update, coverage, mutation].map(
    ({ wallMs, cpuMs }) => `${(wallMs / 1000).toFixed(1)} (${(cpuMs / 1000).toFixed(1)})`,
  );
  rows.push([routes.toLocaleString('en'), ...seconds, `${(update.cpuMs / coverage.cpuMs).toFixed(1)}`]);
}
console.log(`${machine}\n`);
console.log(
  table(
    [
      'routes',
      'test --update --mutation, s wall (CPU)',
      'test --coverage',
      'test --coverage --mutation',
      'ratio of CPU',
    ],
    rows,
  ),
);
process.exit(0);
