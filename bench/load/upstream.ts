/**
 * The service behind the gateway: responds to every request with the same bytes as a small Node service, 1 kB of JSON, below
 * `/private/split` in two segments. It only looks for the end of a request, so it leaves its core to the client.
 */
import { type AddressInfo, createServer } from 'node:net';

const item = { id: 7, name: 'A small answer', tags: ['one', 'two', 'three'], total: 12.5 };
const body = JSON.stringify({ ...item, text: 'a'.repeat(930) });
const response = Buffer.from(
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
/** Within the head. */
const splitAt = 100;
const headEnd = Buffer.from('\r\n\r\n');

const server = createServer({ noDelay: true }, (socket) => {
  /** Bytes of the body that have not arrived. */
  let missing = 0;
  socket.on('data', (chunk: Buffer) => {
    if (missing > 0) {
      missing -= chunk.length;
    } else {
      const end = chunk.indexOf(headEnd);
      const isPost = chunk[0] === 0x50;
      const length = isPost ? /content-length: *(\d+)/i.exec(chunk.toString('latin1', 0, end))?.[1] : undefined;
      missing = length === undefined ? 0 : Number(length) - (chunk.length - end - 4);
    }
    if (missing > 0) return;
    if (!chunk.toString('latin1', 0, 32).includes(' /private/split')) {
      socket.write(response);
      return;
    }
    socket.write(response.subarray(0, splitAt));
    setImmediate(() => socket.write(response.subarray(splitAt)));
  });
  socket.on('error', () => {});
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
