/**
 * The yardstick: the least that a Node relay does on `node:http` and undici's `dispatch`. It passes raw headers both
 * ways, takes out those that concern one connection only, and streams bodies; it checks, logs and counts nothing.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Dispatcher, Pool } from 'undici';

const [, , upstreamPort = ''] = process.argv;
const pool = new Pool(`http://127.0.0.1:${upstreamPort}`, { connections: 128, pipelining: 1 });

class Relayed implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  onRequestStart(): void {}

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    const raw = controller.rawHeaders as Buffer[];
    const headers: string[] = [];
    for (let index = 0; index < raw.length; index += 2) {
      const name = (raw[index] as Buffer).toString('latin1');
      const lower = name.toLowerCase();
      if (lower === 'connection' || lower === 'keep-alive' || lower === 'transfer-encoding') continue;
      headers.push(name, (raw[index + 1] as Buffer).toString('latin1'));
    }
    this.#response.writeHead(status, headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#response.write(chunk)) return;
    if (this.#response.destroyed) {
      // Nobody would ever resume it, and its connection would be lost to the pool.
      controller.abort(new Error('the client is gone'));
      return;
    }
    controller.pause();
    this.#response.once('drain', () => controller.resume());
  }

  onResponseEnd(): void {
    this.#response.end();
  }

  onResponseError(): void {
    if (this.#response.headersSent) this.#response.destroy();
    else this.#response.writeHead(502).end();
  }
}

function relay(request: IncomingMessage, response: ServerResponse): void {
  let hasBody = false;
  const headers: string[] = [];
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index] as string;
    const lower = name.toLowerCase();
    if (lower === 'content-length' || lower === 'transfer-encoding') hasBody = true;
    if (lower === 'connection' || lower === 'keep-alive' || lower === 'transfer-encoding') continue;
    headers.push(name, request.rawHeaders[index + 1] as string);
  }
  pool.dispatch(
    {
      method: request.method as Dispatcher.HttpMethod,
      path: request.url as string,
      headers,
      body: hasBody ? request : null,
    },
    new Relayed(response),
  );
}

const server = createServer(relay);
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
