/**
 * Envoy with gRPC checks, under load, whose connections to Rolegate end again and again (`maxConnectionAge`): no check is lost. Rolegate
 * ends a connection with GOAWAY, and Envoy learns of it only after it has sent more checks. These are refused unread, so its printed
 * configuration sends them again.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { type FakeAuthApi, startFakeAuthApi } from '../support/fake-auth-api.ts';
import { type RunningGateway, startGateway } from '../support/running-gateway.ts';
import { type AskingProxy, requireProduct, startAskingProxy } from './support/asking-proxy.ts';
import { asIstio } from './support/istio-gateway.ts';
import { LoadClient } from './support/load-client.ts';

/** The fewest that show it; `npm run test:long` sends 60,000. */
const checks = Number(process.env['CHECKS'] ?? 5_000);
const age = process.env['CHECKS'] === undefined ? '1s' : '3s';
const workers = 64;
/** Without the retries, fewer than one in a hundred is lost. */
const maxForControl = 20_000;

let authApi: FakeAuthApi;
let service: { readonly origin: string; close(): Promise<void> };
let gateway: RunningGateway;
let client: LoadClient;
let envoy: AskingProxy;

beforeAll(() => requireProduct('envoy-grpc'));
beforeEach(async () => {
  authApi = await startFakeAuthApi();
  authApi.addSession('good', { userId: 'ann', roles: ['user'] });
  service = await startService();
});
afterEach(async () => {
  client?.close();
  await envoy?.stop();
  await gateway?.close();
  await Promise.all([service?.close(), authApi?.close()]);
});

async function startService() {
  const server = createServer((_, response) => response.end('served'));
  // It closes no connection of Envoy, which would be another cause of a 503.
  server.keepAliveTimeout = 0;
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function start(edit: (printed: string, config: Config) => string = (printed) => printed): Promise<void> {
  const text = `
version: 1
server: { listen: false, admin: false }
authorizer: { grpc: { listen: "127.0.0.1:0", maxConnectionAge: ${age} } }
authApi: { url: "${new URL(authApi.url).origin}" }
roles: { user: {} }
routes: [{ id: api, match: { path: "/api/**" }, access: [user] }]
`;
  gateway = await startGateway(text);
  const read = parseConfig(text, { file: 'gateway.yaml', env: {}, readSecret: () => '' });
  if (!read.ok) throw new Error('the configuration of this test has problems');
  envoy = await startAskingProxy('envoy-grpc', read.config, { service: service.origin, ports: gateway }, (printed) =>
    edit(printed, read.config),
  );
  client = new LoadClient([envoy.port], workers);
}

const request = Buffer.from('GET /api/x HTTP/1.1\r\nHost: a.test\r\nAuthorization: Bearer good\r\n\r\n');
const next = () => ({ target: 0, bytes: request });

test.each([
  ['Envoy', (printed: string) => printed],
  [
    'Envoy of an Istio gateway',
    (printed: string, config: Config) => asIstio(printed, config, { grpc: true, patched: true }),
  ],
])(
  `%s: ${checks} checks through connections that end after ${age} each get their decision`,
  async (_, edit) => {
    await start(edit);
    const exchanges = await client.closedLoop(checks, workers, next);
    const byStatus = Object.groupBy(exchanges, ({ status }) => status);
    expect(Object.entries(byStatus).map(([status, list]) => `${status}: ${list?.length}`)).toEqual([`200: ${checks}`]);
  },
  600_000,
);

test('control: without the retries of the printed configuration some are lost', async () => {
  await start((printed) => {
    const edited = printed.replace(/^ *retry_policy:\n.*retry_on: .*\n.*num_retries: .*\n/m, '');
    expect(edited).not.toBe(printed);
    return edited;
  });
  let sent = 0;
  let lost = 0;
  while (lost === 0 && sent < maxForControl) {
    const exchanges = await client.closedLoop(1_000, workers, next);
    sent += exchanges.length;
    lost += exchanges.filter(({ status }) => status === 503).length;
  }
  expect(lost).toBeGreaterThan(0);
}, 180_000);
