/** A gateway with addresses that demand a header of the PROXY protocol, with and without TLS, and one that does not. */
import { connect, type TLSSocket } from 'node:tls';
import { createAuthority } from './certificates.ts';
import { openRaw, type RawConnection } from './raw-client.ts';
import { type RecordingUpstream, startRecordingUpstream } from './recording-upstream.ts';
import { type RunningGateway, startGateway } from './running-gateway.ts';

export interface HeaderWorld {
  readonly upstream: RecordingUpstream;
  readonly gateway: RunningGateway;
  readonly port: number;
  readonly tlsPort: number;
  /** Without the setting. */
  readonly otherPort: number;
  /** PEM of the authority; the certificate is for a.test. */
  readonly ca: string;
  /** TLS on a connection whose header was sent. */
  secured(connection: RawConnection): Promise<TLSSocket>;
  /** The `outcome` of `rolegate_proxy_protocol_headers_total`, without zeros. */
  counts(): Promise<Readonly<Record<string, number>>>;
  /** `cause` and `peer` of the lines about closed connections. */
  logged(): readonly (readonly [cause: unknown, peer: unknown])[];
  close(): Promise<void>;
}

export interface HeaderSettings {
  /** Further keys of `server`, and other sections. */
  readonly server: string;
  readonly sections: string;
  /** Further keys of the route. */
  readonly route: string;
  readonly target: string;
}

/** Trusted: 127.0.0.1, from which tests connect, and 203.0.113.0/24. */
export async function startHeaderWorld({
  server = '',
  sections = '',
  route = '',
  target = '',
}: Partial<HeaderSettings> = {}): Promise<HeaderWorld> {
  const authority = createAuthority();
  const { cert, key } = authority.issue({ hosts: ['a.test'] });
  const upstream = await startRecordingUpstream();
  const text = `version: 1
server:
  listen:
    - { address: "127.0.0.1:0", proxyProtocol: true }
    - { address: "127.0.0.1:0", proxyProtocol: true, tls: { certificates: [{ cert: cert.pem, key: key.pem }] } }
    - { address: "127.0.0.1:0" }
  admin: "127.0.0.1:0"
  trustedProxies: ["127.0.0.1", "203.0.113.0/24"]${server}
authApi: { url: "http://127.0.0.1:9" }
upstreams: { service: { targets: ["${target === '' ? upstream.origin : target}"] } }
routes:
  - { id: open, match: { path: "/**" }, upstream: service, access: public${route} }
${sections}`;
  const gateway = await startGateway(text, (path) => (path === 'cert.pem' ? cert : key));
  const [port = 0, tlsPort = 0, otherPort = 0] = gateway.ports;
  return {
    upstream,
    gateway,
    port,
    tlsPort,
    otherPort,
    ca: authority.cert,
    secured: ({ socket }) =>
      new Promise((resolve, reject) => {
        socket.removeAllListeners('data');
        const tls = connect({ socket, servername: 'a.test', ca: authority.cert }, () => resolve(tls));
        tls.once('error', reject);
      }),
    async counts() {
      const rows = (await gateway.metrics()).matchAll(
        /^rolegate_proxy_protocol_headers_total\{outcome="(\w+)"\} (\d+)$/gm,
      );
      return Object.fromEntries(
        [...rows].map(([, outcome, count]) => [outcome, Number(count)]).filter(([, count]) => count !== 0),
      );
    },
    logged: () =>
      gateway
        .logLines()
        .filter(({ msg }) => String(msg).startsWith('PROXY protocol'))
        .map(({ cause, peer }) => [cause, peer]),
    async close() {
      await gateway.close();
      await upstream.close();
    },
  };
}

export const fromClient = 'PROXY TCP4 192.0.2.7 198.51.100.1 5000 443\r\n';

/** A connection that has sent the bytes. */
export async function sent(port: number, bytes: string | Uint8Array): Promise<RawConnection> {
  const connection = await openRaw(port);
  connection.write(bytes);
  return connection;
}
