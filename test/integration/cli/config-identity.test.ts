/** Which configuration a process uses, and what a reload has changed: in log, metrics, health, records and on the admin port. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { createConfigFolder } from '../../support/config-folder.ts';
import { startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { runRolegate } from '../../support/running-command.ts';

const adminToken = 'an-operator-token-of-32-characters';
const secrets = ['a cache secret of at least thirty-two characters', 'hunter-2-of-redis', adminToken];

test.each([1, 2])('with %i workers', { timeout: 120_000 }, async (workers) => {
  const [folder, authApi] = [createConfigFolder(), await startFakeAuthApi()];
  onTestFinished(async () => {
    folder.remove();
    await authApi.close();
  });
  authApi.addSession('anns-secret-bearer', { userId: 'ann', roles: ['user'] });
  const configOf = (access: string) => `version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0", adminToken: "${adminToken}", workers: ${workers} }
authApi: { url: "${new URL(authApi.url).origin}" }
cache: { secret: "${secrets[0]}", redis: { url: "redis://:${secrets[1]}@127.0.0.1:9", timeout: 50ms } }
roles: { user: {}, admin: {} }
upstreams: { service: { targets: ["http://127.0.0.1:9"] } }
routes:
  - { id: order, match: { path: "/orders/{id}" }, upstream: service, access: { GET: ${access} } }
`;
  const file = folder.write('gateway.yaml', configOf('[user]'));
  const gateway = runRolegate(['serve', '--config', file]);
  onTestFinished(async () => {
    gateway.signal('SIGKILL');
    await gateway.ended;
  });
  const [, started] = await gateway.see(/^(\{.*"msg":"started".*\})$/m);
  const { admin, listen, config: first } = JSON.parse(started!);
  expect(first).toMatch(/^[0-9a-f]{12}$/);
  const headers = { authorization: `Bearer ${adminToken}` };
  const ask = async (path: string) => await (await fetch(`http://127.0.0.1:${admin.port}${path}`, { headers })).text();

  const shown = await ask('/config');
  expect(JSON.parse(shown)).toMatchObject({
    digest: first,
    settings: { 'cache.secret': '***', 'server.adminToken': '***', records: expect.stringContaining('"max":10000') },
  });
  for (const secret of secrets) expect(shown).not.toContain(secret);
  expect((await fetch(`http://127.0.0.1:${admin.port}/config`)).status).toBe(401);
  expect(JSON.parse(await ask('/health/ready'))).toMatchObject({ config: first });
  expect(await ask('/metrics')).toContain(`rolegate_config_info{digest="${first}"} 1`);

  folder.write('gateway.yaml', configOf('[admin]'));
  const [, reloaded] = await gateway.see(/"config":"(\w+)".*"msg":"configuration reloaded"/);
  expect(reloaded).not.toBe(first);
  const [, line] = await gateway.see(/^(\{.*"msg":"effect of the reload".*\})$/m);
  expect(JSON.parse(line!)).toMatchObject({
    ...{ level: 'warn', before: first, config: reloaded },
    newlyAllowed: ['GET, HEAD order: role admin'],
    newlyRefused: ['GET, HEAD order: role user'],
    counts: { newlyAllowed: 1, newlyRefused: 1 },
    settings: [],
  });
  expect(JSON.parse(await ask('/config')).digest).toBe(reloaded);
  const page = await ask('/metrics');
  expect(page).toContain(`rolegate_config_info{digest="${reloaded}"} 1`);
  expect(page).not.toContain(`digest="${first}"`);

  const refused = await fetch(`http://127.0.0.1:${listen.port}/orders/7`, {
    headers: { authorization: 'Bearer anns-secret-bearer' },
  });
  expect(refused.status).toBe(403);
  const record = await vi.waitUntil(async () => {
    const found = JSON.parse(await ask(`/decisions/${refused.headers.get('x-error-id')}`));
    return found.request === undefined ? null : found;
  });
  expect(record.config).toBe(reloaded);
  for (const secret of secrets) expect(gateway.output()).not.toContain(secret);
});
