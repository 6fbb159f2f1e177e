/** The service of the soak: small responses, large ones, slow ones, failures, broken ones, uploads and WebSocket echoes. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

const large = Buffer.alloc(1024 * 1024, 'large ');
const small = Buffer.from(JSON.stringify({ id: 7, name: 'A small answer' }));

const server = createServer((request, response) => {
  request.on('error', () => {});
  response.on('error', () => {});
  const path = request.url ?? '';
  if (path.startsWith('/private/large')) response.writeHead(200, { 'content-length': large.length }).end(large);
  else if (path.startsWith('/private/chunks')) {
    response.write(small);
    response.end(small);
  } else if (path.startsWith('/private/slow')) setTimeout(() => response.end(small), 200);
  else if (path.startsWith('/private/fails')) response.writeHead(500).end('failed');
  else if (path.startsWith('/private/breaks')) {
    response.writeHead(200, { 'content-length': 1000 });
    response.write(small);
    setTimeout(() => request.socket.resetAndDestroy(), 5);
  } else if (request.method === 'POST') {
    request.resume();
    request.on('end', () => response.writeHead(200, { 'content-length': small.length }).end(small));
  } else response.writeHead(200, { 'content-length': small.length }).end(small);
});
// Short, so the gateway's connections to the service are closed before the remaining resources are counted.
server.keepAliveTimeout = 5_000;
const sockets = new WebSocketServer({ server });
sockets.on('connection', (socket) => {
  socket.on('error', () => {});
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
