/**
 * `npm run bench:auth-api`: what the gateway's two checks, `GET /session` and `GET /keypair`, cost the Auth API with few stored
 * credentials and with many. Each request sends a random credential, so caches help no more than in practice. Rounds of both sizes
 * are interleaved.
 */
import { statSync, writeFileSync } from 'node:fs';
import { devNull, loadavg } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { LoadResult } from '../load/load.ts';
import { readOptions } from '../options.ts';
import { benchPlace, freePort, type Started, startLoadClient } from '../processes.ts';
import { machine } from '../report.ts';
import { fillDatabase } from './fill-database.ts';
import { type Compared, printable, ratiosOf, target } from './report.ts';
import { apiKeyOf, apiSecretOf, bearerOf, secret } from './stored-rows.ts';

const options = readOptions(
  `Usage: npm run bench:auth-api -- [options]
  --small N         stored sessions, and key pairs, of the smaller database (default 20000)
  --sessions N      of the larger one (default 1000000)
  --postgres URL    PostgreSQL in place of SQLite files: its user may make databases, which are removed at the end
  --rounds N        interleaved rounds (default 5)
  --seconds N       measured seconds of each operation at each size in each round (default 5)
  --warmup N        seconds before each measurement (default 2)
  --connections N   keep-alive connections (default 8)
  --out FILE        writes conditions and tables as Markdown
  --check           exit 1 when the target is not met`,
  {
    small: { type: 'string', default: '20000' },
    sessions: { type: 'string', default: '1000000' },
    postgres: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '5' },
    warmup: { type: 'string', default: '2' },
    connections: { type: 'string', default: '8' },
    out: { type: 'string' },
    check: { type: 'boolean', default: false },
  },
);

const head = (credential: string) => `Host: auth.example.test\r\nAccept: application/json\r\n${credential}\r\n\r\n`;
const requests = {
  'GET /session': `GET /api/auth/v2/session HTTP/1.1\r\n${head(`Authorization: Bearer ${bearerOf}`)}`,
  'GET /keypair': `GET /api/auth/v2/keypair HTTP/1.1\r\n${head(`api-key: ${apiKeyOf}\r\napi-secret: ${apiSecretOf}`)}`,
} as const;

const sizes = [Number(options.small), Number(options.sessions)] as const;
const { processes, folder } = benchPlace('auth-api');

const databases = [await prepare(sizes[0]), await prepare(sizes[1])] as const;
const started = [await serve(databases[0], 'small'), await serve(databases[1], 'large')] as const;
const load = startLoadClient(processes);
const compared = Object.keys(requests).map((operation) => ({
  operation: operation as keyof typeof requests,
  small: [] as LoadResult[],
  large: [] as LoadResult[],
}));
for (let round = 1; round <= Number(options.rounds); round += 1) {
  for (const { operation, small, large } of compared) {
    small.push(await drive(started[0], operation, sizes[0]));
    large.push(await drive(started[1], operation, sizes[1]));
  }
  process.stderr.write(`round ${round} of ${options.rounds} done\n`);
}
processes.stopAll();
const result = `${describeConditions()}\n\n${printable(compared, sizes)}`;
console.log(result);
if (options.out !== undefined) writeFileSync(options.out, `# Auth API: few and many stored credentials\n\n${result}`);
await removeDatabases();
process.exit(options.check && misses(compared) ? 1 : 0);

function misses(all: readonly Compared[]): boolean {
  return all.flatMap(ratiosOf).some(({ median }) => median > target);
}

/** Creates a database of that size. Returns its name for the settings. */
async function prepare(sessions: number): Promise<string> {
  const began = performance.now();
  const database = options.postgres === undefined ? join(folder, `${sessions}.db`) : await makeDatabase(sessions);
  await fillDatabase(database, sessions);
  process.stderr.write(`${sessions} sessions stored in ${((performance.now() - began) / 1000).toFixed(0)} s\n`);
  return database;
}

async function makeDatabase(sessions: number): Promise<string> {
  const url = new URL(options.postgres ?? '');
  const name = `rolegate_bench_${process.pid}_${sessions}`;
  await administer(`create database ${name}`);
  url.pathname = `/${name}`;
  return url.href;
}

async function removeDatabases(): Promise<void> {
  if (options.postgres === undefined) return;
  for (const database of databases) {
    await administer(`drop database ${new URL(database).pathname.slice(1)} with (force)`);
  }
}

async function administer(sql: string): Promise<void> {
  const admin = new Client({ connectionString: options.postgres });
  await admin.connect();
  await admin.query(sql);
  await admin.end();
}

async function serve(database: string, name: string): Promise<Started> {
  const port = await freePort();
  const file = join(folder, `${name}.yaml`);
  const settings = { listen: `127.0.0.1:${port}`, database, secret };
  writeFileSync(file, JSON.stringify(settings, null, 2));
  return processes.rolegate('auth-api', file, port, devNull);
}

function drive(to: Started, operation: keyof typeof requests, numbers: number): Promise<LoadResult> {
  return load({
    port: to.port,
    pids: [to.pid],
    request: requests[operation],
    numbers,
    status: 200,
    connections: Number(options.connections),
    warmupMs: Number(options.warmup) * 1000,
    measureMs: Number(options.seconds) * 1000,
  });
}

function describeConditions(): string {
  const store =
    options.postgres === undefined
      ? `SQLite files of ${databases.map((file) => `${Math.round(statSync(file).size / 1e6)} MB`).join(' and ')}, in the page cache of the system`
      : 'PostgreSQL on the same machine, its CPU not counted';
  return [
    `- ${new Date().toISOString().slice(0, 10)}, ${machine}, load average ${loadavg()[0]?.toFixed(1)} at the end`,
    `- ${processes.pinned ? 'Auth API on a core of its own, client on the other' : 'not pinned to cores'}, ${options.connections} connections, ${options.rounds} rounds of ${options.seconds} s after ${options.warmup} s of warm-up; medians of rounds`,
    `- ${store}; as many key pairs as sessions, 4 of each to a user with 2 roles and 2 groups; every request brings another credential, drawn at random`,
    '- CPU: user and system time of the Auth API process, all threads, for one request',
  ].join('\n');
}
