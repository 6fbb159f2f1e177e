/** Docker for tests: whether an engine responds and has an image, and removal of leftover containers. */
import { hostname } from 'node:os';
import type { ContainerRuntimeClient } from 'testcontainers';

const engineTimeoutMs = 5_000;
const pullTimeoutMs = 60_000;
/** The owner of a container, so that a later run can remove those of a killed run. */
const ownerLabel = 'rolegate.test-run';

/** For every container that a run starts. */
export const ownerLabels = { [ownerLabel]: `${hostname()}:${process.pid}` };

/** Null without an engine, or if it cannot get the image in time. */
export async function dockerWith(image: string): Promise<ContainerRuntimeClient | null> {
  // The reaper needs a separate image, which an engine without a registry cannot pull. The run removes the containers
  // that it started, and those left by killed runs.
  process.env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true';
  const { getContainerRuntimeClient, ImageName } = await import('testcontainers');
  try {
    const client = await within(getContainerRuntimeClient(), engineTimeoutMs);
    const name = ImageName.fromString(image);
    if (!(await within(client.image.exists(name), engineTimeoutMs))) {
      await within(client.image.pull(name), pullTimeoutMs);
    }
    await within(removeOrphans(client), engineTimeoutMs);
    return client;
  } catch {
    return null;
  }
}

/** Removes containers of this host whose test run has ended. */
async function removeOrphans(client: ContainerRuntimeClient): Promise<void> {
  const own = `${hostname()}:`;
  for (const { Id, Labels } of await client.container.list()) {
    const owner = Labels[ownerLabel];
    if (owner?.startsWith(own) !== true || isAlive(Number(owner.slice(own.length)))) continue;
    await client.container.getById(Id).remove({ force: true, v: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function within<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('Too slow')), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
