/** Real proxies that end the TLS of clients, and send their certificates as docs/guides/client-certificates.md shows. */
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { dirname, join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type Authority, createAuthority } from '../support/certificates.ts';
import { createConfigFolder } from '../support/config-folder.ts';
import { freePort } from '../support/free-port.ts';
import { createOpensslAuthority, noOpenssl, type OpensslAuthority } from '../support/openssl-authority.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';
import { type RunningCommand, runCommand } from '../support/running-command.ts';
import { type RunningGateway, startGateway } from '../support/running-gateway.ts';
import { skipHere } from '../support/skip-here.ts';

const page = readFileSync('docs/guides/client-certificates.md', 'utf8');
/** A line of the page, without its indentation. */
function shown(start: string): string {
  const line = page.split('\n').find((one) => one.trim().startsWith(start));
  if (line === undefined) throw new Error(`the page has no line with ${start}`);
  return line.trim();
}

const folder = createConfigFolder();
let authority: Authority;
let clients: OpensslAuthority;
let service: RecordingUpstream;

interface Ports {
  readonly port: number;
  readonly gateway: number;
}

interface Product {
  readonly name: string;
  readonly header: string;
  readonly version: readonly string[];
  /** Writes its configuration, and returns its arguments. */
  readonly args: (ports: Ports) => readonly string[];
}

const root = dirname(folder.write('empty', ''));
const file = (name: string) => join(root, name);
const products: readonly Product[] = [
  {
    name: 'nginx',
    header: 'ssl-client-cert',
    version: ['-v'],
    args({ port, gateway }) {
      const text = `events {}
pid nginx.pid;
http {
  access_log off;
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate server.pem;
    ssl_certificate_key server-key.pem;
    ${shown('ssl_client_certificate').replace('/etc/nginx/', '')}
    ${shown('ssl_verify_client')}
    location / {
      proxy_pass http://127.0.0.1:${gateway};
      ${shown('proxy_set_header ssl-client-cert')}
      ${shown('proxy_set_header ssl-client-verify')}
    }
  }
}
`;
      const path = folder.write('nginx.conf', text);
      return ['-e', 'stderr', '-p', dirname(path), '-c', path, '-g', 'daemon off;'];
    },
  },
  {
    name: 'haproxy',
    header: 'client-cert',
    version: ['-v'],
    args({ port, gateway }) {
      const text = `defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend edge
  bind 127.0.0.1:${port} ssl crt ${file('server-both.pem')} ca-file ${file('clients-ca.pem')} verify optional
  ${shown('http-request del-header')}
  ${shown('http-request set-header')}
  default_backend gateway
backend gateway
  server one 127.0.0.1:${gateway}
`;
      return ['-f', folder.write('haproxy.cfg', text)];
    },
  },
  {
    name: 'caddy',
    header: 'client-cert',
    version: ['version'],
    args({ port, gateway }) {
      const text = `{
  admin off
  auto_https off
}
https://127.0.0.1:${port}, https://localhost:${port} {
  tls ${file('server.pem')} ${file('server-key.pem')} {
    client_auth {
      mode verify_if_given
      trusted_ca_cert_file ${file('clients-ca.pem')}
    }
  }
  reverse_proxy 127.0.0.1:${gateway} {
    ${shown('header_up Client-Cert')}
  }
}
`;
      return ['run', '--config', folder.write('Caddyfile', text), '--adapter', 'caddyfile'];
    },
  },
  {
    name: 'traefik',
    header: 'x-forwarded-tls-client-cert',
    version: ['version'],
    args({ port, gateway }) {
      const dynamic = `http:
  routers:
    all: { rule: "PathPrefix(\`/\`)", service: gateway, middlewares: [certificate], tls: {} }
  middlewares:
    certificate: { ${shown('passTLSClientCert')} }
  services:
    gateway: { loadBalancer: { servers: [{ url: "http://127.0.0.1:${gateway}" }] } }
tls:
  certificates: [{ certFile: "${file('server.pem')}", keyFile: "${file('server-key.pem')}" }]
  stores: { default: { defaultCertificate: { certFile: "${file('server.pem')}", keyFile: "${file('server-key.pem')}" } } }
  options:
    default: { clientAuth: { caFiles: ["${file('clients-ca.pem')}"], ${shown('clientAuthType')} } }
`;
      const rules = folder.write('traefik-rules.yaml', dynamic);
      const text = `entryPoints: { edge: { address: "127.0.0.1:${port}" } }
providers: { file: { filename: "${rules}" } }
`;
      return [`--configFile=${folder.write('traefik.yaml', text)}`];
    },
  },
  {
    name: 'envoy',
    header: 'x-forwarded-client-cert',
    version: ['--version'],
    args({ port, gateway }) {
      const text = `static_resources:
  listeners:
    - address: { socket_address: { address: 127.0.0.1, port_value: ${port} } }
      filter_chains:
        - transport_socket:
            name: envoy.transport_sockets.tls
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
              common_tls_context:
                tls_certificates:
                  - certificate_chain: { filename: "${file('server.pem')}" }
                    private_key: { filename: "${file('server-key.pem')}" }
                validation_context: { trusted_ca: { filename: "${file('clients-ca.pem')}" } }
          filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: edge
                use_remote_address: true
                ${shown('forward_client_cert_details')}
                ${shown('set_current_client_cert_details')}
                route_config:
                  virtual_hosts:
                    - { name: all, domains: ["*"], routes: [{ match: { prefix: "/" }, route: { cluster: gateway } }] }
                http_filters:
                  - name: envoy.filters.http.router
                    typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }
  clusters:
    - name: gateway
      connect_timeout: 5s
      load_assignment:
        cluster_name: gateway
        endpoints:
          - lb_endpoints:
              - endpoint: { address: { socket_address: { address: 127.0.0.1, port_value: ${gateway} } } }
`;
      return ['-c', folder.write('envoy.yaml', text), '--use-dynamic-base-id', '-l', 'error'];
    },
  },
];

beforeAll(async () => {
  if (noOpenssl) skipHere('openssl is not installed');
  authority = createAuthority();
  clients = createOpensslAuthority('clients');
  service = await startRecordingUpstream();
  const { cert, key } = authority.issue({ hosts: ['localhost'], addresses: ['127.0.0.1'] });
  folder.write('server.pem', cert);
  folder.write('server-key.pem', key);
  folder.write('server-both.pem', cert + key);
  folder.write('clients-ca.pem', clients.cert);
});
afterAll(async () => {
  clients?.close();
  await service?.close();
  folder.remove();
});

let gateway: RunningGateway | null = null;
let proxy: RunningCommand | null = null;
afterEach(async () => {
  proxy?.signal('SIGTERM');
  await proxy?.ended;
  await gateway?.close();
  [gateway, proxy] = [null, null];
});

const config = (header: string) => `
version: 1
server: { listen: "127.0.0.1:0", admin: false, trustedProxies: ["127.0.0.1"], clientCertificateHeader: ${header} }
sources: { machines: { kind: certificate, userId: spiffe } }
identityHeaders: { user-id: userId }
upstreams: { service: { targets: ["${service.origin}"] } }
routes:
  - { id: open, match: { path: "/**" }, upstream: service, access: public }
  - { id: machines, match: { path: "/machines/**" }, upstream: service, access: authenticated, credentials: [certificate] }
`;

/** The status, or the error of the connection. */
function ask(port: number, path: string, options: ConnectionOptions, headers = {}): Promise<number | string> {
  return new Promise((resolve) => {
    const trusted = { ca: authority.cert, servername: 'localhost', agent: false as const };
    const host = { host: `localhost:${port}` };
    request({ host: '127.0.0.1', port, path, headers: { ...host, ...headers }, ...trusted, ...options }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode ?? 0));
    })
      .once('error', ({ message }) => resolve(message))
      .end();
  });
}

async function start({ name, header, version, args }: Product, change = (text: string) => text): Promise<number> {
  if (spawnSync(name, version).error !== undefined) skipHere(`no ${name}: install it to try what the page shows`);
  gateway = await startGateway(config(header));
  const port = await freePort();
  const words = args({ port, gateway: gateway.port });
  const path = words
    .map((word) => word.replace('--configFile=', ''))
    .find((word) => word.startsWith(root) && statSync(word).isFile())!;
  writeFileSync(path, change(readFileSync(path, 'utf8')));
  proxy = runCommand(name, words, { HOME: root, XDG_DATA_HOME: root });
  await vi.waitFor(async () => expect(await ask(port, '/x', {})).toBe(200), { timeout: 20_000 });
  return port;
}

function forged(): Readonly<Record<string, string>> {
  const { cert } = clients.issue('billing', 'URI:spiffe://acme.test/billing');
  const der = cert.replace(/-----[^-]+-----|\s/g, '');
  return {
    'client-cert': `:${der}:`,
    'ssl-client-cert': encodeURIComponent(cert),
    'ssl-client-verify': 'SUCCESS',
    'x-forwarded-client-cert': `Cert="${encodeURIComponent(cert)}"`,
    'x-forwarded-tls-client-cert': der,
  };
}

test.each(products)('$name sends the certificate of its client, and no other one', async (product) => {
  const port = await start(product);
  const orders = clients.issue('orders', 'URI:spiffe://acme.test/orders');
  expect(await ask(port, '/machines/a', orders)).toBe(200);
  expect(service.requests.at(-1)?.header('user-id')).toEqual(['spiffe://acme.test/orders']);
  expect(await ask(port, '/machines/a', {})).toBe(401);
  expect(await ask(port, '/machines/a', {}, forged())).toBe(401);
  expect(await ask(port, '/machines/a', orders, forged())).toBe(200);
  expect(service.requests.at(-1)?.header('user-id')).toEqual(['spiffe://acme.test/orders']);
  const strangers = createOpensslAuthority('clients');
  const stranger = strangers.issue('orders', 'URI:spiffe://acme.test/orders');
  strangers.close();
  expect(await ask(port, '/machines/a', stranger)).not.toBe(200);
});

test('the control: nginx that does not set the headers forwards those of clients', async () => {
  const port = await start(products[0]!, (text) => text.replaceAll(/proxy_set_header ssl-client-.*/g, ''));
  expect(await ask(port, '/machines/a', {}, forged())).toBe(200);
});
