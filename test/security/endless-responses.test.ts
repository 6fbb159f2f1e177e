/**
 * Services that never finish: an endless response head, or endless bytes between chunks, are bounded in size, however
 * fast they arrive and however long the route may wait.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openRaw } from '../support/raw-client.ts';
import { type RunningGateway, startGateway } from '../support/running-gateway.ts';

let service: Server;
let gateway: RunningGateway;
const sockets = new Set<Socket>();
/** What the service sends first, and then repeatedly. */
let begins = '';
let goesOn = '';
let sent = 0;
let closed: PromiseWithResolvers<void> = Promise.withResolvers();

/** Far more than any bound, and than the buffers in between. */
const enough = 64 * 1024 * 1024;

beforeAll(async () => {
  service = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      closed.resolve();
    });
    socket.once('data', () => {
      const more = Buffer.alloc(16 * 1024, goesOn);
      socket.write(begins);
      const pour = () => {
        while (!socket.destroyed && sent < enough) {
          sent += more.length;
          if (!socket.write(more)) {
            socket.once('drain', pour);
            return;
          }
        }
      };
      pour();
    });
  });
  service.listen(0, '127.0.0.1');
  await once(service, 'listening');
  const { port } = service.address() as AddressInfo;
  gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: false }
authApi: { url: "http://127.0.0.1:1" }
upstreams: { service: { targets: ["http://127.0.0.1:${port}"] } }
routes:
  - { id: all, match: { path: "/**" }, upstream: service, access: public, timeout: 5m }
`);
});
afterAll(async () => {
  await gateway.close();
  for (const socket of sockets) socket.destroy();
  service.close();
});

const head = 'HTTP/1.1 200 OK\r\n';
const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`;

test.each([
  ['a status line', 'HTTP/1.1 200 ', 'O', 'not begun'],
  ['a header', `${head}X-A: `, 'b', 'not begun'],
  ['headers', head, 'X-A: bcdefghi\r\n', 'not begun'],
  ['interim responses', '', 'HTTP/1.1 103 Early Hints\r\n\r\n', 'not begun'],
  ['the extension of a chunk', `${chunked}5;`, 'x', 'begun'],
  ['the size of a chunk', chunked, '0', 'begun'],
  ['trailers', `${chunked}0\r\n`, 'X-A: bcdefghi\r\n', 'begun'],
] as const)('%s without an end', async (_name, first, next, begun) => {
  [begins, goesOn, sent, closed] = [first, next, 0, Promise.withResolvers()];
  const client = await openRaw(gateway.port);
  client.write('GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n');
  await closed.promise;
  expect(sent).toBeLessThan(enough);
  // What had begun by then is aborted; otherwise it is refused.
  const answer = await client.answer().catch(() => null);
  if (begun !== 'begun' || answer?.complete === true) {
    expect([answer?.status, JSON.parse(answer?.text() ?? '').code]).toEqual([502, 'upstream_response_invalid']);
  }
  client.destroy();
});
