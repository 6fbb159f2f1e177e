/**
 * A client for many requests at once: raw keep-alive connections, one request at a time on each, with the times at
 * which every request began and its response was complete. The clock is `performance.now()` of this process.
 */
import { connect, type Socket } from 'node:net';

export interface Exchange {
  /** Index of the port. */
  readonly target: number;
  /** 0: the connection broke before the response was complete. */
  readonly status: number;
  readonly body: string;
  /** When the request was created; it waits while every connection is in use. */
  readonly askedMs: number;
  /** When its bytes were written. */
  readonly beganMs: number;
  readonly endedMs: number;
}

interface Waiting {
  readonly bytes: Buffer;
  readonly askedMs: number;
  readonly done: (exchange: Exchange) => void;
}

interface Lane {
  readonly idle: Socket[];
  readonly sockets: Set<Socket>;
  readonly queue: Waiting[];
}

export class LoadClient {
  readonly #ports: readonly number[];
  readonly #maxPerPort: number;
  readonly #lanes: readonly Lane[];
  #closed = false;

  constructor(ports: readonly number[], maxPerPort: number) {
    this.#ports = ports;
    this.#maxPerPort = maxPerPort;
    this.#lanes = ports.map(() => ({ idle: [], sockets: new Set(), queue: [] }));
  }

  /** Never rejects. */
  send(target: number, bytes: Buffer): Promise<Exchange> {
    return new Promise((done) => {
      const waiting: Waiting = { bytes, askedMs: performance.now(), done };
      const lane = this.#lanes[target]!;
      const socket = lane.idle.pop();
      if (socket !== undefined) this.#exchange(target, socket, waiting);
      else if (lane.sockets.size < this.#maxPerPort) this.#open(target, waiting);
      else lane.queue.push(waiting);
    });
  }

  /**
   * Sends `total` requests from `workers` that each wait for their response; `next` chooses the request and its target.
   * `seen` is called with each as it ends.
   */
  async closedLoop(
    total: number,
    workers: number,
    next: (index: number) => { readonly target: number; readonly bytes: Buffer },
    seen: (exchange: Exchange, index: number) => void = () => {},
  ): Promise<Exchange[]> {
    const exchanges: Exchange[] = [];
    let index = 0;
    const work = async () => {
      while (index < total) {
        const own = index;
        index += 1;
        const { target, bytes } = next(own);
        const exchange = await this.send(target, bytes);
        exchanges.push(exchange);
        seen(exchange, own);
      }
    };
    await Promise.all(Array.from({ length: workers }, work));
    return exchanges;
  }

  close(): void {
    this.#closed = true;
    for (const { sockets } of this.#lanes) for (const socket of sockets) socket.destroy();
  }

  #open(target: number, first: Waiting): void {
    const lane = this.#lanes[target]!;
    const socket = connect({ port: this.#ports[target]!, host: '127.0.0.1', noDelay: true });
    lane.sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      lane.sockets.delete(socket);
      const at = lane.idle.indexOf(socket);
      if (at !== -1) lane.idle.splice(at, 1);
      const waiting = this.#closed ? undefined : lane.queue.shift();
      if (waiting !== undefined) this.#open(target, waiting);
    });
    this.#exchange(target, socket, first);
  }

  #exchange(target: number, socket: Socket, { bytes, askedMs, done }: Waiting): void {
    let received = '';
    const finish = (status: number, body: string) => {
      socket.off('data', take);
      socket.off('close', broken);
      done({ target, status, body, askedMs, beganMs, endedMs: performance.now() });
      if (status === 0) return;
      const lane = this.#lanes[target]!;
      const waiting = lane.queue.shift();
      if (waiting === undefined) lane.idle.push(socket);
      else this.#exchange(target, socket, waiting);
    };
    const broken = () => finish(0, '');
    const take = (chunk: Buffer) => {
      received += chunk.toString('latin1');
      const headEnd = received.indexOf('\r\n\r\n');
      if (headEnd === -1) return;
      const length = /\r\ncontent-length: *(\d+)/i.exec(received.slice(0, headEnd + 2))?.[1];
      const whole =
        length === undefined ? received.endsWith('0\r\n\r\n') : received.length >= headEnd + 4 + Number(length);
      if (whole) finish(Number(received.slice(9, 12)), received.slice(headEnd + 4));
    };
    socket.on('data', take);
    socket.on('close', broken);
    const beganMs = performance.now();
    socket.write(bytes);
  }
}
