/**
 * Mixed traffic for the soak, at a rate that can change while it runs: mostly small requests on kept connections, otherwise
 * uploads, downloads, refusals, failures, WebSockets, and clients that disconnect early.
 */
import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';

export interface TrafficJob {
  readonly port: number;
  /** Requests per second on kept connections; 0: stops and closes everything. */
  readonly rate: number;
}

export interface TrafficCounts {
  readonly responses: Readonly<Record<string, number>>;
  readonly aborted: number;
  readonly sockets: number;
}

const connections = 64;
const tickMs = 5;
const bearers = 500;
const bearer = (n: number) => `Authorization: Bearer soak-token-${n % bearers}`;
const get = (path: string, ...headers: string[]) =>
  [`GET ${path} HTTP/1.1`, 'Host: a.test', ...headers, '', ''].join('\r\n');
const upload = (size: number, n: number) =>
  `POST /private/upload HTTP/1.1\r\nHost: a.test\r\n${bearer(n)}\r\nContent-Length: ${size}\r\n\r\n${'u'.repeat(size)}`;
const chunked = (n: number) =>
  `POST /private/upload HTTP/1.1\r\nHost: a.test\r\n${bearer(n)}\r\nTransfer-Encoding: chunked\r\n\r\n${`400\r\n${'c'.repeat(1024)}\r\n`.repeat(4)}0\r\n\r\n`;

/** The mix in hundredths; the rest is small responses to a bearer. */
function requestOf(n: number): string {
  switch (n % 100) {
    case 0:
      return upload(20_000, n);
    case 1:
      return chunked(n);
    case 2:
      return get('/private/x');
    case 3:
      return get('/private/x', `Authorization: Bearer wrong-${n % 5000}`);
    case 4:
      return get('/nowhere');
    case 5:
      return get('/private/fails', bearer(n));
    case 6:
      return get('/private/chunks', bearer(n));
    case 7:
      return get('/public/x');
    case 8:
      return get('/private/%2e%2e/x', bearer(n));
    case 9:
      return n % 1000 === 9
        ? get('/private/large', bearer(n))
        : get('/private/x', `Api-Key: key-${n % 50}`, `Api-Secret: ${'s'.repeat(32)}`);
    default:
      return get(`/private/${n % 1000}?page=2`, bearer(n));
  }
}

let job: TrafficJob = { port: 0, rate: 0 };
let sent = 0;
let owed = 0;
let aborted = 0;
let echoed = 0;
const responses: Record<string, number> = {};
const free: Socket[] = [];
const open = new Set<Socket>();

process.on('message', (message: TrafficJob | 'count') => {
  if (message === 'count') {
    const counts: TrafficCounts = { responses, aborted, sockets: echoed };
    process.send?.(counts);
    return;
  }
  job = message;
  if (job.rate === 0) for (const socket of open) socket.destroy();
});
process.on('disconnect', () => process.exit());

function connectOne(): void {
  const socket = connect({ port: job.port, host: '127.0.0.1', noDelay: true });
  open.add(socket);
  let wanted = 0;
  let received = 0;
  socket.on('connect', () => free.push(socket));
  socket.on('data', (chunk: Buffer) => {
    if (wanted === 0) {
      const head = chunk.toString('latin1', 0, 2048);
      const status = head.slice(9, 12);
      responses[status] = (responses[status] ?? 0) + 1;
      const end = head.indexOf('\r\n\r\n') + 4;
      const length = /content-length: *(\d+)/i.exec(head)?.[1];
      wanted = length === undefined ? Number.POSITIVE_INFINITY : end + Number(length);
      received = 0;
    }
    received += chunk.length;
    if (received < wanted && !(wanted === Number.POSITIVE_INFINITY && chunk.subarray(-5).equals(lastChunk))) return;
    wanted = 0;
    free.push(socket);
    pump();
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    open.delete(socket);
    const at = free.indexOf(socket);
    if (at !== -1) free.splice(at, 1);
  });
}
const lastChunk = Buffer.from('0\r\n\r\n');

let paidAt = performance.now();

/** Sends the requests that are due, as far as connections are free. */
function pump(): void {
  if (job.rate === 0) return;
  const now = performance.now();
  owed = Math.min(owed + (job.rate * (now - paidAt)) / 1000, connections);
  paidAt = now;
  while (owed >= 1 && free.length > 0) {
    owed -= 1;
    sent += 1;
    free.shift()?.write(requestOf(sent), 'latin1');
  }
}

setInterval(() => {
  while (job.rate > 0 && open.size < connections) connectOne();
  pump();
}, tickMs);

/** Clients that disconnect: in the headers, in the body, in the response, before it, and without waiting. */
const leaving: readonly (readonly [bytes: string, afterMs: number])[] = [
  ['GET /private/x HTTP/1.1\r\nHost: a', 5],
  [upload(100_000, 1).slice(0, 50_000), 5],
  [get('/private/large', bearer(2)), 3],
  [get('/private/slow', bearer(3)), 50],
  [get('/private/x', bearer(4)), 0],
  [get('/private/breaks', bearer(5)), 100],
  [get('/private/x', bearer(6)).repeat(20), 2],
  ['GET /private/x HTTP/1.1\r\nHost: a\r\nBad Header\r\n\r\n', 20],
];
setInterval(() => {
  if (job.rate === 0) return;
  aborted += 1;
  const [bytes, afterMs] = leaving[aborted % leaving.length] ?? ['', 0];
  const socket = connect({ port: job.port, host: '127.0.0.1' });
  socket.on('error', () => {});
  socket.resume();
  socket.on('connect', () => {
    socket.write(bytes, 'latin1');
    setTimeout(() => (aborted % 2 === 0 ? socket.destroy() : socket.resetAndDestroy()), afterMs);
  });
}, 40);

/** WebSockets that connect, exchange messages and close, cleanly or abruptly. */
setInterval(() => {
  if (job.rate === 0) return;
  const [name = '', value = ''] = bearer(echoed).split(': ');
  const client = new WebSocket(`ws://127.0.0.1:${job.port}/socket/x`, { headers: { [name]: value } });
  client.on('error', () => {});
  client.on('open', () => client.send('x'.repeat(5000)));
  client.on('message', () => {
    echoed += 1;
    if (echoed % 3 === 0) client.terminate();
    else client.close(1000);
  });
}, 100);
