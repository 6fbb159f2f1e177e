/**
 * Pages of other sites cannot use a browser to reach the admin port: neither by DNS rebinding nor by cross-site
 * requests.
 */
import { describe, expect, onTestFinished, test } from 'vitest';
import { createAdminServer } from '../../../src/admin/admin-server.ts';
import { sendRaw } from '../../support/raw-client.ts';
import { makeTable } from '../../unit/core/make-policy.ts';

async function ask(headers: readonly string[], version = '1.1'): Promise<{ status: number; code: string | null }> {
  const server = createAdminServer({
    address: { host: 'localhost', port: 0 },
    hostNames: () => ['gate.example.test'],
    version: 'test',
    tokens: () => [],
    metrics: async () => ({ type: 'text/plain', text: 'secret_metric 1\n' }),
    live: () => true,
    ready: async () => ({
      configuration: true,
      sources: [{ name: 'authApi', reachable: true, failures: [] }],
      redis: null,
      readyWithoutSources: true,
      revocations: null,
      mail: null,
      identityKeys: null,
      workers: null,
      draining: false,
    }),
    routes: () => makeTable([]),
  });
  const address = await server.listen();
  onTestFinished(() => server.close());
  // `localhost` may be either address; the raw client speaks IPv4.
  expect(['127.0.0.1', '::1']).toContain(address.host);
  const lines = headers.map((line) => `${line.replaceAll('PORT', String(address.port))}\r\n`).join('');
  const answer = await sendRaw(address.port, `GET /metrics HTTP/${version}\r\n${lines}Connection: close\r\n\r\n`);
  if (answer.status !== 200) {
    expect(answer.header('x-error-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.text()).not.toContain('secret_metric');
  }
  return { status: answer.status, code: answer.status === 200 ? null : JSON.parse(answer.text()).code };
}

const fine = { status: 200, code: null };

describe('Host', () => {
  test.each([
    ['loopback by name', ['Host: localhost:PORT']],
    ['loopback by address', ['Host: 127.0.0.1:PORT']],
    ['loopback by IPv6 address', ['Host: [::1]:PORT']],
    ['an address, as in a Kubernetes probe', ['Host: 10.1.2.3:9090']],
    ['a single-label name, as in a Compose file', ['Host: rolegate:9090']],
    ['a name within a cluster', ['Host: rolegate.prod.svc.cluster.local:9090']],
    ['a short name within a cluster', ['Host: rolegate.prod.svc']],
    ['a private-use name', ['Host: gate.corp.internal']],
    ['a configured name', ['Host: GATE.example.test:9090']],
  ])('may be %s', async (_, headers) => expect(await ask(headers)).toEqual(fine));

  test('may be missing in HTTP/1.0', async () => expect(await ask([], '1.0')).toEqual(fine));

  test.each([
    ['a public name that could be rebound', ['Host: evil.example']],
    ['a public name that starts with a configured one', ['Host: gate.example.test.evil.example']],
    ['a public name that ends with a configured one', ['Host: xgate.example.test']],
    ['a public name that starts with localhost', ['Host: localhost.evil.example']],
    ['a public name that looks like an address', ['Host: 127.0.0.1.evil.example']],
    ['missing', []],
    ['empty', ['Host:']],
    ['repeated', ['Host: localhost', 'Host: localhost']],
    ['malformed', ['Host: local host']],
    ['with user and password', ['Host: a@localhost']],
  ])('cannot be %s', async (_, headers) => expect(await ask(headers)).toEqual({ status: 400, code: 'host_invalid' }));
});

describe('Origin', () => {
  test('may be that of the port itself', async () =>
    expect(await ask(['Host: localhost:PORT', 'Origin: http://localhost:PORT'])).toEqual(fine));

  test.each([
    ['another site', 'https://evil.example'],
    ['another port on localhost', 'http://localhost:1'],
    ['another scheme', 'https://localhost:PORT'],
    ['a sandbox or a file', 'null'],
    ['empty', ''],
    ['a longer one', 'http://localhost:PORT.evil.example'],
  ])('cannot be %s', async (_, origin) =>
    expect(await ask(['Host: localhost:PORT', `Origin: ${origin}`])).toEqual({ status: 403, code: 'origin_forbidden' }),
  );

  test('cannot be repeated to hide one', async () =>
    expect(
      await ask(['Host: localhost:PORT', 'Origin: http://localhost:PORT', 'Origin: https://evil.example']),
    ).toEqual({
      status: 403,
      code: 'origin_forbidden',
    }));
});
