/** Workers with a fault that does not end them: one that hangs, one that cannot apply a configuration. */
import { renameSync, utimesSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { createConfigFolder } from '../../support/config-folder.ts';
import { isAlive, poll, startWorkers, usualConfig, type WorkersWorld } from './workers-world.ts';

const ann = { authorization: 'Bearer anns-token' };
const sessionId = '11111111-2222-4333-8444-555555555555';

/** Environment in which every worker runs `script` first. */
function before(script: string): NodeJS.ProcessEnv {
  const folder = createConfigFolder();
  onTestFinished(folder.remove);
  const file = folder.write('before.mjs', `if (process.argv.includes('worker')) {\n${script}\n}\n`);
  return { NODE_OPTIONS: `--import=${pathToFileURL(file).href}` };
}

/** A worker that gets SIGUSR2 never returns to its event loop. */
const hangs = `process.on('SIGUSR2', () => { for (;;); });`;

function hang(pid: number): void {
  process.kill(pid, 'SIGUSR2');
  onTestFinished(() => {
    if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  });
}

/**
 * Workers that cannot apply some configurations, by `number: access`: these receive a text different from the others',
 * as from damaged memory.
 */
const cannotUse = (...failing: readonly string[]) => `
let number = 0;
const emit = process.emit;
process.emit = (event, message, ...rest) => {
  const body = event === 'message' && message?.kind === 'request' ? message.body : {};
  if (body.do === 'start') number = body.worker;
  if (body.do === 'use') {
    const access = /id: order,.*access: (.+) }/.exec(body.source.text)[1];
    if (${JSON.stringify(failing)}.includes(\`\${number}: \${access}\`)) body.source.text = 'version: 2';
  }
  return emit.call(process, event, message, ...rest);
};`;

/** A file that looks old, so it is read now and not again. */
function reload(world: WorkersWorld, access: string) {
  const parts = { authApi: new URL(world.authApi.url).origin, upstream: world.upstream.origin, workers: 2 };
  const next = world.folder.write('next.yaml', usualConfig({ ...parts, access }));
  const anHourAgo = Date.now() / 1000 - 3600;
  utimesSync(next, anHourAgo, anHourAgo);
  renameSync(next, world.file);
  return world.admin('/reload', {});
}

async function statuses(world: WorkersWorld): Promise<number[]> {
  const connections = await world.toEach('/orders/7', ann);
  return await Promise.all(connections.map(async (one) => (await one.get('/orders/7', ann)).status));
}

test('a worker that hangs is killed within its bound and restarted, while the other one serves', async () => {
  const world = await startWorkers({ env: before(hangs) });
  const [, second] = await world.toEach('/open');
  const earlier = world.pids();
  hang(earlier.get(1)!);
  expect((await second!.get('/open')).status).toBe(200);
  await world.command.see(/"worker":1,[^\n]*"why":"it does not respond","msg":"worker killed"/);
  await poll(() => world.pids().get(1)).not.toBe(earlier.get(1));
  expect(isAlive(earlier.get(1)!)).toBe(false);
  expect((await second!.get('/open')).status).toBe(200);
  expect(world.pids().get(2)).toBe(earlier.get(2));
  const connections = await world.toEach('/open');
  for (const connection of connections) expect((await connection.get('/open')).status).toBe(200);
  expect(await world.metric(/^rolegate_worker_restarts_total /)).toBe(1);
});

/** As on a busy machine: a worker takes longer to load than a running one may be silent. */
const loadsSlowly = `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 13_000);`;

test('a worker that loads slowly is awaited, and its state is not requested meanwhile', async () => {
  const world = await startWorkers({ env: before(loadsSlowly) });
  const earlier = world.pids();
  process.kill(earlier.get(1)!, 'SIGKILL');
  await world.command.see(/"worker":1,[^\n]*"msg":"worker ended"/);
  // Only the other one responds.
  expect(await world.metric(/^rolegate_workers_serving /)).toBe(1);
  expect((await world.admin('/health/ready')).status).toBe(200);
  expect(world.pids()).toEqual(earlier);
  await expect.poll(() => world.pids().get(1), { timeout: 60_000 }).not.toBe(earlier.get(1));
  expect(world.command.output()).not.toContain('worker killed');
});

test('a revocation that a worker does not apply is acknowledged once that worker has ended', async () => {
  const world = await startWorkers({ env: before(hangs) });
  world.authApi.addSession('anns-token', { roles: ['user'], sessionId });
  const [, second] = await world.toEach('/orders/7', ann);
  world.authApi.remove('anns-token');
  const earlier = world.pids();
  hang(earlier.get(1)!);
  expect((await world.admin('/revocations', { sessionID: sessionId })).status).toBe(202);
  expect(isAlive(earlier.get(1)!)).toBe(false);
  await world.command.see(/"worker":1,[^\n]*"why":"it does not respond: revoke","msg":"worker killed"/);
  expect((await second!.get('/orders/7', ann)).status).toBe(401);
  await poll(() => world.pids().get(1)).not.toBe(earlier.get(1));
  expect(await statuses(world)).toEqual([401, 401]);
});

test('a worker that hangs does not prevent the gateway from ending', async () => {
  const world = await startWorkers({
    env: before(hangs),
    config: (parts) => usualConfig(parts).replace('workers: 2', 'workers: 2, drainTimeout: 1s'),
  });
  const pids = [...world.pids().values()];
  hang(pids[0]!);
  world.command.signal('SIGTERM');
  expect(await world.command.ended).toBe(1);
  expect(pids.map(isAlive)).toEqual([false, false]);
});

test('a configuration that one worker cannot apply is applied by none, and the next one by all', async () => {
  const world = await startWorkers({ env: before(cannotUse('2: [admin]')) });
  world.authApi.addSession('anns-token', { roles: ['user'] });
  expect(await statuses(world)).toEqual([200, 200]);
  const earlier = world.pids();
  const refused = await reload(world, '[admin]');
  expect([refused.status, JSON.parse(refused.text).problems]).toEqual([
    409,
    [expect.objectContaining({ message: expect.stringContaining('could not apply') })],
  ]);
  expect(await statuses(world)).toEqual([200, 200]);
  expect(await world.metric(/^rolegate_config_last_load_successful /)).toBe(0);
  expect((await reload(world, '{ all: [admin] }')).status).toBe(202);
  expect(await statuses(world)).toEqual([403, 403]);
  expect(await world.metric(/^rolegate_config_last_load_successful /)).toBe(1);
  expect(world.pids()).toEqual(earlier);
});

test('a worker that cannot roll back is restarted with the configuration of the others', async () => {
  const world = await startWorkers({ env: before(cannotUse('2: [admin]', '1: [user]')) });
  world.authApi.addSession('anns-token', { roles: ['user'] });
  const earlier = world.pids();
  expect((await reload(world, '[admin]')).status).toBe(409);
  await world.command.see(/"worker":1,[^\n]*"why":"it cannot go back",[^\n]*"msg":"worker killed"/);
  await poll(() => world.pids().get(1)).not.toBe(earlier.get(1));
  expect(await statuses(world)).toEqual([200, 200]);
  expect(world.pids().get(2)).toBe(earlier.get(2));
});
