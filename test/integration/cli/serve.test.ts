/** `rolegate serve` as an operator runs it: start, reload, refusal of a bad file, end. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ConfigFolder, createConfigFolder } from '../../support/config-folder.ts';
import { type FakeAuthApi, startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../../support/recording-upstream.ts';
import { type RunningCommand, runRolegate } from '../../support/running-command.ts';

let folder: ConfigFolder;
let authApi: FakeAuthApi;
let upstream: RecordingUpstream;
/** Until this resolves, the service does not respond to `/orders/slow`. */
const released = Promise.withResolvers<void>();

beforeAll(async () => {
  folder = createConfigFolder();
  authApi = await startFakeAuthApi();
  authApi.addSession('anns-token', { roles: ['user'], groups: ['acme'] });
  upstream = await startRecordingUpstream({
    answer: async ({ target }) => {
      if (target === '/orders/slow') await released.promise;
      return { body: 'upstream' };
    },
  });
});
afterAll(async () => {
  folder.remove();
  await Promise.all([authApi.close(), upstream.close()]);
});

function config(access: string): string {
  return `version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
authApi: { url: "${new URL(authApi.url).origin}" }
roles: { user: {}, admin: { inherits: [user] } }
upstreams: { orders: { targets: ["${upstream.origin}"] } }
routes:
  - { id: order, match: { path: "/orders/{id}" }, upstream: orders, access: ${access} }
`;
}

async function started(command: RunningCommand): Promise<{ gateway: string; admin: string }> {
  const [, line] = await command.see(/^(\{.*"msg":"started"\})$/m);
  const { listen, admin } = JSON.parse(line!);
  return { gateway: `http://127.0.0.1:${listen.port}`, admin: `http://127.0.0.1:${admin.port}` };
}

describe('a running gateway', () => {
  let file: string;
  let command: RunningCommand;
  let places: { gateway: string; admin: string };
  const order = async () =>
    (await fetch(`${places.gateway}/orders/7`, { headers: { authorization: 'Bearer anns-token' } })).status;
  const metric = async (name: string) => {
    const text = await (await fetch(`${places.admin}/metrics`)).text();
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  };

  beforeAll(async () => {
    file = folder.write('gateway.yaml', config('[user]'));
    command = runRolegate(['serve', '--config', file]);
    places = await started(command);
  });
  afterAll(() => command.signal('SIGKILL'));

  test('forwards what its rules allow, with the identity', async () => {
    expect(await order()).toBe(200);
    expect(upstream.last().header('groups')).toEqual(['acme']);
    expect(upstream.last().header('authorization')).toEqual([]);
  });

  test('is ready, according to its own health check', async () => {
    const check = runRolegate(['healthcheck', '--url', `${places.admin}/health/ready`]);
    expect(await check.ended).toBe(0);
    expect(check.output()).toBe('ready\n');
  });

  test('applies a changed file', async () => {
    folder.write('gateway.yaml', config('[admin]'));
    await command.see(/configuration reloaded/);
    expect(await order()).toBe(403);
    expect(await metric('rolegate_config_last_load_successful')).toBe(1);
  });

  test('keeps the last valid configuration when the file is bad, and reports it', async () => {
    folder.write('gateway.yaml', config('[amdin]'));
    const [line] = await command.see(/^.*configuration not reloaded.*$/m);
    expect(line).toContain(':7');
    expect(await metric('rolegate_config_last_load_successful')).toBe(0);
    // Still ready, because the last valid one is in use; without a token, no location in a file is shown.
    const ready = await fetch(`${places.admin}/health/ready`);
    expect([ready.status, await ready.json()]).toMatchObject([
      200,
      { checks: { configuration: 'ok, reload refused' } },
    ]);
    expect(await order()).toBe(403);
  });

  test('reads the file on SIGHUP', async () => {
    folder.write('gateway.yaml', config('[user]'));
    command.signal('SIGHUP');
    await expect.poll(order).toBe(200);
    const ready = await fetch(`${places.admin}/health/ready`);
    expect(await ready.json()).toMatchObject({ checks: { configuration: 'ok' } });
  });

  test('SIGTERM drains: requests in flight complete, then the process ends with 0', async () => {
    const pending = fetch(`${places.gateway}/orders/slow`, { headers: { authorization: 'Bearer anns-token' } });
    await expect.poll(() => upstream.last().target).toBe('/orders/slow');
    command.signal('SIGTERM');
    await expect.poll(async () => (await fetch(`${places.admin}/health/ready`)).status).toBe(503);
    released.resolve();
    expect((await pending).status).toBe(200);
    expect(await command.ended).toBe(0);
  });
});

describe('a gateway that cannot start', () => {
  test('a bad file: every problem, exit 1, no open port', async () => {
    const file = folder.write('bad.yaml', config('[usr]').replace('upstream: orders', 'upstream: order'));
    const command = runRolegate(['serve', '--config', file]);
    expect(await command.ended).toBe(1);
    expect(command.output()).toContain('bad.yaml:7');
    expect(command.output()).toMatch(/"?usr"?[\s\S]*user/);
    expect(command.output()).toMatch(/"?order"?[\s\S]*orders/);
    expect(command.output()).not.toContain('started');
  });

  test('rules for an application, which open no port', async () => {
    const text = `version: 1
server: { listen: false }
authApi: { url: "http://127.0.0.1:9" }
routes: [{ id: all, match: { path: "/**" }, access: public }]
`;
    const command = runRolegate(['serve', '--config', folder.write('rules.yaml', text)]);
    expect(await command.ended).toBe(1);
    expect(command.output()).toContain('nothing listens for requests');
  });

  test('no file', async () => {
    const command = runRolegate(['serve', '--config', 'no-such-file.yaml']);
    expect(await command.ended).toBe(1);
    expect(command.output()).toContain('no-such-file.yaml');
    expect(command.output()).toContain('does not exist');
    expect(command.output()).toContain('rolegate init http');
    expect(command.output()).toContain('rolegate demo');
  });

  test('a port in use: one line that mentions the setting', async () => {
    const taken = `127.0.0.1:${upstream.port}`;
    const file = folder.write('taken.yaml', config('[user]').replace('listen: "127.0.0.1:0"', `listen: "${taken}"`));
    const command = runRolegate(['serve', '--config', file]);
    expect(await command.ended).toBe(1);
    const lines = command
      .output()
      .trim()
      .split('\n')
      .filter((line) => !line.startsWith('{'));
    expect(lines).toEqual([`rolegate: port ${upstream.port} is taken: change server.listen (now "${taken}")`]);
  });
});

test('the embedded Auth API is reachable through the gateway, and its credentials open the routes', async () => {
  const file = folder.write(
    'embedded.yaml',
    `version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
authApi:
  embedded: { database: ":memory:", secret: "0123456789abcdef0123456789abcdef", selfRegistration: true, outbox: console }
cache: { rejected: 0s }
roles: { user: {} }
upstreams: { orders: { targets: ["${upstream.origin}"] } }
routes:
  - { id: auth, match: { path: "/api/auth/v2/**" }, upstream: auth-api, access: public }
  - { id: order, match: { path: "/orders/{id}" }, upstream: orders, access: [user] }
`,
  );
  const command = runRolegate(['serve', '--config', file]);
  try {
    const { gateway } = await started(command);
    const call = async (method: string, path: string, body: object | null, headers: Record<string, string> = {}) => {
      const answer = await fetch(`${gateway}${path}`, {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        ...(body === null ? {} : { body: JSON.stringify(body) }),
      });
      return { status: answer.status, json: JSON.parse(await answer.text()) };
    };
    const verify = async (path: string, verificationCodeID: string, headers: Record<string, string> = {}) => {
      const [, code] = await command.see(new RegExp(`"code":"(\\d{6})","codeId":"${verificationCodeID}"`));
      return (await call('PUT', `/api/auth/v2${path}`, { verificationCodeID, code }, headers)).status;
    };
    const user = { email: 'eve@example.test', fullName: 'Eve Example', alias: 'eve' };
    const registered = await call('POST', '/api/auth/v2/user', user);
    expect(registered.status).toBe(202);
    expect(await verify('/session/verification', registered.json.verificationCodeID)).toBe(202);
    const bearer = { authorization: `Bearer ${registered.json.bearer}` };
    expect((await fetch(`${gateway}/orders/1`, { headers: bearer })).status).toBe(200);

    const made = await call('POST', '/api/auth/v2/keypair', { name: 'server', days: 30 }, bearer);
    expect(made.status).toBe(202);
    const pair = { 'api-key': made.json.apiKey, 'api-secret': made.json.apiSecret };
    expect((await fetch(`${gateway}/orders/1`, { headers: pair })).status).toBe(401);
    expect(await verify('/keypair/verification', made.json.verificationCodeID, bearer)).toBe(202);
    expect((await fetch(`${gateway}/orders/1`, { headers: pair })).status).toBe(200);
    expect(upstream.last().header('user-id')).toHaveLength(1);
  } finally {
    command.signal('SIGTERM');
    expect(await command.ended).toBe(0);
  }
});
