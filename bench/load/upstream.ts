/**
 * The service behind the gateway: answers every request with the same bytes, which are those that a small Node service
 * would send. It only looks for the end of the header block, so that it leaves its core to the client.
 */
import { type AddressInfo, createServer } from 'node:net';

const body = JSON.stringify({ id: 7, name: 'A small answer', tags: ['one', 'two', 'three'], total: 12.5 });
const answer = Buffer.from(
  [
    'HTTP/1.1 200 OK',
    'Content-Type: application/json; charset=utf-8',
    'Cache-Control: no-store',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `Date: ${new Date().toUTCString()}`,
    'Connection: keep-alive',
    'Keep-Alive: timeout=60',
    '',
    body,
  ].join('\r\n'),
);
const headEnd = Buffer.from('\r\n\r\n');

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('data', (chunk: Buffer) => {
    if (chunk.subarray(-4).equals(headEnd)) socket.write(answer);
  });
  socket.on('error', () => {});
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
