/** What a service sends without a request is counted, and logged with the name of its upstream, once a minute. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, test, vi } from 'vitest';
import { closedAfterEach } from '../../support/closed-after-each.ts';
import { startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { sendRaw } from '../../support/raw-client.ts';
import { startGateway } from '../../support/running-gateway.ts';

const running = closedAfterEach();
const response = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

test.each([
  ['together with a response', (socket: Socket) => socket.write(response + response)],
  [
    'after a response',
    (socket: Socket) => {
      socket.write(response);
      setImmediate(() => socket.write(response));
    },
  ],
])('%s', async (_name, respond) => {
  const sockets = new Set<Socket>();
  const service = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', () => respond(socket));
  });
  service.listen(0, '127.0.0.1');
  await once(service, 'listening');
  running.push({
    async close() {
      for (const socket of sockets) socket.destroy();
      service.close();
    },
  });
  const target = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  const authApi = await startFakeAuthApi();
  running.push(authApi);
  const gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
authApi: { url: "http://127.0.0.1:${authApi.port}" }
upstreams: { orders: { targets: ["${target}"] }, other: { targets: ["http://127.0.0.1:9"] } }
routes:
  - { id: it, match: { path: "/**" }, upstream: orders, access: public }
  - { id: other, match: { path: "/other" }, upstream: other, access: public }
`);
  running.push(gateway);
  const counted = async () =>
    (await gateway.metrics()).split('\n').filter((line) => line.startsWith('rolegate_upstream_unrequested'));
  const series = (orders: number) => [
    `rolegate_upstream_unrequested_responses_total{upstream="orders"} ${orders}`,
    'rolegate_upstream_unrequested_responses_total{upstream="other"} 0',
  ];
  expect(await counted()).toEqual(series(0));
  for (let sent = 1; sent <= 3; sent += 1) {
    expect((await sendRaw(gateway.port, 'GET /a HTTP/1.1\r\nHost: a\r\n\r\n')).text()).toBe('ok');
    await vi.waitFor(async () => expect(await counted()).toEqual(series(sent)));
  }
  const lines = gateway.logLines().filter(({ msg }) => String(msg).includes('without a request'));
  expect(lines).toMatchObject([{ level: 'warn', upstream: 'orders', target }]);
});
