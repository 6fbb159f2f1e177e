/** A gateway with TLS, whose certificates a test can replace. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { type Authority, type Certified, createAuthority } from '../../support/certificates.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../../support/recording-upstream.ts';
import { type RunningGateway, startGateway } from '../../support/running-gateway.ts';

export interface TlsWorld {
  readonly authority: Authority;
  /** File of the authority, for programs. */
  readonly ca: string;
  /** By name of the file, as the configuration has it; read again at each `apply`. */
  readonly files: Map<string, string>;
  readonly upstream: RecordingUpstream;
  /** Writes a pair as `NAME.pem` and `NAME-key.pem`. */
  put(name: string, pair: Certified): void;
  start(settings?: Partial<TlsSettings>): Promise<RunningGateway>;
  config(settings?: Partial<TlsSettings>): string;
  close(): Promise<void>;
}

export interface TlsSettings {
  /** Names of pairs. */
  readonly certificates: readonly string[];
  /** Further keys of `tls`, as YAML. */
  readonly tls: string;
  /** Further keys of the address with TLS, and of the one without. */
  readonly listener: string;
  readonly plain: string;
  /** Further upstreams. */
  readonly others: string;
  /** Further keys of `server`. */
  readonly server: string;
  /** Further sections. */
  readonly sections: string;
}

export async function startTlsWorld(): Promise<TlsWorld> {
  const authority = createAuthority();
  const folder = mkdtempSync(join(tmpdir(), 'rolegate-tls-'));
  const ca = join(folder, 'ca.pem');
  writeFileSync(ca, authority.cert);
  const files = new Map<string, string>();
  const upstream = await startRecordingUpstream();
  const gateways: RunningGateway[] = [];
  const put = (name: string, { cert, key }: Certified) => {
    files.set(`${name}.pem`, cert);
    files.set(`${name}-key.pem`, key);
  };
  put('a', authority.issue({ hosts: ['a.test', 'both.test'] }));
  put('wild', authority.issue({ hosts: ['*.w.test'] }));
  put('exact', authority.issue({ hosts: ['x.w.test', 'localhost'], addresses: ['127.0.0.1'] }));
  const readSecret = (path: string) => {
    const text = files.get(path);
    if (text === undefined) throw new Error('no such file');
    return text;
  };
  const config = ({
    certificates = ['a', 'wild', 'exact'],
    tls = '',
    listener = '',
    plain = '',
    others = '',
    server = '',
    sections = '',
  }: Partial<TlsSettings> = {}) => `
version: 1
server:
  listen:
    - { address: "127.0.0.1:0", tls: { certificates: [${certificates.map((name) => `{ cert: ${name}.pem, key: ${name}-key.pem }`).join(', ')}]${tls} }${listener} }
    - { address: "127.0.0.1:0"${plain} }
  admin: "127.0.0.1:0"${server}
authApi: { url: "http://127.0.0.1:9" }
upstreams: { service: { targets: ["http://127.0.0.1:${upstream.port}"] }${others} }
routes:
  - { id: open, match: { path: "/**" }, upstream: service, access: public }
${sections}`;
  return {
    authority,
    ca,
    files,
    upstream,
    put,
    config,
    async start(settings) {
      const gateway = await startGateway(config(settings), readSecret);
      gateways.push(gateway);
      return gateway;
    },
    async close() {
      await Promise.all(gateways.map((gateway) => gateway.close()));
      await upstream.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Resolves after the handshake; rejects if it fails. */
export function secured(port: number, options: ConnectionOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, ALPNProtocols: ['http/1.1'], ...options }, () => resolve(socket));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed')));
  });
}
