/** A gateway that speaks HTTP/2, in front of a service that a test writes. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAuthority } from '../../support/certificates.ts';
import { type Http2Client, openHttp2 } from '../../support/http2-client.ts';
import { type FrameClient, openFrames } from '../../support/http2-frames.ts';
import { type RunningGateway, startGateway } from '../../support/running-gateway.ts';

export interface Http2World {
  readonly gateway: RunningGateway;
  readonly ca: string;
  /** Connections of the service that are open. */
  serviceConnections(): Promise<number>;
  open(): Promise<Http2Client>;
  frames(settings?: Buffer): Promise<FrameClient>;
  close(): Promise<void>;
}

/** `limits` and `route`: further keys, as YAML. */
export async function startHttp2World(service: RequestListener, limits = '', route = ''): Promise<Http2World> {
  const authority = createAuthority();
  const pair = authority.issue({ hosts: ['a.test', 'localhost'], addresses: ['127.0.0.1'] });
  const server = createServer({ requestTimeout: 0 }, service);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const gateway = await startGateway(
    `
version: 1
server:
  listen:
    - { address: "127.0.0.1:0", tls: { certificates: [{ cert: a.pem, key: a-key.pem }] }, http2: true }
  limits: { ${limits} }
  admin: "127.0.0.1:0"
authApi: { url: "http://127.0.0.1:9" }
upstreams: { service: { targets: ["http://127.0.0.1:${(server.address() as AddressInfo).port}"] } }
routes:
  - { id: open, match: { path: "/**" }, upstream: service, access: public${route} }
`,
    (path) => (path === 'a.pem' ? pair.cert : pair.key),
  );
  const clients: { close(): unknown }[] = [];
  return {
    gateway,
    ca: authority.cert,
    serviceConnections: () =>
      new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
      ),
    async open() {
      const client = await openHttp2(gateway.port, authority.cert);
      clients.push(client);
      return client;
    },
    async frames(settings) {
      const client = await openFrames(gateway.port, authority.cert, settings);
      clients.push({ close: () => client.end() });
      return client;
    },
    async close() {
      for (const client of clients) await client.close();
      await gateway.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Pseudo headers of a request, which further fields may follow. */
export function line(method: string, path: string, fields: readonly string[] = []): string[] {
  return [':method', method, ':scheme', 'https', ':authority', 'a.test', ':path', path, ...fields];
}
