/** The comparison after a reload, and the settings in use, where a gateway has little time or few rights. */
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../../src/config/load-config.ts';
import { createConfigFolder } from '../../support/config-folder.ts';
import { runRolegate } from '../../support/running-command.ts';

const headers = { authorization: 'Bearer an-operator-token-of-32-characters', 'content-type': 'application/json' };

const configOf = (access: string, more = '') => `version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0", adminToken: "${headers.authorization.slice(7)}" }
authApi: { url: "http://127.0.0.1:9" }
roles: { user: {}, admin: {} }
upstreams: { service: { targets: ["http://127.0.0.1:9"] } }
routes:
  - { id: order, match: { path: "/orders/{id}" }, upstream: service, access: { GET: ${access} } }
${more}`;

async function serve(text: string, env: NodeJS.ProcessEnv = {}) {
  const folder = createConfigFolder();
  const file = folder.write('gateway.yaml', text);
  const gateway = runRolegate(['serve', '--config', file], env);
  onTestFinished(async () => {
    gateway.signal('SIGKILL');
    await gateway.ended;
    folder.remove();
  });
  const [, started] = await gateway.see(/^(\{.*"msg":"started".*\})$/m);
  const { admin, config } = JSON.parse(started!);
  const url = `http://127.0.0.1:${admin.port}`;
  const reload = async (next: string) => {
    folder.write('gateway.yaml', next);
    expect((await fetch(`${url}/reload`, { method: 'POST', headers })).status).toBe(202);
    return JSON.parse(await (await fetch(`${url}/config`, { headers })).text()).digest as string;
  };
  return { gateway, file, url, config, reload };
}

const compared = /^(\{.*"msg":"effect of the reload".*\})$/m;

test('a second reload does not hide what the first one allowed', { timeout: 60_000 }, async () => {
  const { gateway, config: first, reload } = await serve(configOf('[user]'));
  const second = await reload(configOf('[user, admin]'));
  const third = await reload(configOf('[user, admin]', 'cache: { accepted: 10s }\n'));
  const [, line] = await gateway.see(compared);
  expect(JSON.parse(line!)).toMatchObject({
    before: first,
    config: third,
    newlyAllowed: ['GET, HEAD order: role admin'],
  });
  expect(gateway.output()).toContain(`"config":"${second}","before":"${first}","why":"the process ended"`);
});

test('a reload that is undone during its comparison leaves nothing to compare', { timeout: 60_000 }, async () => {
  const { gateway, config: first, reload } = await serve(configOf('[user]'));
  await reload(configOf('[user, admin]'));
  expect(await reload(configOf('[user]'))).toBe(first);
  const last = await reload(configOf('[admin]'));
  const [, line] = await gateway.see(compared);
  expect(JSON.parse(line!)).toMatchObject({
    before: first,
    config: last,
    newlyRefused: ['GET, HEAD order: role user'],
  });
});

test('compares without the right to change a priority', { timeout: 60_000 }, async () => {
  // As a service manager does that filters system calls.
  const refusing = `import os from 'node:os';
import { syncBuiltinESMExports } from 'node:module';
os.setPriority = () => { throw new Error('EPERM'); };
syncBuiltinESMExports();`;
  const { gateway, reload } = await serve(configOf('[user]'), {
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(refusing)}`,
  });
  await reload(configOf('[admin]'));
  const [, line] = await gateway.see(
    /^(\{.*"msg":"(?:effect of the reload|the reload is not compared with the rules before)".*\})$/m,
  );
  expect(JSON.parse(line!)).toMatchObject({ newlyAllowed: ['GET, HEAD order: role admin'] });
});

test('shows the settings of a large configuration without reading it again', { timeout: 60_000 }, async () => {
  const routes = Array.from(
    { length: 500 },
    (_, n) => `  - { id: r${n}, match: { path: "/r${n}/{id}" }, upstream: service, access: [user] }\n`,
  );
  const { url, file } = await serve(configOf('[user]', routes.join('')));
  const timed = async (run: () => unknown) => {
    const start = performance.now();
    await run();
    return performance.now() - start;
  };
  const reading = await timed(() => loadConfig(file, {}));
  const showing = await timed(async () => {
    for (let at = 0; at < 20; at += 1) {
      const { settings } = JSON.parse(await (await fetch(`${url}/config`, { headers })).text());
      expect(settings['routes.r499.access']).toContain('user');
    }
  });
  expect(showing).toBeLessThan(5 * reading);
});
