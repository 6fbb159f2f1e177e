/**
 * Redis from Docker through testcontainers: if an engine responds and the image is present or can be pulled in time.
 */
import type { GenericContainer } from 'testcontainers';
import { dockerWith, ownerLabels } from '../docker.ts';
import { freePort } from '../free-port.ts';
import { type RedisWay, type RunningRedis, redisArguments, untilAnswers, untilConnects } from './running-redis.ts';
import { listens, type ProcessSpec, planProcess } from './server-process.ts';

const image = 'redis:8-alpine';

/** Null without an engine, or if it cannot get the image. */
export async function fromContainers(): Promise<RedisWay | null> {
  if ((await dockerWith(image)) === null) return null;
  return { name: `testcontainers ${image}`, start: startContainer };
}

/**
 * A process with its own arguments and files. It shares the network of this machine, because Sentinels and the nodes of a Cluster report
 * their addresses.
 */
export async function startProcessInContainer(spec: ProcessSpec): Promise<RunningRedis> {
  const { GenericContainer } = await import('testcontainers');
  const folder = '/data';
  const { port, files, arguments: all } = await planProcess(spec, folder);
  const container = new GenericContainer(image)
    .withNetworkMode('host')
    .withCommand(['redis-server', ...all])
    .withWorkingDir(folder)
    .withCopyContentToContainer(
      Object.entries(files).map(([name, content]) => ({ content, target: `${folder}/${name}` })),
    );
  return start(container, port, listens, () => untilConnects(port));
}

async function startContainer(): Promise<RunningRedis> {
  const { GenericContainer } = await import('testcontainers');
  // A fixed port of the host: Docker would choose another one at each start.
  const port = await freePort();
  const container = new GenericContainer(image)
    .withCommand(['redis-server', '--bind', '0.0.0.0', ...redisArguments])
    .withExposedPorts({ container: 6379, host: port });
  return start(container, port, listens, () => untilAnswers(port));
}

async function start(
  description: GenericContainer,
  port: number,
  log: RegExp,
  untilStarted: () => Promise<void>,
): Promise<RunningRedis> {
  const { getContainerRuntimeClient, Wait } = await import('testcontainers');
  const started = await description.withLabels(ownerLabels).withWaitStrategy(Wait.forLogMessage(log)).start();
  const client = await getContainerRuntimeClient();
  const container = client.container.getById(started.getId());
  await untilStarted();
  return {
    url: `redis://127.0.0.1:${port}`,
    stop: async () => {
      await container.stop();
    },
    start: async () => {
      await container.start();
      await untilStarted();
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
