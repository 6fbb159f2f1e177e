/** HAProxy, nginx and Traefik, and curl, send headers of the PROXY protocol to a gateway with two workers, with the configurations of the guide. */
import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { type IncomingMessage, request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createAuthority } from '../support/certificates.ts';
import { createConfigFolder } from '../support/config-folder.ts';
import { freePort } from '../support/free-port.ts';
import { blocksOf } from '../support/markdown-page.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';
import { type RunningCommand, runCommand, runRolegate } from '../support/running-command.ts';
import { skipHere } from '../support/skip-here.ts';

const blocks = blocksOf(readFileSync('docs/guides/network-load-balancers.md', 'utf8'));
const shown = (kind: string) => blocks.find(({ language, info }) => `${language} ${info}` === kind)!.text;
const folder = createConfigFolder();
const authority = createAuthority();
let service: RecordingUpstream;
let gateway: RunningCommand;
let admin: string;
let plainPort: number;
let tlsPort: number;

beforeAll(async () => {
  const { cert, key } = authority.issue({ hosts: ['a.test'] });
  folder.write('gateway.pem', cert);
  folder.write('gateway-key.pem', key);
  service = await startRecordingUpstream();
  const text = `version: 1
server:
  listen:
    - { address: "127.0.0.1:0", proxyProtocol: true }
    - { address: "127.0.0.1:0", proxyProtocol: true, tls: { certificates: [{ cert: gateway.pem, key: gateway-key.pem }] } }
  admin: "127.0.0.1:0"
  trustedProxies: ["127.0.0.1", "127.0.0.5"]
  workers: 2
cache: { secret: a secret of the gateway with 32 characters }
authApi: { url: "http://127.0.0.1:9" }
upstreams: { service: { targets: ["${service.origin}"] } }
routes: [{ id: open, match: { path: "/**" }, upstream: service, access: public, websocket: true }]
`;
  gateway = runRolegate(['serve', '--config', folder.write('gateway.yaml', text)]);
  const [, started] = await gateway.see(/^(\{.*"msg":"started".*\})$/m);
  const places = JSON.parse(started!);
  [plainPort, tlsPort] = places.listeners.map(({ port }: { port: number }) => port);
  admin = `http://127.0.0.1:${places.admin.port}`;
});
afterAll(async () => {
  gateway?.signal('SIGTERM');
  await gateway?.ended;
  await service.close();
  folder.remove();
});

/** From an address that is not a trusted proxy, on a connection of its own. */
async function ask(port: number, target: string, secure: boolean, localAddress = '127.0.0.2'): Promise<number> {
  const options = { host: '127.0.0.1', port, path: target, localAddress, agent: false };
  const headers = { host: 'a.test', 'x-forwarded-for': '10.9.9.9' };
  const asked = secure
    ? secureRequest({ ...options, headers, servername: 'a.test', ca: authority.cert })
    : plainRequest({ ...options, headers });
  asked.end();
  const [{ statusCode = 0 }] = (await once(asked, 'response')) as [IncomingMessage];
  asked.destroy();
  return statusCode;
}

async function counted(outcome: string): Promise<number> {
  const metrics = await (await fetch(`${admin}/metrics`)).text();
  const line = new RegExp(`^rolegate_proxy_protocol_headers_total\\{outcome="${outcome}"\\} (\\d+)$`, 'm');
  return Number(line.exec(metrics)?.[1] ?? 0);
}

const streamModule = '/usr/lib/nginx/modules/ngx_stream_module.so';

function nginxStream(): string | null {
  if (existsSync(streamModule)) return `load_module ${streamModule};\n`;
  const { stderr = '' } = spawnSync('nginx', ['-V'], { encoding: 'utf8' });
  return /--with-stream(?!\S)/.test(stderr ?? '') ? '' : null;
}

interface Sender {
  readonly name: string;
  readonly version: readonly string[];
  /** To the address with TLS. */
  readonly secure: boolean;
  /** Null: the program cannot do it. */
  config(port: number): string | null;
  readonly args: (file: string, port: number) => readonly string[];
}

const haproxyArgs = (file: string) => ['-db', '-f', file];
const nginxArgs = (file: string) => ['-e', 'stderr', '-p', dirname(file), '-c', file, '-g', 'daemon off;'];
const onPorts = (text: string, port: number, to: number) =>
  text.replace(/\b127\.0\.0\.1:8443\b/, `127.0.0.1:${to}`).replace(/\b8444\b/, String(port));

const senders: readonly Sender[] = [
  {
    name: 'haproxy',
    version: ['-v'],
    secure: true,
    config: (port) => onPorts(shown('haproxy senders'), port, tlsPort),
    args: haproxyArgs,
  },
  {
    name: 'haproxy',
    version: ['-v'],
    secure: false,
    config: (port) => onPorts(shown('haproxy senders'), port, plainPort).replace('send-proxy-v2', 'send-proxy'),
    args: haproxyArgs,
  },
  {
    name: 'nginx',
    version: ['-v'],
    secure: true,
    config: (port) => withStream(onPorts(shown('nginx senders'), port, tlsPort)),
    args: nginxArgs,
  },
  {
    name: 'traefik',
    version: ['version'],
    secure: false,
    config: (port) =>
      JSON.stringify({
        tcp: {
          routers: { all: { rule: 'HostSNI(`*`)', service: 'one', entryPoints: [`on-${port}`] } },
          serversTransports: { header: { proxyProtocol: { version: 2 } } },
          services: {
            one: { loadBalancer: { serversTransport: 'header', servers: [{ address: `127.0.0.1:${plainPort}` }] } },
          },
        },
      }),
    args: (file, port) => [`--entryPoints.on-${port}.address=127.0.0.1:${port}`, `--providers.file.filename=${file}`],
  },
];

function withStream(text: string): string | null {
  const module = nginxStream();
  return module === null ? null : module + text;
}

describe.each(senders)('$name, TLS: $secure', ({ name, version, secure, config, args }) => {
  let proxy: RunningCommand;
  let port: number;

  beforeAll(async () => {
    if (spawnSync(name, version).error !== undefined) skipHere(`no ${name}: install it to try what the page shows`);
    port = await freePort();
    const text = config(port);
    if (text === null) skipHere(`this ${name} has no "stream": install libnginx-mod-stream`);
    const file = folder.write(`${name}-${port}.${name === 'traefik' ? 'yaml' : 'conf'}`, text);
    proxy = runCommand(name, args(file, port));
    await vi.waitFor(async () => expect(await ask(port, '/ready', secure)).toBe(200), { timeout: 15_000 });
  });
  afterAll(async () => {
    proxy?.signal('SIGTERM');
    await proxy?.ended;
  });

  test('services and the log get the address of each client', async () => {
    service.clear();
    const addresses = Array.from({ length: 12 }, (_, index) => `127.0.0.${index + 10}`);
    const statuses = await Promise.all(addresses.map((address) => ask(port, `/${address}`, secure, address)));
    expect(new Set(statuses)).toEqual(new Set([200]));
    for (const { target, header } of service.requests) expect(header('x-forwarded-for')).toEqual([target.slice(1)]);
    const last = addresses.at(-1);
    await gateway.see(
      new RegExp(`"client":"${last}"[^\\n]*"path":"/${last}"|"path":"/${last}"[^\\n]*"client":"${last}"`),
    );
  });
});

test('no connection of them was refused', async () => {
  for (const outcome of ['missing', 'malformed', 'too_long', 'late', 'cut', 'peer'])
    expect([outcome, await counted(outcome)]).toEqual([outcome, 0]);
});

test('curl --haproxy-protocol', async () => {
  const run = promisify(execFile);
  const url = `https://a.test:${tlsPort}/curl`;
  const certificate = folder.write('ca.pem', authority.cert);
  const args = ['-s', '--haproxy-protocol', '--interface', '127.0.0.5', '--resolve', `a.test:${tlsPort}:127.0.0.1`];
  const { stdout } = await run('curl', [
    ...args,
    '--cacert',
    certificate,
    '-o',
    '/dev/null',
    '-w',
    '%{http_code}',
    url,
  ]).catch((error) => {
    if (error.code === 'ENOENT') skipHere('there is no curl');
    throw error;
  });
  expect(stdout).toBe('200');
  expect(service.last().header('x-forwarded-for')).toEqual(['127.0.0.5']);
});

test('a connection without a header is closed by both workers, with a line in the log', async () => {
  const before = await counted('missing');
  for (let i = 0; i < 10; i += 1) {
    const socket = connect(plainPort, '127.0.0.1').on('error', () => {});
    socket.resume().write('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n');
    await once(socket, 'close');
  }
  expect(await counted('missing')).toBe(before + 10);
  await gateway.see(/"peer":"127\.0\.0\.1","cause":"missing"/);
});
