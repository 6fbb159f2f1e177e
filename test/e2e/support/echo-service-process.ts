/**
 * The service behind the gateway, as a separate process: returns the identity of the request, and whether it was based
 * on a stale verdict. It parses no more of a request, to leave the machine to the tested processes.
 */
import { type AddressInfo, createServer } from 'node:net';

const server = createServer({ noDelay: true }, (socket) => {
  let pending = '';
  socket.on('data', (chunk: Buffer) => {
    pending += chunk.toString('latin1');
    if (!pending.endsWith('\r\n\r\n')) return;
    const user = /\r\nuser-id: *([^\r]*)/i.exec(pending)?.[1] ?? '-';
    const stale = /\r\nx-rolegate-stale: *([^\r]*)/i.exec(pending) === null ? 'fresh' : 'stale';
    pending = '';
    const body = `${user} ${stale}`;
    socket.write(`HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  });
  socket.on('error', () => {});
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`service on ${(server.address() as AddressInfo).port}\n`));
