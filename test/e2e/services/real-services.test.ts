/**
 * Widely used servers behind the gateway, and widely used clients in front of it. Each client sends each service 200 requests
 * directly and the same through the gateway. Both responses are equal, byte for byte, except for the headers listed in
 * `compare-responses.ts`, and have the expected status.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FakeAuthApi, startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { skipHere } from '../../support/skip-here.ts';
import { table } from '../support/figures.ts';
import { clients } from './clients/client-table.ts';
import { differencesOf } from './pair.ts';
import { credential, type RunningService, startService } from './service.ts';
import { services } from './service-table.ts';
import { closeTools, missingOf, type Need, prepareTools } from './tools.ts';

const requestsPerPair = 200;
const installMs = 600_000;
const pairMs = 180_000;

let authApi: FakeAuthApi;
/** What differed, by pair. */
const found = new Map<string, readonly string[]>();

beforeAll(async () => {
  authApi = await startFakeAuthApi();
  authApi.addKeyPair(credential['api-key'], credential['api-secret'], { userId: 'ci', roles: ['reader'] });
  await prepareTools();
}, installMs);
afterAll(async () => {
  process.stdout.write(`\n${figures()}\n`);
  await closeTools();
  await authApi.close();
});

describe.each(services)('$name', (service) => {
  let running: RunningService;
  beforeAll(async () => {
    skipWithout(service.needs);
    running = await startService(service, `http://127.0.0.1:${authApi.port}`);
    return () => running.close();
  }, 120_000);

  test.each(clients)(
    'serves $name as without the gateway',
    async (client) => {
      skipWithout(client.needs);
      const differences = await differencesOf(client, service, running, requestsPerPair);
      found.set(`${service.name} ${client.name}`, differences);
      expect([...new Set(differences)], `${running.warnings()}\n`).toEqual([]);
    },
    pairMs,
  );
});

function skipWithout(needs: readonly Need[]): void {
  const reason = missingOf(needs);
  if (reason !== null) skipHere(reason);
}

/** Requests of each pair, and how many of them differed. */
function figures(): string {
  const cell = (service: string, client: string) => {
    const differences = found.get(`${service} ${client}`);
    if (differences === undefined) return '-';
    return differences.length === 0 ? requestsPerPair : `${requestsPerPair} (${differences.length} differ)`;
  };
  const rows = services.map(({ name }) => [name, ...clients.map((client) => cell(name, client.name))]);
  const total = [...found.values()].reduce((sum, { length }) => sum + length, 0);
  const summary = `${found.size * requestsPerPair} requests through the gateway, as many directly: ${total} differ`;
  return `${table(['', ...clients.map(({ name }) => name)], rows)}\n\n${summary}`;
}
