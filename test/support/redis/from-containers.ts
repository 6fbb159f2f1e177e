/** Redis from Docker through testcontainers: when an engine answers and the image is there or can be pulled in time. */
import { hostname } from 'node:os';
import type { ContainerRuntimeClient } from 'testcontainers';
import { freePort, type RedisWay, type RunningRedis, redisArguments, untilAnswers } from './running-redis.ts';

const image = 'redis:8-alpine';
const engineTimeoutMs = 5_000;
const pullTimeoutMs = 60_000;
/** Tells whose a container is, so that those of a run that was killed can be removed by a later one. */
const ownerLabel = 'rolegate.test-run';

/** Null when there is no engine, or it cannot get the image. */
export async function fromContainers(): Promise<RedisWay | null> {
  // The reaper is an image of its own, which an engine without a registry cannot pull. The run removes what it started,
  // and what runs that were killed left behind.
  process.env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true';
  const { getContainerRuntimeClient, ImageName } = await import('testcontainers');
  try {
    const client = await within(getContainerRuntimeClient(), engineTimeoutMs);
    const name = ImageName.fromString(image);
    if (!(await within(client.image.exists(name), engineTimeoutMs))) {
      await within(client.image.pull(name), pullTimeoutMs);
    }
    await within(removeOrphans(client), engineTimeoutMs);
  } catch {
    return null;
  }
  return { name: `testcontainers ${image}`, start: startContainer };
}

async function startContainer(): Promise<RunningRedis> {
  const { GenericContainer, getContainerRuntimeClient, Wait } = await import('testcontainers');
  // A fixed port of the host: Docker would choose another one at each start.
  const port = await freePort();
  const started = await new GenericContainer(image)
    .withCommand(['redis-server', '--bind', '0.0.0.0', ...redisArguments])
    .withLabels({ [ownerLabel]: `${hostname()}:${process.pid}` })
    .withExposedPorts({ container: 6379, host: port })
    .withWaitStrategy(Wait.forLogMessage('Ready to accept connections'))
    .start();
  const client = await getContainerRuntimeClient();
  const container = client.container.getById(started.getId());
  await untilAnswers(port);
  return {
    url: `redis://127.0.0.1:${port}`,
    stop: async () => {
      await container.stop();
    },
    start: async () => {
      await container.start();
      await untilAnswers(port);
    },
    kill: async () => {
      await container.kill();
    },
    pause: async () => {
      await container.pause();
    },
    resume: async () => {
      await container.unpause();
    },
    dispose: async () => {
      await container.remove({ force: true, v: true });
    },
  };
}

/** Removes containers of this host whose test run is no longer alive. */
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
