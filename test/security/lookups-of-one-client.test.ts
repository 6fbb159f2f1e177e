/** One client with many made-up bearers while the Auth API is slow: other clients are still looked up. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { openRaw, type RawConnection, sendRaw } from '../support/raw-client.ts';
import { startRecordingUpstream } from '../support/recording-upstream.ts';
import { startGateway } from '../support/running-gateway.ts';

const running: { close(): Promise<void> }[] = [];
const flooding: RawConnection[] = [];
afterEach(async () => {
  for (const connection of flooding.splice(0)) connection.destroy();
  for (const one of running.splice(0).reverse()) await one.close();
});

const found = JSON.stringify({
  ...{ sessionID: 's1', userID: 'ann', alias: 'ann', fullName: 'Ann', expireAt: 10_000_000_000, verified: true },
  ...{ roles: [], groups: [] },
});

async function startSlowAuthApi(): Promise<number> {
  const server: Server = createServer((request, response) => {
    const known = request.headers.authorization?.startsWith('Bearer good') === true;
    const respond = () =>
      response.writeHead(known ? 200 : 401, { 'content-type': 'application/json' }).end(known ? found : '{}');
    // Made-up ones keep their places for long, so a few of them suffice.
    if (known) respond();
    else setTimeout(respond, 500);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  running.push({
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
  return (server.address() as AddressInfo).port;
}

/** Keeps a hundred look-ups of made-up bearers in flight, one per connection. */
async function flood(port: number, name: string): Promise<void> {
  const connections = await Promise.all(Array.from({ length: 100 }, () => openRaw(port)));
  flooding.push(...connections);
  let asked = 0;
  for (const connection of connections) {
    const ask = () => {
      asked += 1;
      const bearer = `made-up-${name}-${asked}`;
      connection.write(
        `GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.9\r\nAuthorization: Bearer ${bearer}\r\n\r\n`,
      );
    };
    connection.socket.on('data', (chunk: Buffer) => {
      // A pause, so the flood leaves CPU time to the gateway.
      if (chunk.includes('HTTP/1.1 ')) setTimeout(ask, 250);
    });
    ask();
  }
}

/** Statuses of 20 requests of one client while another one floods. */
async function besideAFlood(server: string): Promise<number[]> {
  const upstream = await startRecordingUpstream();
  running.push(upstream);
  const authApi = await startSlowAuthApi();
  const gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: false, limits: { failedAuthentications: false }${server} }
authApi: { url: "http://127.0.0.1:${authApi}", timeout: 10s }
upstreams: { service: { targets: ["${upstream.origin}"] } }
routes:
  - { id: all, match: { path: "/**" }, upstream: service, access: authenticated }
`);
  running.push(gateway);
  for (const name of ['a', 'b', 'c']) await flood(gateway.port, name);
  const statuses: number[] = [];
  for (let i = 0; i < 20; i += 1) {
    const head = ['GET / HTTP/1.1', 'Host: a', 'X-Forwarded-For: 203.0.113.1', `Authorization: Bearer good-${i}`];
    statuses.push((await sendRaw(gateway.port, [...head, '', ''].join('\r\n'))).status);
  }
  return statuses;
}

test('made-up bearers of one client leave room for the others', async () => {
  const statuses = await besideAFlood(', trustedProxies: ["127.0.0.1"]');
  expect(statuses).toEqual(Array.from({ length: 20 }, () => 200));
});

test("control: where clients are not distinguished, they share one client's bound and are refused", async () => {
  expect((await besideAFlood('')).filter((status) => status !== 200)).not.toEqual([]);
});
