/** Once per run: offers Redis to the workers, and starts it before the tests when one of their files asks for it. */
import { readFile } from 'node:fs/promises';
import type { TestProject } from 'vitest/node';
import { startRedisBroker } from './redis/redis-broker.ts';

export default async function setup(root: TestProject): Promise<() => Promise<void>> {
  const broker = await startRedisBroker(process.env, (line) => process.stdout.write(`${line}\n`));
  root.provide('redisBroker', broker.url);
  if (await someFileAsks(root)) await broker.prepare();
  return broker.close;
}

/** Finding or installing a server can take longer than a test may; a file that asks only indirectly waits in its test. */
async function someFileAsks(root: TestProject): Promise<boolean> {
  for (const path of root.vitest.state.getPaths()) {
    if (/\b(useRedis|startPrivateRedis)\b/.test(await readFile(path, 'utf8'))) return true;
  }
  return false;
}
