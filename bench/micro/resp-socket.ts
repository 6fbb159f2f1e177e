/** A bare connection to Redis for measuring: commands in, and how often a text has come back. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export class RespSocket {
  readonly #socket: Socket;
  /** What is counted. */
  readonly #needle: string;
  #rest = '';
  #seen = 0;
  #waiting: { readonly count: number; readonly resolve: (at: number) => void } | null = null;

  private constructor(socket: Socket, needle: string) {
    this.#socket = socket;
    this.#needle = needle;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#read(chunk.toString('latin1')));
  }

  static async open(url: string, needle: string): Promise<RespSocket> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    return new RespSocket(socket, needle);
  }

  get seen(): number {
    return this.#seen;
  }

  write(...commands: readonly (readonly string[])[]): void {
    this.#socket.write(commands.map(encode).join(''));
  }

  /** Moment at which the text has come so many more times. */
  more(count: number): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<number>();
    this.#waiting = { count: this.#seen + count, resolve };
    return promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(text: string): void {
    const at = performance.now();
    this.#rest += text;
    let from = 0;
    for (let found = this.#rest.indexOf(this.#needle); found >= 0; found = this.#rest.indexOf(this.#needle, from)) {
      this.#seen += 1;
      from = found + this.#needle.length;
    }
    // Half of it may be there.
    this.#rest = this.#rest.slice(Math.max(from, this.#rest.length - this.#needle.length + 1));
    if (this.#waiting === null || this.#seen < this.#waiting.count) return;
    const { resolve } = this.#waiting;
    this.#waiting = null;
    resolve(at);
  }
}

function encode(parts: readonly string[]): string {
  return `*${parts.length}\r\n${parts.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join('')}`;
}
