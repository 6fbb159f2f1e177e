/**
 * Redis from Docker through testcontainers: if an engine responds and the image is present or can be pulled in time.
 */
import type { ContainerRuntimeClient, GenericContainer } from 'testcontainers';
import { dockerWith, ownerLabels } from '../docker.ts';
import { freePort } from '../free-port.ts';
import { type RedisWay, type RunningRedis, redisArguments } from './running-redis.ts';
import { listens, type ProcessSpec, planProcess, startTimeoutMs } from './server-process.ts';

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
  return start(container, port);
}

async function startContainer(): Promise<RunningRedis> {
  const { GenericContainer } = await import('testcontainers');
  // A fixed port of the host: Docker would choose another one at each start.
  const port = await freePort();
  const container = new GenericContainer(image)
    .withCommand(['redis-server', '--bind', '0.0.0.0', ...redisArguments])
    .withExposedPorts({ container: 6379, host: port });
  return start(container, port);
}

async function start(description: GenericContainer, port: number): Promise<RunningRedis> {
  const { getContainerRuntimeClient, Wait } = await import('testcontainers');
  // Its first line shows that it runs. Whether it listens is found out below, also when it is started again.
  const started = await description.withLabels(ownerLabels).withWaitStrategy(Wait.forLogMessage(/./)).start();
  const client = await getContainerRuntimeClient();
  const container = client.container.getById(started.getId());
  const dispose = async () => {
    await container.remove({ force: true, v: true });
  };
  try {
    await untilListens(container, port, 0);
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    stop: async () => {
      await container.stop();
    },
    start: async () => {
      const { FinishedAt } = (await container.inspect()).State;
      await container.start();
      await untilListens(container, port, Date.parse(FinishedAt) / 1000);
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
    dispose,
  };
}

type Container = ReturnType<ContainerRuntimeClient['container']['getById']>;

/**
 * According to its own log since its previous end, in Unix seconds: another process may respond on its port, and what the process wrote
 * first can be older than the time at which Docker says that it started. Rejects as soon as it has ended.
 */
async function untilListens(container: Container, port: number, since: number): Promise<void> {
  const deadline = Date.now() + startTimeoutMs;
  for (;;) {
    const { State } = await container.inspect();
    const log = textOf(await container.logs({ stdout: true, stderr: true, since }));
    if (listens.test(log)) return;
    if (!State.Running) throw new Error(`redis-server on port ${port} ended with exit code ${State.ExitCode}\n${log}`);
    if (Date.now() > deadline) {
      throw new Error(`redis-server on port ${port} does not listen after ${startTimeoutMs} ms\n${log}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Of both streams: each part follows eight bytes, of which the last four are its length. */
function textOf(log: Buffer): string {
  let text = '';
  for (let at = 0; at + 8 <= log.length; ) {
    const end = at + 8 + log.readUInt32BE(at + 4);
    text += log.toString('utf8', at + 8, end);
    at = end;
  }
  return text;
}
