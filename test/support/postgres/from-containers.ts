/**
 * PostgreSQL from Docker through testcontainers: if an engine responds and the image is present or can be pulled in
 * time.
 */
import { randomUUID } from 'node:crypto';
import { dockerWith, ownerLabels } from '../docker.ts';
import { type PostgresWay, postgresArguments, type RunningPostgres, untilAnswers } from './running-postgres.ts';

const image = 'postgres:17-alpine';

/** Null without an engine, or if it cannot get the image. */
export async function fromContainers(): Promise<PostgresWay | null> {
  if ((await dockerWith(image)) === null) return null;
  return { name: `testcontainers ${image}`, start: startContainer };
}

async function startContainer(): Promise<RunningPostgres> {
  const { GenericContainer, Wait } = await import('testcontainers');
  const password = randomUUID();
  const container = await new GenericContainer(image)
    .withEnvironment({ POSTGRES_PASSWORD: password })
    .withCommand(['postgres', ...postgresArguments])
    .withLabels(ownerLabels)
    .withExposedPorts(5432)
    // It starts once to create the database, and once more to serve.
    .withWaitStrategy(Wait.forLogMessage(/ready to accept connections/, 2))
    .start();
  const url = `postgres://postgres:${password}@${container.getHost()}:${container.getMappedPort(5432)}/postgres`;
  await untilAnswers(url);
  return {
    url,
    dispose: async () => {
      await container.stop({ remove: true, removeVolumes: true });
    },
  };
}
