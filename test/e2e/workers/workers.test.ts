/** A gateway of several processes looks like one to clients and operators. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runRolegate } from '../../support/running-command.ts';
import { type Answer, isAlive, NoAnswerError, poll, startWorkers, usualConfig } from './workers-world.ts';

const ann = { authorization: 'Bearer anns-token' };
const sessionId = '11111111-2222-4333-8444-555555555555';

test('every worker responds, and the metrics are the sum of all', async () => {
  const world = await startWorkers();
  await world.toEach('/open');
  const connections = Array.from({ length: 24 }, () => world.open());
  const before = await world.metric(/^rolegate_requests_total\{route="open"/);
  const answers = await Promise.all(connections.flatMap((one) => [one.get('/open'), one.get('/open')]));
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  expect((await world.metric(/^rolegate_requests_total\{route="open"/)) - before).toBe(48);
  const ofWorkers = await Promise.all(
    [1, 2].map((n) => world.metric(new RegExp(`^rolegate_worker_requests_total.*"${n}"`))),
  );
  expect(Math.min(...ofWorkers)).toBeGreaterThan(0);
  expect(ofWorkers[0]! + ofWorkers[1]!).toBe(before + 48);
  expect(await world.metric(/^rolegate_request_duration_seconds_count\{route="open"/)).toBe(before + 48);
  expect(await world.metric(/^rolegate_connections_open /)).toBeGreaterThanOrEqual(24);
  expect(await world.metric(/^rolegate_workers_serving /)).toBe(2);
  expect(await world.metric(/^rolegate_config_loads_total\{result="ok"/)).toBe(1);
  expect(await world.metric(/^rolegate_build_info/)).toBe(1);
  const { text } = await world.admin('/metrics');
  expect(text.match(/^# TYPE rolegate_requests_total /gm)).toHaveLength(1);
  const ready = await world.admin('/health/ready');
  expect([ready.status, JSON.parse(ready.text).checks.workers]).toEqual([200, '2 of 2']);
});

test('a revocation applies in every worker when its response arrives, without Redis', async () => {
  const world = await startWorkers();
  world.authApi.addSession('anns-token', { roles: ['user'], sessionId });
  world.authApi.addSession('bobs-token', { roles: ['user'], userId: 'bob', sessionId: 'bobs-session' });
  const connections = await world.toEach('/orders/7', ann);
  const bob = { authorization: 'Bearer bobs-token' };
  for (const connection of connections) expect((await connection.get('/orders/7', bob)).status).toBe(200);
  world.authApi.remove('anns-token');
  world.authApi.remove('bobs-token');
  // Cached verdicts are used until they are revoked.
  for (const connection of connections) expect((await connection.get('/orders/7', ann)).status).toBe(200);
  expect((await world.admin('/revocations', { sessionID: sessionId })).status).toBe(202);
  for (const connection of connections) expect((await connection.get('/orders/7', ann)).status).toBe(401);
  for (const connection of connections) expect((await connection.get('/orders/7', bob)).status).toBe(200);
  expect((await world.admin('/revocations', { bearer: 'bobs-token' })).status).toBe(202);
  for (const connection of connections) expect((await connection.get('/orders/7', bob)).status).toBe(401);
  expect(await world.metric(/^rolegate_revocations_total\{source="admin"/)).toBe(2);
});

test('what a call through one worker revokes, ends in all before its response is sent', async () => {
  const world = await startWorkers();
  world.authApi.addSession('anns-token', { roles: ['user'], sessionId });
  const [one, two] = await world.toEach('/orders/7', ann);
  world.authApi.remove('anns-token');
  expect((await two!.get('/orders/7', ann)).status).toBe(200);
  expect((await one!.get('/leave', ann)).status).toBe(200);
  expect((await two!.get('/orders/7', ann)).status).toBe(401);
});

test('a configuration is applied by all workers or by none', async () => {
  const world = await startWorkers();
  world.authApi.addSession('anns-token', { roles: ['user'] });
  const connections = await world.toEach('/orders/7', ann);
  const parts = { authApi: new URL(world.authApi.url).origin, upstream: world.upstream.origin, workers: 2 };
  const statuses = async () =>
    (await Promise.all(connections.map((one) => one.get('/orders/7', ann)))).map(({ status }) => status);
  world.folder.write('gateway.yaml', usualConfig({ ...parts, access: '[admin]' }));
  expect((await world.admin('/reload', {})).status).toBe(202);
  expect(await statuses()).toEqual([403, 403]);
  world.folder.write('gateway.yaml', usualConfig({ ...parts, access: '[amdin]' }));
  const refused = await world.admin('/reload', {});
  expect([refused.status, JSON.parse(refused.text).problems[0].at]).toEqual([409, expect.stringContaining('yaml:9')]);
  expect(await statuses()).toEqual([403, 403]);
  expect(await world.metric(/^rolegate_config_last_load_successful /)).toBe(0);
  world.folder.write('gateway.yaml', usualConfig({ ...parts, access: '[user]' }));
  world.command.signal('SIGHUP');
  await poll(statuses).toEqual([200, 200]);
});

test('a changed list file applies in all workers', async () => {
  const world = await startWorkers();
  const connections = await world.toEach('/open');
  const more = `  - { id: listed, match: { path: "/listed" }, upstream: orders, access: public, when: [{ query: id, in: { file: ids.txt }, reason: id }] }\n`;
  const parts = { authApi: new URL(world.authApi.url).origin, upstream: world.upstream.origin, workers: 2, more };
  const statuses = async (id: string) =>
    (await Promise.all(connections.map((one) => one.get(`/listed?id=${id}`)))).map(({ status }) => status);
  world.folder.write('ids.txt', 'a\n');
  world.folder.write('gateway.yaml', usualConfig(parts));
  expect((await world.admin('/reload', {})).status).toBe(202);
  expect([await statuses('a'), await statuses('b')]).toEqual([
    [200, 200],
    [403, 403],
  ]);
  world.folder.write('ids.txt', 'b\n');
  await poll(() => statuses('b')).toEqual([200, 200]);
  expect(await statuses('a')).toEqual([403, 403]);
});

test('SIGTERM drains under load: no request fails, every worker ends, exit code 0', async () => {
  const gate = Promise.withResolvers<void>();
  const world = await startWorkers({
    answer: {
      answer: async ({ target }) => {
        if (target === '/open?slow') await gate.promise;
        return { body: 'upstream' };
      },
    },
  });
  const pids = [...world.pids().values()];
  expect(pids.map(isAlive)).toEqual([true, true]);
  const connections = await world.toEach('/open');
  const slow = connections.map((one) => one.get('/open?slow'));
  await poll(() => world.upstream.requests.filter(({ target }) => target === '/open?slow').length).toBe(2);
  // Each continues until its connection is closed: after a response, or while idle.
  const load = Array.from({ length: 8 }, async () => {
    const connection = world.open();
    for (let answered = 0; ; answered += 1) {
      const answer = await connection.get('/open?load').catch((error: unknown) => error);
      if (answer instanceof NoAnswerError && answer.reused) return answered;
      expect(answer).toMatchObject({ status: 200, text: 'upstream' });
      if ((answer as Answer).last) return answered + 1;
    }
  });
  const forwarded = () => world.upstream.requests.filter(({ target }) => target === '/open?load').length;
  await poll(forwarded).toBeGreaterThan(50);
  world.command.signal('SIGTERM');
  await poll(async () => (await world.admin('/health/ready')).status).toBe(503);
  const answered = (await Promise.all(load)).reduce((sum, count) => sum + count, 0);
  // Every accepted request got a response.
  expect(forwarded()).toBe(answered);
  gate.resolve();
  expect((await Promise.all(slow)).map(({ status }) => status)).toEqual([200, 200]);
  expect(await world.command.ended).toBe(0);
  expect(pids.map(isAlive)).toEqual([false, false]);
});

test('lines of all workers arrive complete, on one standard output', async () => {
  const world = await startWorkers({ workers: 3 });
  const connections = Array.from({ length: 30 }, () => world.open());
  const path = `/orders/${'x'.repeat(3000)}`;
  await Promise.all(
    connections.map(async (one) => {
      for (let n = 0; n < 20; n += 1) await one.get(path);
    }),
  );
  world.command.signal('SIGTERM');
  expect(await world.command.ended).toBe(0);
  const lines = world.command.output().trimEnd().split('\n');
  expect(lines.filter((line) => JSON.parse(line).msg === 'request')).toHaveLength(600);
});

test('a port in use: one line that mentions the setting, also when other workers use it', async () => {
  const world = await startWorkers();
  const text = readFileSync(world.file, 'utf8').replace('127.0.0.1:0', `127.0.0.1:${world.port}`);
  const second = runRolegate(['serve', '--config', world.folder.write('second.yaml', text)]);
  expect(await second.ended).toBe(1);
  const lines = second.output().trim().split('\n');
  expect(lines.filter((line) => !line.startsWith('{'))).toEqual([
    `rolegate: port ${world.port} is taken: change server.listen (now "127.0.0.1:${world.port}")`,
  ]);
});

test('decisions of all workers are recorded in one file that can be replayed', async () => {
  const world = await startWorkers({
    config: (parts) => usualConfig({ ...parts, more: 'records: { file: decisions.ndjson, allowedSample: 1 }\n' }),
  });
  const connections = await world.toEach('/orders/7');
  for (const connection of connections) await connection.get('/orders/8');
  const asked = await world.metric(/^rolegate_requests_total\{route="order"/);
  await poll(() => world.metric(/^rolegate_decision_records_total\{result="kept"/)).toBe(asked);
  world.command.signal('SIGTERM');
  await world.command.ended;
  const records = readFileSync(world.file.replace('gateway.yaml', 'decisions.ndjson'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(records).toHaveLength(asked);
  for (const { decided } of records) expect(decided).toMatchObject({ method: 'GET', route: 'order' });
});

test('every worker evaluates a candidate, and the report is combined', async () => {
  const world = await startWorkers();
  world.authApi.addSession('anns-token', { roles: ['user'] });
  const parts = { authApi: new URL(world.authApi.url).origin, upstream: world.upstream.origin, workers: 2 };
  const shadow = world.folder.write('shadow.yaml', usualConfig({ ...parts, access: '[admin]' }));
  const other = await startWorkers({
    config: () => usualConfig(parts),
    args: ['--shadow', shadow],
  });
  await other.command.see(/candidate policy is compared with the one in use/);
  const connections = await other.toEach('/orders/7', ann);
  for (const connection of connections) await connection.get('/orders/8', ann);
  const asked = await other.metric(/^rolegate_requests_total\{route="order"/);
  await poll(async () => JSON.parse((await other.admin('/shadow')).text).decisions.newly_refused).toBe(asked);
  const report = JSON.parse((await other.admin('/shadow')).text);
  expect(report.candidate.routes).toBe(3);
  expect(report.recent).toHaveLength(asked);
  expect(await other.metric(/^rolegate_shadow_decisions_total\{result="newly_refused"/)).toBe(asked);
});

test('a refusal by any worker is found, listed and explained, without Redis', async () => {
  const world = await startWorkers();
  world.authApi.addSession('anns-token', { roles: [], userId: 'ann' });
  const connections = await world.toEach('/open');
  const ids = await Promise.all(
    connections.map(async (one) => JSON.parse((await one.get('/orders/7', ann)).text).errorId as string),
  );
  expect(new Set(ids).size).toBe(2);
  for (const id of ids) {
    await poll(async () => (await world.admin(`/decisions/${id}`)).status).toBe(200);
    const found = JSON.parse((await world.admin(`/decisions/${id}`)).text);
    expect(found).toMatchObject({ request: { errorId: id, userId: 'ann' }, explanation: { reason: 'role_missing' } });
  }
  const listed = JSON.parse((await world.admin('/decisions?reason=role_missing&user=ann')).text).decisions;
  expect(listed.map(({ errorId }: { errorId: string }) => errorId).sort()).toEqual(ids.sort());
});
