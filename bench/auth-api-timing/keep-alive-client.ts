/** Sends requests one after the other over one raw connection and measures each, so no HTTP client adds noise. */
import { once } from 'node:events';
import { connect } from 'node:net';

export interface TimedAnswer {
  readonly status: number;
  /** From writing the request to the last byte of its response. */
  readonly microseconds: number;
}

export interface KeepAliveClient {
  get(path: string, headers: Readonly<Record<string, string>>): Promise<TimedAnswer>;
  /** With JSON. */
  post(path: string, body: string): Promise<TimedAnswer>;
  close(): void;
}

export async function connectTo(port: number): Promise<KeepAliveClient> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.setEncoding('latin1');
  await once(socket, 'connect');
  /** The bytes are created before the clock starts, because the way a string was built costs microseconds. */
  function send(bytes: Buffer): Promise<TimedAnswer> {
    return new Promise((resolve, reject) => {
      let received = '';
      const start = process.hrtime.bigint();
      const take = (part: string) => {
        received += part;
        if (!isWhole(received)) return;
        const microseconds = Number(process.hrtime.bigint() - start) / 1000;
        socket.off('data', take).off('close', fail);
        resolve({ status: Number(received.slice(9, 12)), microseconds });
      };
      const fail = () => reject(new Error('the connection ended'));
      socket.on('data', take).on('close', fail);
      socket.write(bytes);
    });
  }

  return {
    get(path, headers) {
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      return send(Buffer.from(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n${lines.join('')}\r\n`, 'latin1'));
    },
    post(path, body) {
      const head = `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
      return send(Buffer.from(`POST ${path} HTTP/1.1\r\nHost: localhost\r\n${head}\r\n${body}`));
    },
    close: () => socket.destroy(),
  };
}

function isWhole(received: string): boolean {
  const head = received.indexOf('\r\n\r\n');
  if (head < 0) return false;
  const length = /\r\ncontent-length: (\d+)/i.exec(received.slice(0, head + 2))?.[1];
  return received.length >= head + 4 + Number(length ?? 0);
}
