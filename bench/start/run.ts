/**
 * `npm run bench:start`: from the start of the process to its first 200 of `/health/ready`, with the example
 * configuration and with ten thousand routes. It runs what `npm run build` made; configurations, and programs when
 * several are given, take turns, and what counts is the median.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { policyText } from '../policy/write-policy.ts';
import { freePort, startAuthApi } from '../processes.ts';
import { spread } from '../spread.ts';
import { type Program, type Started, startOnce } from './start-once.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));
const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '15' },
    main: { type: 'string', multiple: true, default: [join(project, 'dist/main.js')] },
    check: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(`Usage: npm run bench:start -- [options]
  --runs N      starts of each configuration (default 15)
  --main FILE   the command line that is measured (default dist/main.js); several take turns
  --check       exit 1 when an aim is not met`);
  process.exit(0);
}
for (const main of options.main) if (!existsSync(main)) throw new Error(`there is no ${main}: npm run build`);

interface Measured extends Program {
  readonly name: string;
  readonly aimMs: number;
  readonly starts: Started[];
}

const folder = mkdtempSync(join(tmpdir(), 'rolegate-start-'));
const authApi = await startAuthApi();
process.on('exit', () => {
  authApi.stop();
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

const [listen, admin] = [await freePort(), await freePort()];
const server = `server: { listen: "127.0.0.1:${listen}", admin: "127.0.0.1:${admin}" }\n`;
const example = readFileSync(join(project, 'config/gateway.yaml'), 'utf8');
const many = policyText(10_000).replace(/^server: .*$/m, '');
const measured = [
  { name: 'config/gateway.yaml', text: server + example, aimMs: 300 },
  {
    name: '10,000 routes',
    text: server + many.replace('"http://127.0.0.1:9" }\nroles', `"${authApi.url}" }\nroles`),
    aimMs: 1_000,
  },
].flatMap(({ name, text, aimMs }, index) => {
  const config = join(folder, `${index}.yaml`);
  writeFileSync(config, text);
  return options.main.map((main): Measured => {
    const shown = options.main.length === 1 ? name : `${name}, ${main}`;
    return { name: shown, aimMs, main, config, listen, admin, env: { AUTH_API_URL: authApi.url }, starts: [] };
  });
});

console.log(
  `Node ${process.version}, ${availableParallelism()} x ${cpus()[0]?.model ?? 'unknown'}, ${options.runs} runs\n`,
);
// The first round reads the files from the disk.
for (let run = -1; run < Number(options.runs); run += 1) {
  for (const one of measured) {
    const started = await startOnce(one);
    if (run >= 0) one.starts.push(started);
  }
}

console.log('| | ready, ms (p25 - median - p75) | first answer, ms | CPU, ms | resident, MB | aim |');
console.log('|---|---|---:|---:|---:|---|');
let missed = false;
for (const { name, aimMs, starts } of measured) {
  const ready = spread(starts.map(({ readyMs }) => readyMs));
  const middle = (of: (one: Started) => number) => spread(starts.map(of)).median.toFixed(0);
  const met = ready.median < aimMs;
  missed ||= !met;
  const cells = [
    name,
    [ready.p25, ready.median, ready.p75].map((ms) => ms.toFixed(0)).join(' - '),
    middle(({ servedMs }) => servedMs),
    middle(({ cpuMs }) => cpuMs),
    middle(({ residentMb }) => residentMb),
    `< ${aimMs.toLocaleString('en')}: ${met ? 'met' : 'NOT met'}`,
  ];
  console.log(`| ${cells.join(' | ')} |`);
}
process.exit(options.check && missed ? 1 : 0);
