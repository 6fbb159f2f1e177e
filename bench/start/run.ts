/**
 * `npm run bench:start`: from the start of the process to its first 200 from `/health/ready`, with the example configuration and
 * with ten thousand routes in turn. Runs the program that `npm run build` built.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readOptions } from '../options.ts';
import { policyText } from '../policy/write-policy.ts';
import { benchPlace, freePort, startScript } from '../processes.ts';
import { machine, median, quartiles, spread, table, verdict } from '../report.ts';
import { type Program, type Started, startOnce } from './start-once.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));
const options = readOptions(
  `Usage: npm run bench:start -- [options]
  --runs N      starts with each configuration (default 15)
  --main FILE   the command line that is measured (default dist/main.js)
  --check       exit 1 when a target is not met`,
  {
    runs: { type: 'string', default: '15' },
    main: { type: 'string', default: join(project, 'dist/main.js') },
    check: { type: 'boolean', default: false },
  },
);
if (!existsSync(options.main)) throw new Error(`there is no ${options.main}: npm run build`);

const { processes, folder } = benchPlace('start');
const authApi = `http://127.0.0.1:${(await startScript(processes, 'any', 'load/auth-api.ts')).port}`;
const [listen, admin] = [await freePort(), await freePort()];
const server = `server: { listen: "127.0.0.1:${listen}", admin: "127.0.0.1:${admin}" }\n`;
const measured = [
  {
    name: 'config/gateway.yaml',
    config: written('example.yaml', server + readFileSync(join(project, 'config/gateway.yaml'), 'utf8')),
    targetMs: 500,
    starts: [] as Started[],
  },
  {
    name: '10,000 routes',
    config: written('long.yaml', server + policyText(10_000, authApi).replace(/^server: .*\n/m, '')),
    targetMs: 3_000,
    starts: [] as Started[],
  },
];

console.log(`${machine}, ${options.runs} runs\n`);
// The first round reads the files from disk, and writes the compiled code.
for (let run = -1; run < Number(options.runs); run += 1) {
  for (const { config, starts } of measured) {
    const program: Program = { main: options.main, config, listen, admin, env: { AUTH_API_URL: authApi } };
    const started = await startOnce(program, run < 0);
    if (run >= 0) starts.push(started);
  }
}

const rows = measured.map(({ name, starts, targetMs }) => {
  const ready = spread(starts.map(({ readyMs }) => readyMs));
  return [
    name,
    quartiles(ready, 0),
    median(starts.map(({ servedMs }) => servedMs)).toFixed(0),
    median(starts.map(({ cpuMs }) => cpuMs)).toFixed(0),
    median(starts.map(({ residentMb }) => residentMb)).toFixed(0),
    verdict(ready.median, targetMs),
  ];
});
const head = ['', 'ready, ms (p25 - median - p75)', 'first response, ms', 'CPU, ms', 'resident, MB', 'target'];
console.log(table(head, rows));
const missed = measured.some(({ starts, targetMs }) => median(starts.map(({ readyMs }) => readyMs)) > targetMs);
process.exit(options.check && missed ? 1 : 0);

function written(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}
