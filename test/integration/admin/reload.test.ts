/** The admin port of a real process: what requires the token, and reloads that change the token itself. */
import { utimesSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ConfigFolder, createConfigFolder } from '../../support/config-folder.ts';
import { sendRaw } from '../../support/raw-client.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../../support/recording-upstream.ts';
import { type RunningCommand, runRolegate } from '../../support/running-command.ts';

const first = 'first-0123456789abcdef0123456789abcdef';
const second = 'second-0123456789abcdef0123456789abcdef';

let folder: ConfigFolder;
let file: string;
let command: RunningCommand;
let admin: string;
let gateway: string;
let upstream: RecordingUpstream;
/** Until this resolves, the service does not respond. */
const released = Promise.withResolvers<void>();

function config(keys: string, ids: readonly string[]): string {
  const routes = ids.map((id) => `  - { id: ${id}, match: { path: "/${id}" }, upstream: orders, access: public }\n`);
  return `version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0"${keys} }
authApi: { url: "http://127.0.0.1:9" }
upstreams: { orders: { targets: ["${upstream.origin}"] } }
routes:
${routes.join('')}`;
}

const held = ', adminToken: { file: token }';

async function ask(method: string, path: string, token: string | null, headers: Record<string, string> = {}) {
  const authorization = token === null ? {} : { authorization: `Bearer ${token}` };
  const type = method === 'POST' ? { 'content-type': 'application/json' } : {};
  const answer = await fetch(`${admin}${path}`, { method, headers: { ...type, ...authorization, ...headers } });
  return { status: answer.status, errorId: answer.headers.get('x-error-id'), text: await answer.text() };
}

async function routes(token: string | null): Promise<string[]> {
  const { routes } = JSON.parse((await ask('GET', '/routes', token)).text);
  return routes.map(({ id }: { id: string }) => id);
}

beforeAll(async () => {
  folder = createConfigFolder();
  upstream = await startRecordingUpstream({ answer: () => released.promise.then(() => ({ body: 'late' })) });
  folder.write('token', `${first}\n`);
  file = folder.write('gateway.yaml', config(held, ['a']));
  command = runRolegate(['serve', '--config', file]);
  const [, line] = await command.see(/^(\{.*"msg":"started"\})$/m);
  const places = JSON.parse(line!);
  admin = `http://127.0.0.1:${places.admin.port}`;
  gateway = `http://127.0.0.1:${places.listen.port}`;
});
afterAll(async () => {
  command.signal('SIGKILL');
  folder.remove();
  await upstream.close();
});

describe('in sequence', () => {
  test('the token opens what probes do not need', async () => {
    expect((await ask('GET', '/health/live', null)).status).toBe(200);
    expect((await ask('GET', '/metrics', null)).status).toBe(401);
    expect((await ask('GET', '/metrics', first)).status).toBe(200);
    expect(await routes(first)).toEqual(['a']);
  });

  test('a changed file is in use when the response arrives', async () => {
    folder.write('gateway.yaml', config(held, ['a', 'b']));
    const answer = await ask('POST', '/reload', first);
    expect([answer.status, JSON.parse(answer.text)]).toEqual([202, { message: 'reloaded' }]);
    expect(await routes(first)).toEqual(['a', 'b']);
  });

  test('a bad file is refused with its problems and no secret, and the last valid one stays', async () => {
    folder.write('gateway.yaml', config(held, ['a', 'b']).replace('access: public', 'acess: public'));
    const answer = await ask('POST', '/reload', first);
    expect(answer.status).toBe(409);
    const { code, count, problems } = JSON.parse(answer.text);
    expect([code, count]).toEqual(['reload_refused', 1]);
    expect(problems).toEqual([{ at: `${file}:6`, message: 'unknown key "acess"' }]);
    expect(answer.text).not.toContain(first);
    expect(await routes(first)).toEqual(['a', 'b']);
    const metrics = await ask('GET', '/metrics', first);
    expect(metrics.text).toMatch(/^rolegate_config_last_load_successful 0$/m);
    // With the token, the readiness report shows why; probes see only that.
    const ready = JSON.parse((await ask('GET', '/health/ready', first)).text);
    const cause = `${file}:6 unknown key "acess"`;
    expect(ready.refusedReload).toEqual({ at: expect.stringMatching(/^20\S+Z$/), cause, count: 1 });
    const probe = JSON.parse((await ask('GET', '/health/ready', null)).text);
    expect([probe.checks.configuration, probe.refusedReload]).toEqual(['ok, reload refused', undefined]);
  });

  test('the id of a refusal is in the log, without a token', async () => {
    const { errorId } = await ask('GET', '/metrics', second);
    const [line] = await command.see(new RegExp(`^.*${errorId}.*$`, 'm'));
    expect(JSON.parse(line)).toMatchObject({
      msg: 'refused by the admin port',
      reason: 'credential_rejected',
      method: 'GET',
      endpoint: '/metrics',
    });
    for (const token of [first, second]) expect(command.output()).not.toContain(token);
  });

  test('after the reload, a new token is valid and the old one is not', async () => {
    folder.write('gateway.yaml', config(held, ['c']));
    // From an hour ago, so that no later check finds it changed and applies the token early.
    const hourAgo = Date.now() / 1000 - 3600;
    utimesSync(file, hourAgo, hourAgo);
    expect((await ask('POST', '/reload', first)).status).toBe(202);
    folder.write('token', `${second}\n`);
    expect((await ask('GET', '/metrics', second)).status).toBe(401);
    expect((await ask('POST', '/reload', first)).status).toBe(202);
    expect((await ask('GET', '/metrics', first)).status).toBe(401);
    expect(await routes(second)).toEqual(['c']);
    expect((await ask('POST', '/reload', first)).status).toBe(401);
    expect((await ask('POST', '/reload', second)).status).toBe(202);
  });

  test('a token that is too short is a problem, and the old one stays', async () => {
    folder.write('token', 'short\n');
    const answer = await ask('POST', '/reload', second);
    expect([answer.status, JSON.parse(answer.text).count]).toEqual([409, 1]);
    expect((await ask('GET', '/metrics', second)).status).toBe(200);
  });

  test('additional host names are valid after the reload too', async () => {
    folder.write('token', `${second}\n`);
    const named = { host: 'gate.example.test' };
    const status = async () => {
      const { port } = new URL(admin);
      return (await sendRaw(Number(port), `GET / HTTP/1.1\r\nHost: ${named.host}\r\n\r\n`)).status;
    };
    expect(await status()).toBe(400);
    folder.write('gateway.yaml', config(`${held}, adminHosts: [${named.host}]`, ['c']));
    expect((await ask('POST', '/reload', second)).status).toBe(202);
    expect(await status()).toBe(200);
  });

  test('without a token, the port is read-only', async () => {
    folder.write('gateway.yaml', config('', ['d']));
    command.signal('SIGHUP');
    await expect.poll(() => ask('GET', '/metrics', null).then(({ status }) => status)).toBe(200);
    expect(await routes(null)).toEqual(['d']);
    const answer = await ask('POST', '/reload', second);
    expect([answer.status, JSON.parse(answer.text).code]).toEqual([403, 'changes_disabled']);
  });

  test('with a token again, it accepts changes', async () => {
    folder.write('gateway.yaml', config(held, ['c']));
    command.signal('SIGHUP');
    await expect.poll(() => ask('GET', '/metrics', null).then(({ status }) => status)).toBe(401);
    expect(await routes(second)).toEqual(['c']);
  });

  test('a proxy that is no longer trusted cannot set the client', async () => {
    const reload = async (trusted: string) => {
      folder.write('gateway.yaml', config(`${held}, trustedProxies: ${trusted}`, ['c']));
      expect((await ask('POST', '/reload', second)).status).toBe(202);
    };
    const client = async () => {
      const request = 'GET /nothing HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n';
      const answer = await sendRaw(Number(new URL(gateway).port), request);
      const [line] = await command.see(new RegExp(`^.*"errorId":"${answer.header('x-error-id')}".*$`, 'm'));
      return JSON.parse(line).client;
    };
    await reload('["127.0.0.0/8"]');
    expect(await client()).toBe('192.0.2.7');
    await reload('[]');
    expect(await client()).toBe('127.0.0.1');
  });

  test('a draining process accepts nothing new, and ends normally', async () => {
    const pending = fetch(`${gateway}/c`);
    await expect.poll(() => upstream.requests.length).toBe(1);
    command.signal('SIGTERM');
    await expect.poll(async () => (await ask('GET', '/health/ready', null)).status).toBe(503);
    folder.write('gateway.yaml', config(held, ['e']));
    const answer = await ask('POST', '/reload', second);
    expect([answer.status, JSON.parse(answer.text).code]).toEqual([503, 'draining']);
    command.signal('SIGHUP');
    expect(await routes(second)).toEqual(['c']);
    released.resolve();
    expect(await (await pending).text()).toBe('late');
    expect(await command.ended).toBe(0);
    expect(command.output()).not.toContain('these settings change with the next start');
  });
});
