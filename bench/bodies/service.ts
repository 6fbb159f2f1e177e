/**
 * The service behind the proxies: sends as many bytes as the path specifies, or reads a whole body and then responds. It uses raw
 * sockets, so it leaves its core to the client.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type BodyWatch, watchBody } from './watch-body.ts';

const part = Buffer.alloc(1024 * 1024, 'x');
const taken = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');

class Served {
  readonly #socket: Socket;
  #head = '';
  #body: BodyWatch | null = null;
  #toSend = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  received(bytes: Buffer): void {
    let at = 0;
    if (this.#body === null) {
      const before = this.#head.length;
      this.#head += bytes.toString('latin1');
      const end = this.#head.indexOf('\r\n\r\n');
      if (end === -1) return;
      at = end + 4 - before;
      const head = this.#head.slice(0, end);
      this.#head = '';
      if (head.startsWith('GET ')) {
        this.#toSend = Number(/^GET \S*\/(\d+) /.exec(head)?.[1]);
        this.#socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${this.#toSend}\r\n\r\n`);
        this.drained();
        return;
      }
      this.#body = watchBody(head);
    }
    if (!this.#body.sees(bytes.subarray(at))) return;
    this.#body = null;
    this.#socket.write(taken);
  }

  drained(): void {
    while (this.#toSend > 0) {
      const next = this.#toSend < part.length ? part.subarray(0, this.#toSend) : part;
      this.#toSend -= next.length;
      if (!this.#socket.write(next)) return;
    }
  }
}

const server = createServer({ noDelay: true }, (socket) => {
  const served = new Served(socket);
  socket.on('data', (bytes: Buffer) => served.received(bytes));
  socket.on('drain', () => served.drained());
  socket.on('error', () => {});
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
