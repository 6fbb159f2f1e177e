/** Which services in `compose.yaml` can reach each other: only those that share a network. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

interface Service {
  readonly networks?: readonly string[];
  readonly secrets?: readonly string[];
}

const { services } = parse(readFileSync('compose.yaml', 'utf8'), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
};

function reachedBy(name: string): string[] {
  const networks = services[name]!.networks ?? ['default'];
  return Object.keys(services)
    .filter(
      (other) => other !== name && (services[other]!.networks ?? ['default']).some((one) => networks.includes(one)),
    )
    .sort();
}

test.each([
  ['orders', ['gateway']],
  ['prometheus', ['gateway', 'grafana']],
  ['grafana', ['prometheus']],
  ['postgres', ['auth-api']],
  ['mail', ['auth-api']],
  ['redis', ['auth-api', 'gateway']],
  ['jaeger', ['auth-api', 'gateway']],
  ['gateway', ['auth-api', 'jaeger', 'orders', 'prometheus', 'redis']],
])('%s reaches only %j', (name, others) => {
  expect(reachedBy(name)).toEqual(others);
});

test('Redis requires the password, and only its users have it', () => {
  const users = Object.keys(services).filter((name) => services[name]!.secrets?.includes('redis-password'));
  expect(users.sort()).toEqual(['auth-api', 'gateway', 'redis']);
  for (const name of ['gateway', 'auth-api']) {
    expect(readFileSync(`compose/${name}.yaml`, 'utf8')).toContain('password: { file: /run/secrets/redis-password }');
  }
});
