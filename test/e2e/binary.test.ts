/** The single executable, alone in a folder and without an environment: it contains everything that it needs. */
import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createConfigFolder } from '../support/config-folder.ts';
import { usePostgres } from '../support/postgres.ts';
import { useRedis } from '../support/redis.ts';
import { runCommand } from '../support/running-command.ts';
import { createSeenOutput } from '../support/seen-output.ts';
import { smoke } from './support/smoke.ts';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string };
const freePorts = { ROLEGATE_LISTEN: '127.0.0.1:0', ROLEGATE_ADMIN: '127.0.0.1:0' };
/** No variable of this process is passed on: nothing on a PATH, no modules from a folder. */
const emptied = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]));
const secret = 'a secret of the tests that is long enough';
const folder = createConfigFolder();
const place = mkdtempSync(join(tmpdir(), 'rolegate-binary-test-'));
const binary = join(place, 'rolegate');

beforeAll(async () => {
  await promisify(execFile)(process.execPath, ['scripts/build-binary.ts']);
  copyFileSync('build/rolegate', binary);
}, 120_000);
afterAll(() => {
  folder.remove();
  rmSync(place, { recursive: true });
});

const run = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  runCommand(binary, args, { ...emptied, ...env }, { cwd: place });

test('version', async () => {
  const command = run(['version']);
  expect(await command.ended).toBe(0);
  expect(command.output()).toBe(`${version}\n`);
});

test('includes the licenses of its contents', () => {
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  const licenses = readFileSync('build/rolegate.licenses.txt', 'utf8');
  const missing = Object.keys(dependencies).filter((name) => !new RegExp(`^${name} \\d`, 'm').test(licenses));
  expect(missing).toEqual([]);
  expect(licenses).toMatch(/^node-\w+-\w+ 26\..*\n\nNode\.js is licensed/m);
});

test('reports command-line mistakes as usual', async () => {
  const command = run(['nothing-of-the-kind']);
  expect(await command.ended).toBe(2);
  expect(command.output()).toContain('unknown command');
});

test('schema and reference match the sources', async () => {
  for (const [args, file] of [
    [['schema'], 'config/gateway.schema.json'],
    [['schema', '--reference'], 'config/gateway.reference.yaml'],
  ] as const) {
    const command = run(args);
    expect(await command.ended).toBe(0);
    expect(command.output()).toBe(readFileSync(file, 'utf8'));
  }
});

test('a parent that forks it reaches the command line', async () => {
  const seen = createSeenOutput();
  const child = fork('any-script.js', ['version'], { execPath: binary, execArgv: [], silent: true });
  child.stdout?.on('data', seen.take);
  const [code] = await once(child, 'close');
  expect(code).toBe(0);
  expect(seen.text()).toBe(`${version}\n`);
});

test('demo', async () => {
  const demo = run(['demo'], freePorts);
  try {
    await smoke(demo);
    demo.signal('SIGINT');
    expect(await demo.ended).toBe(0);
  } finally {
    demo.signal('SIGKILL');
  }
});

test('serve with Redis: healthcheck reports ready, SIGTERM ends it', async () => {
  const redis = await useRedis();
  const config = folder.write(
    'gateway.yaml',
    `version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
authApi: { embedded: { database: ":memory:", secret: "${secret}" } }
cache: { secret: "${secret}", redis: { url: "${redis.url}" } }
routes:
  - { id: auth, match: { path: "/api/auth/v2/**" }, upstream: auth-api, access: public }
`,
  );
  const gateway = run(['serve', '--config', config]);
  try {
    const [, admin] = await gateway.see(/"admin":\{[^}]*"port":(\d+)\}/);
    const metric = async () => (await fetch(`http://127.0.0.1:${admin}/metrics`)).text();
    await expect.poll(metric).toMatch(/^rolegate_revocations_connected 1$/m);
    const check = run(['healthcheck', '--url', `http://127.0.0.1:${admin}/health/ready`]);
    expect(await check.ended, check.output()).toBe(0);
    gateway.signal('SIGTERM');
    expect(await gateway.ended).toBe(0);
  } finally {
    gateway.signal('SIGKILL');
  }
});

test('serve with workers: they are the executable too', async () => {
  const config = folder.write(
    'workers.yaml',
    `version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0", workers: 2 }
authApi: { embedded: { database: ":memory:", secret: "${secret}" } }
cache: { secret: "${secret}" }
routes:
  - { id: auth, match: { path: "/api/auth/v2/**" }, upstream: auth-api, access: public }
`,
  );
  const gateway = run(['serve', '--config', config]);
  try {
    const [, listen] = await gateway.see(/"listen":\{[^}]*"port":(\d+)\}.*"workers":2/);
    expect(gateway.output().match(/"msg":"worker serves"/g)).toHaveLength(2);
    expect((await fetch(`http://127.0.0.1:${listen}/api/auth/v2/session`)).status).toBe(401);
    gateway.signal('SIGTERM');
    expect(await gateway.ended).toBe(0);
  } finally {
    gateway.signal('SIGKILL');
  }
});

test('auth-api with PostgreSQL', async () => {
  const database = await usePostgres();
  const config = folder.write(
    'auth-api.yaml',
    `listen: "127.0.0.1:0"\ndatabase: "${database.url}"\nsecret: "${secret}"\n`,
  );
  const api = run(['auth-api', '--config', config]);
  try {
    const [, port] = await api.see(/"port":(\d+)/);
    expect((await fetch(`http://127.0.0.1:${port}/health/ready`)).status).toBe(200);
    api.signal('SIGTERM');
    expect(await api.ended).toBe(0);
  } finally {
    api.signal('SIGKILL');
    await api.ended;
    await database.dispose();
  }
});
