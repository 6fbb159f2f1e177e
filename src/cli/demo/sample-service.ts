/** The demo's upstream: a service that returns what it received, to show what the gateway did. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SampleService {
  readonly url: string;
  close(): Promise<void>;
}

/** Listens on a free loopback port. */
export async function startSampleService(): Promise<SampleService> {
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      const body = `${JSON.stringify(describe(request), null, 2)}\n`;
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(request.method === 'HEAD' ? undefined : body);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function describe(request: IncomingMessage): object {
  const shown = Object.entries(request.headers).filter(([name]) => name !== 'connection');
  return { service: 'sample', method: request.method, path: request.url, headers: Object.fromEntries(shown) };
}
