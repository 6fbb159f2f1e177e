/** nginx and HAProxy as services that expect the PROXY protocol: each response names the client of its connection. */
import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createAuthority } from '../support/certificates.ts';
import { createConfigFolder } from '../support/config-folder.ts';
import { freePort } from '../support/free-port.ts';
import { type RunningCommand, runCommand } from '../support/running-command.ts';
import { type RunningGateway, startGateway } from '../support/running-gateway.ts';
import { skipHere } from '../support/skip-here.ts';

const folder = createConfigFolder();
afterAll(() => folder.remove());
const authority = createAuthority();
const { cert, key } = authority.issue({ hosts: ['localhost'] });
folder.write('cert.pem', cert);
folder.write('key.pem', key);
const both = folder.write('both.pem', cert + key);

interface Ports {
  readonly plain: number;
  readonly tls: number;
  /** Without the protocol. */
  readonly other: number;
}

const receivers = [
  {
    name: 'nginx',
    version: '-v',
    config: ({ plain, tls, other }: Ports) => `worker_processes 1;
pid nginx.pid;
events {}
http {
  access_log off;
  server {
    listen 127.0.0.1:${plain} proxy_protocol;
    listen 127.0.0.1:${tls} proxy_protocol ssl;
    listen 127.0.0.1:${other};
    ssl_certificate cert.pem;
    ssl_certificate_key key.pem;
    location / { return 200 "$proxy_protocol_addr"; }
  }
}
`,
    args: (file: string) => ['-e', 'stderr', '-p', dirname(file), '-c', file, '-g', 'daemon off;'],
  },
  {
    name: 'haproxy',
    version: '-v',
    config: ({ plain, tls, other }: Ports) => `defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend all
  bind 127.0.0.1:${plain} accept-proxy
  bind 127.0.0.1:${tls} accept-proxy ssl crt ${both}
  bind 127.0.0.1:${other}
  http-request return status 200 content-type text/plain lf-string "%[src]"
`,
    args: (file: string) => ['-db', '-f', file],
  },
];

describe.each(receivers)('$name', ({ name, version, config, args }) => {
  const ports = { plain: 0, tls: 0, other: 0 };
  let service: RunningCommand;
  const gateways: RunningGateway[] = [];

  beforeAll(async () => {
    if (spawnSync(name, [version]).error !== undefined) skipHere(`no ${name}: install it to send it headers`);
    for (const one of ['plain', 'tls', 'other'] as const) ports[one] = await freePort();
    service = runCommand(name, args(folder.write(`${name}.conf`, config(ports))));
    await vi.waitFor(async () => (await fetch(`http://127.0.0.1:${ports.other}/`)).text(), { timeout: 15_000 });
  });
  afterAll(async () => {
    await Promise.all(gateways.map((gateway) => gateway.close()));
    service?.signal('SIGTERM');
    await service?.ended;
  });

  async function start(target: string, upstream: string): Promise<RunningGateway> {
    const gateway = await startGateway(
      `version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0", trustedProxies: ["127.0.0.1"] }
authApi: { url: "http://127.0.0.1:9" }
upstreams: { service: { targets: ["${target}"], ${upstream} } }
routes: [{ id: open, match: { path: "/**" }, upstream: service, access: public }]
`,
      () => authority.cert,
    );
    gateways.push(gateway);
    return gateway;
  }

  async function clientOf(gateway: RunningGateway, client: string): Promise<string> {
    const response = await fetch(gateway.origin, { headers: { 'x-forwarded-for': client } });
    return response.status === 200 ? await response.text() : String(response.status);
  }

  test.each(['v1', 'v2'])('%s, with TLS and without', async (sent) => {
    const checked = 'health: { path: /, interval: 100ms }';
    const targets = [
      await start(`http://127.0.0.1:${ports.plain}`, `proxyProtocol: ${sent}, ${checked}`),
      await start(`https://localhost:${ports.tls}`, `proxyProtocol: ${sent}, tls: { ca: ca.pem }, ${checked}`),
    ];
    for (const gateway of targets) {
      const clients = Array.from({ length: 60 }, (_, index) =>
        index % 6 === 0 ? '2001:db8::7' : `192.0.2.${index % 6}`,
      );
      expect(await Promise.all(clients.map((client) => clientOf(gateway, client)))).toEqual(clients);
      await vi.waitFor(async () =>
        expect(await gateway.metrics()).toMatch(/^rolegate_upstream_target_healthy\{[^}]*\} 1$/m),
      );
    }
  });

  test('control: a listener without it refuses the header, and one with it refuses its absence', async () => {
    const refused = await start(`http://127.0.0.1:${ports.other}`, 'proxyProtocol: v1');
    expect(await clientOf(refused, '192.0.2.1')).toBe('400');
    const missing = await start(`http://127.0.0.1:${ports.plain}`, 'connections: 4');
    expect(await clientOf(missing, '192.0.2.1')).toMatch(/^(?:400|502)$/);
    const neither = await start(`http://127.0.0.1:${ports.other}`, 'connections: 4');
    expect(await clientOf(neither, '192.0.2.1')).toMatch(/^(?:127\.0\.0\.1)?$/);
  });
});
