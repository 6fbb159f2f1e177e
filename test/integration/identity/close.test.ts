/** A process that closes its resolver ends on its own: no timer, socket or reconnecting client is left. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { type FakeAuthApi, startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { useRedis } from '../../support/redis.ts';
import { bearer } from '../../unit/identity/samples.ts';

let api: FakeAuthApi | undefined;

afterEach(async () => {
  await api?.close();
});

const program = `
  import { makeResolver } from '${new URL('../../unit/identity/test-resolver.ts', import.meta.url).href}';
  import { redisConfig } from '${new URL('../../support/redis-config.ts', import.meta.url).href}';
  const [url, redisUrl, token] = process.argv.slice(1);
  const redis = redisUrl === '' ? null : redisConfig(redisUrl, 'test:close:', 1000);
  const { resolve, sourceStatus, close } = makeResolver(url, { nowMs: Date.now() }, { redis });
  const { reason } = await resolve({ kind: 'bearer', token }, Infinity);
  await sourceStatus();
  await close();
  process.stdout.write(String(reason));
`;

async function run(url: string, redisUrl: string): Promise<{ text: string; code: unknown }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, url, redisUrl, bearer().token], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 8_000,
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const [code] = await once(child, 'close');
  return { text, code };
}

describe('close', () => {
  it.each<[string, () => Promise<string>]>([
    ['without Redis', async () => ''],
    ['with Redis', async () => (await useRedis()).url],
    ['with an unreachable Redis', async () => 'redis://127.0.0.1:1'],
  ])('leaves nothing that keeps the process alive, %s', async (_, redisUrl) => {
    api = await startFakeAuthApi();
    api.addSession(bearer().token);
    expect(await run(api.url, await redisUrl())).toEqual({ text: 'null', code: 0 });
  });
});
