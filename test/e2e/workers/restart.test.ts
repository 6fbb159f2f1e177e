/** Workers and supervisors that end unexpectedly. */
import { expect, test } from 'vitest';
import { accepts, isAlive, poll, startWorkers, usualConfig } from './workers-world.ts';

const ann = { authorization: 'Bearer anns-token' };

test('a killed worker is restarted; the other one serves, and no published count is lost', async () => {
  const world = await startWorkers();
  const [, second] = await world.toEach('/open');
  const shown = await world.metric(/^rolegate_requests_total\{route="open"/);
  const before = world.pids();
  process.kill(before.get(1)!, 'SIGKILL');
  await world.command.see(/"worker":1,"how":"SIGKILL"[^\n]*"msg":"worker ended"/);
  for (let n = 0; n < 20; n += 1) expect((await second!.get('/open')).status).toBe(200);
  await poll(() => world.pids().get(1)).not.toBe(before.get(1));
  await poll(() => world.metric(/^rolegate_workers_serving /)).toBe(2);
  expect(await world.metric(/^rolegate_worker_restarts_total /)).toBe(1);
  expect(await world.metric(/^rolegate_requests_total\{route="open"/)).toBe(shown + 20);
  const connections = await world.toEach('/open');
  for (const connection of connections) expect((await connection.get('/open')).status).toBe(200);
  expect(world.pids().get(2)).toBe(before.get(2));
});

test('a restarted worker has the active configuration, not that on disk', async () => {
  const world = await startWorkers();
  world.authApi.addSession('anns-token', { roles: ['user'] });
  await world.toEach('/orders/7', ann);
  const parts = { authApi: new URL(world.authApi.url).origin, upstream: world.upstream.origin, workers: 2 };
  world.folder.write('gateway.yaml', usualConfig({ ...parts, access: '[admin]' }));
  expect((await world.admin('/reload', {})).status).toBe(202);
  world.folder.write('gateway.yaml', usualConfig({ ...parts, access: '[amdin]' }));
  await world.command.see(/configuration not reloaded/);
  const before = world.pids();
  process.kill(before.get(2)!, 'SIGKILL');
  await poll(() => world.pids().get(2)).not.toBe(before.get(2));
  const connections = await world.toEach('/open');
  for (const connection of connections) expect((await connection.get('/orders/7', ann)).status).toBe(403);
});

test('workers that exit at once, repeatedly: a clear line, exit code 1', async () => {
  const world = await startWorkers();
  let killed = 0;
  const killing = setInterval(() => {
    const pid = world.pids().get(1)!;
    if (pid === killed || !isAlive(pid)) return;
    killed = pid;
    process.kill(pid, 'SIGKILL');
  }, 5);
  expect(await world.command.ended).toBe(1);
  clearInterval(killing);
  expect(world.command.output()).toContain(
    'rolegate: worker 1 ends at once, again and again (last: SIGKILL): the log says why\n',
  );
  expect(isAlive(world.pids().get(2)!)).toBe(false);
});

test('workers whose supervisor is killed complete their requests, and end', async () => {
  const gate = Promise.withResolvers<void>();
  const world = await startWorkers({ answer: { answer: () => gate.promise.then(() => ({ body: 'late' })) } });
  const pids = [...world.pids().values()];
  const pending = Array.from({ length: 6 }, () => world.open().get('/open'));
  await poll(() => world.upstream.requests.length).toBe(6);
  world.command.signal('SIGKILL');
  // No new connection is accepted.
  await poll(() => accepts(world.port)).toBe(false);
  gate.resolve();
  expect((await Promise.all(pending)).map(({ text }) => text)).toEqual(Array(6).fill('late'));
  await poll(() => pids.map(isAlive)).toEqual([false, false]);
});

test('a second signal ends supervisor and workers at once', async () => {
  const world = await startWorkers({ answer: { answer: () => new Promise(() => {}) } });
  const pids = [...world.pids().values()];
  const pending = world
    .open()
    .get('/open')
    .catch((error) => error.code);
  await poll(() => world.upstream.requests.length).toBe(1);
  world.command.signal('SIGTERM');
  await poll(async () => (await world.admin('/health/ready')).status).toBe(503);
  // Signals that arrive together count as one.
  const again = setInterval(() => world.command.signal('SIGTERM'), 100);
  expect(await world.command.ended).toBe(1);
  clearInterval(again);
  expect(await pending).toBe('ECONNRESET');
  await poll(() => pids.map(isAlive)).toEqual([false, false]);
});

test('an embedded Auth API exists once: its credentials open the routes of every worker, and end in all', async () => {
  const world = await startWorkers({
    config: ({ upstream, workers }) => `version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0", adminToken: operators-0123456789abcdef0123456789abcdef, workers: ${workers} }
authApi:
  embedded: { database: ":memory:", secret: "0123456789abcdef0123456789abcdef", selfRegistration: true, outbox: console }
cache: { accepted: 10m, rejected: 0s }
roles: { user: {} }
upstreams: { orders: { targets: ["${upstream}"] } }
routes:
  - { id: open, match: { path: "/open" }, upstream: orders, access: public }
  - { id: auth, match: { path: "/api/auth/v2/**" }, upstream: auth-api, access: public }
  - { id: order, match: { path: "/orders/{id}" }, upstream: orders, access: [user] }
`,
  });
  const call = async (method: string, path: string, body: object | null, headers: Record<string, string> = {}) => {
    const answer = await fetch(`http://127.0.0.1:${world.port}/api/auth/v2${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === null ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, json: text === '' ? {} : JSON.parse(text) };
  };
  const user = { email: 'eve@example.test', fullName: 'Eve Example', alias: 'eve' };
  const { verificationCodeID, bearer } = (await call('POST', '/user', user)).json;
  const [, code] = await world.command.see(new RegExp(`"code":"(\\d{6})","codeId":"${verificationCodeID}"`));
  expect((await call('PUT', '/session/verification', { verificationCodeID, code })).status).toBe(202);
  const eve = { authorization: `Bearer ${bearer}` };
  const connections = await world.toEach('/orders/7', eve);
  for (const connection of connections) expect((await connection.get('/orders/7', eve)).status).toBe(200);
  const { sessionID } = (await call('GET', '/session', null, eve)).json;
  expect((await call('DELETE', `/session/${sessionID}`, null, eve)).status).toBe(202);
  for (const connection of connections) expect((await connection.get('/orders/7', eve)).status).toBe(401);
  world.command.signal('SIGTERM');
  expect(await world.command.ended).toBe(0);
});
