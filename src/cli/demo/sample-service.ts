/** A service that returns what it received, to show what the gateway did: the upstream of the demo, and `rolegate echo`. */
import { createServer, type IncomingMessage } from 'node:http';
import { type ListenAddress, listenAt } from '../../http1/server/listen.ts';
import { pageHeaders, samplePage } from './sample-page.ts';

export interface SampleService extends ListenAddress {
  readonly url: string;
  close(): Promise<void>;
}

/** Default: a free port of loopback. `hasPage`: browsers get what was received as a page. */
export async function startSampleService(
  address: ListenAddress = { host: '127.0.0.1', port: 0 },
  hasPage = false,
): Promise<SampleService> {
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      const json = `${JSON.stringify(describe(request), null, 2)}\n`;
      const isPage = hasPage && request.headers.accept?.includes('text/html') === true;
      response.writeHead(200, isPage ? pageHeaders : { 'content-type': 'application/json' });
      const body = isPage ? samplePage(request.headers, json) : json;
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
  const fields = Object.entries(request.headers).filter(([name]) => name !== 'connection');
  return { service: 'sample', method: request.method, path: request.url, headers: Object.fromEntries(fields) };
}
