/**
 * Redis from Docker through testcontainers: if an engine responds and the image is present or can be pulled in time.
 */
import { dockerWith, ownerLabels } from '../docker.ts';
import { freePort } from '../free-port.ts';
import { type RedisWay, type RunningRedis, redisArguments, untilAnswers } from './running-redis.ts';

const image = 'redis:8-alpine';

/** Null without an engine, or if it cannot get the image. */
export async function fromContainers(): Promise<RedisWay | null> {
  if ((await dockerWith(image)) === null) return null;
  return { name: `testcontainers ${image}`, start: startContainer };
}

async function startContainer(): Promise<RunningRedis> {
  const { GenericContainer, getContainerRuntimeClient, Wait } = await import('testcontainers');
  // A fixed port of the host: Docker would choose another one at each start.
  const port = await freePort();
  const started = await new GenericContainer(image)
    .withCommand(['redis-server', '--bind', '0.0.0.0', ...redisArguments])
    .withLabels(ownerLabels)
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
