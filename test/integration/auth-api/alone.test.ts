/** `rolegate auth-api`: what it reports at start about identifying clients, and where its metrics are. */
import { hostname } from 'node:os';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ConfigFolder, createConfigFolder } from '../../support/config-folder.ts';
import { runRolegate } from '../../support/running-command.ts';

let folder: ConfigFolder;
beforeEach(() => {
  folder = createConfigFolder();
});
afterEach(() => folder.remove());

const shared = 'all clients behind a gateway share one budget: set gatewaySecret here and authApi.gatewaySecret there';

it.each([
  ['beyond localhost', 'listen: ":0"', true],
  ['beyond localhost, with a secret', `listen: ":0"\ngatewaySecret: ${'g'.repeat(40)}`, false],
  ['beyond localhost, with trusted proxies', 'listen: ":0"\ntrustedProxies: [10.0.0.0/8]', false],
  ['on localhost', 'listen: "127.0.0.1:0"', false],
])('%s, it warns that all clients would count as one: %s', async (_where, lines, warns) => {
  const config = folder.write('auth-api.yaml', `database: ":memory:"\nsecret: ${'s'.repeat(40)}\n${lines}\n`);
  const running = runRolegate(['auth-api', '--config', config]);
  // The warning comes before the line that reports the start.
  await running.see(/Auth API started/);
  running.signal('SIGTERM');
  expect(await running.ended).toBe(0);
  expect(running.output().includes(shared)).toBe(warns);
  for (const line of running.output().trim().split('\n')) expect(JSON.parse(line).instance).toBe(hostname());
});

it('serves its metrics on the configured address, and nothing else there', async () => {
  const ports = 'listen: "127.0.0.1:0"\nmetrics: "127.0.0.1:0"';
  const config = folder.write('auth-api.yaml', `database: ":memory:"\nsecret: ${'s'.repeat(40)}\n${ports}\n`);
  const running = runRolegate(['auth-api', '--config', config]);
  const [, api, metrics] = await running.see(/"listen":\{[^}]*"port":(\d+)\},"metrics":\{[^}]*"port":(\d+)\}/);
  const statusOf = async (port: string | undefined, path: string) =>
    (await fetch(`http://127.0.0.1:${port}${path}`)).status;
  expect(await statusOf(metrics, '/metrics')).toBe(200);
  expect(await statusOf(metrics, '/health/live')).toBe(404);
  expect(await statusOf(api, '/metrics')).toBe(404);
  running.signal('SIGTERM');
  expect(await running.ended).toBe(0);
});
