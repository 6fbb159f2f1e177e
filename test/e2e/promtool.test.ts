/** Prometheus' own checker on every page of metrics: names, types, units and texts, for each kind of process. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ConfigFolder, createConfigFolder } from '../support/config-folder.ts';
import { runRolegate } from '../support/running-command.ts';
import { skipHere } from '../support/skip-here.ts';

const secret = 'a-secret-for-these-tests-long-enough';
let folder: ConfigFolder;
beforeAll(() => {
  folder = createConfigFolder();
});
afterAll(() => folder.remove());

/** `database` is in the folder of the configuration. */
const gateway = (database: string, workers: number) => `version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0", workers: ${workers} }
authApi: { embedded: { database: "file:${database}", secret: ${secret}, outbox: console } }
roles: { user: {} }
upstreams: { orders: { targets: ["http://127.0.0.1:9"] } }
routes:
  - { id: auth, match: { path: "/api/auth/v2/**" }, upstream: auth-api, access: public }
  - { id: orders, match: { path: "/orders" }, upstream: orders, access: [user] }
  - { id: open, match: { path: "/open" }, upstream: orders, access: public }
`;
const authApi = (database: string) => `listen: 127.0.0.1:0
metrics: 127.0.0.1:0
database: "file:${database}"
secret: ${secret}
outbox: console
`;

function check(page: string): { status: number | null; told: string } {
  const { error, status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input: page,
    encoding: 'utf8',
  });
  if (error !== undefined) skipHere('no promtool: install it (Debian: apt-get install prometheus)');
  return { status, told: stdout + stderr };
}

test.each([
  ['a gateway', 'serve', (database: string) => gateway(database, 1)],
  ['a gateway with workers', 'serve', (database: string) => gateway(database, 2)],
  ['the standalone Auth API', 'auth-api', authApi],
] as const)('%s: promtool finds nothing', async (name, command, config) => {
  const file = folder.write(`${name.replaceAll(' ', '-')}.yaml`, '');
  folder.write(`${name.replaceAll(' ', '-')}.yaml`, config(join(file, '..', `${name}.db`)));
  const running = runRolegate([command, '--config', file]);
  try {
    const [, line] = await running.see(/^(\{.*"msg":"(?:started|Auth API started)".*\})$/m);
    const {
      listen,
      metrics,
      admin = metrics,
    } = JSON.parse(line!) as Record<'listen' | 'metrics' | 'admin', { port: number }>;
    for (const path of ['orders', 'open', 'nowhere']) await fetch(`http://127.0.0.1:${listen.port}/${path}`);
    const page = await (await fetch(`http://127.0.0.1:${admin.port}/metrics`)).text();
    expect(page).toContain('nodejs_eventloop_lag_seconds');
    expect(page).toContain('rolegate_build_info');
    expect(check(page)).toEqual({ status: 0, told: '' });
  } finally {
    running.signal('SIGKILL');
    await running.ended;
  }
});

test('control: finds a gauge named like a counter', () => {
  const page = '# HELP things_total Things.\n# TYPE things_total gauge\nthings_total 1\n';
  expect(check(page)).toEqual({ status: 3, told: expect.stringContaining('things_total') });
});
