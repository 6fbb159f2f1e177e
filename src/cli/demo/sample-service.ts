/** A service that returns what it received, to show what the gateway did: the upstream of the demo, and `rolegate echo`. */
import { createServer, type IncomingMessage } from 'node:http';
import { type ListenAddress, listenAt } from '../../http1/server/listen.ts';

export interface SampleService extends ListenAddress {
  readonly url: string;
  close(): Promise<void>;
}

/** Default: a free port of loopback. */
export async function startSampleService(
  address: ListenAddress = { host: '127.0.0.1', port: 0 },
): Promise<SampleService> {
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      const body = `${JSON.stringify(describe(request), null, 2)}\n`;
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(request.method === 'HEAD' ? undefined : body);
    });
  });
  const { host, port } = await listenAt(server, address, false);
  return {
    host,
    port,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
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
