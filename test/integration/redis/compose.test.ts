/**
 * Redis as compose.yaml starts it: revocations survive its restart, which gateways that verify JWTs themselves require.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { freePort } from '../../support/free-port.ts';
import { skipHere } from '../../support/skip-here.ts';

interface Service {
  readonly command: readonly [string, string, string];
  readonly volumes: readonly string[];
}

test('the data of Redis is in a volume, and survives a crash', async () => {
  if (spawnSync('redis-server', ['--version']).error !== undefined) skipHere('no redis-server on the PATH');
  const { services, volumes } = parse(readFileSync('compose.yaml', 'utf8'), { merge: true }) as {
    readonly services: { readonly redis: Service };
    readonly volumes: object;
  };
  expect([services.redis.volumes, volumes]).toMatchObject([['redis:/data'], { redis: {} }]);
  const folder = mkdtempSync(join(tmpdir(), 'rolegate-redis-'));
  const port = await freePort();
  writeFileSync(join(folder, 'password'), 'of-this-test');
  const [shell, flag, script] = services.redis.command;
  const here = script
    .replaceAll('$$', '$')
    .replace('/run/secrets/redis-password', join(folder, 'password'))
    .replace('/data', folder)
    .replace('--bind 0.0.0.0', `--bind 127.0.0.1 --port ${port}`);
  let server: ChildProcess | null = null;
  const client = new Redis({ port, password: 'of-this-test', maxRetriesPerRequest: null });
  client.on('error', () => {});
  const stop = async () => {
    const ended = once(server!, 'exit');
    server!.kill('SIGKILL');
    await ended;
  };
  onTestFinished(async () => {
    client.disconnect();
    await stop();
    rmSync(folder, { recursive: true });
  });
  const start = () => {
    server = spawn(shell, [flag, here], { stdio: 'ignore' });
  };
  start();
  await client.xadd('rolegate:{revocations}:log', '*', 'm', 'revoked');
  // Redis writes before it responds, and syncs to disk within a second; a crash of the process loses nothing.
  await stop();
  start();
  expect(await client.xlen('rolegate:{revocations}:log')).toBe(1);
});
