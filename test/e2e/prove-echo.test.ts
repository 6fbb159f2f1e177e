/** `rolegate prove --echo`: requests that a proxy changes after they were judged, which only the service can see. */
import { createServer } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { parseConfig } from '../../src/config/parse-config.ts';
import { checkPaths } from '../support/authorizer-checks.ts';
import { type ConfigFolder, createConfigFolder } from '../support/config-folder.ts';
import { startFakeAuthApi } from '../support/fake-auth-api.ts';
import { runRolegate } from '../support/running-command.ts';
import { type RunningGateway, startGateway } from '../support/running-gateway.ts';
import { type ProductName, requireProduct, startAskingProxy } from './support/asking-proxy.ts';

let folder: ConfigFolder;
let echo: string;
let text: string;
let file: string;
let gateway: RunningGateway;
beforeAll(() => {
  folder = createConfigFolder();
});
afterAll(() => folder.remove());
beforeEach(async () => {
  echo = await startEcho();
  const authApi = await startFakeAuthApi();
  onTestFinished(authApi.close);
  authApi.addSession('good-and-secret', { userId: 'ann', roles: ['user'] });
  text = `
version: 1
server: { listen: "127.0.0.1:0", admin: false }
authorizer: { listen: "127.0.0.1:0", grpc: { listen: "127.0.0.1:0" }, dialects: ${JSON.stringify(checkPaths)} }
authApi: { url: "${new URL(authApi.url).origin}" }
roles: { user: {}, admin: {} }
upstreams: { service: { targets: ["${echo}"] } }
routes:
  - { id: open, match: { path: "/**" }, access: public, upstream: service }
  - { id: closed, match: { path: "/closed/**" }, access: [user], upstream: service }
  - { id: admin, match: { path: "/admin/{id}" }, access: [admin], upstream: service }
`;
  file = folder.write('gateway.yaml', text);
  gateway = await startGateway(text);
  onTestFinished(gateway.close);
});

async function startEcho(): Promise<string> {
  const command = runRolegate(['echo', '--listen', '127.0.0.1:0']);
  onTestFinished(async () => {
    command.signal('SIGTERM');
    expect(await command.ended).toBe(0);
  });
  const [, url = ''] = await command.see(/at (http:\S+)/);
  return url;
}

interface Report {
  readonly groups: Readonly<Record<string, { readonly requests: number; readonly found: number }>>;
  readonly findings: readonly { readonly code: string; readonly target: string; readonly received?: string }[];
  readonly notes: readonly string[];
}

async function prove(port: number, service = echo) {
  const credential = { ROLEGATE_CREDENTIAL: 'Authorization: Bearer good-and-secret' };
  const args = ['--config', file, '--json', '--roles', 'user', '--echo', service];
  const command = runRolegate(['prove', `http://127.0.0.1:${port}`, ...args], credential);
  const code = await command.ended;
  expect(command.output()).not.toContain('good-and-secret');
  return { code, output: command.output(), report: () => JSON.parse(command.output()) as Report };
}

async function startProxy(product: ProductName, from: RegExp, to: string) {
  const read = parseConfig(text, { file: 'gateway.yaml', env: {}, readSecret: () => '' });
  if (!read.ok) throw new Error('the configuration of this test has problems');
  const proxy = await startAskingProxy(product, read.config, { service: echo, ports: gateway }, (printed) => {
    expect(printed).toMatch(from);
    return printed.replace(from, to);
  });
  onTestFinished(proxy.stop);
  return proxy;
}

test('Rolegate itself forwards every request as it was judged', async () => {
  const { code, report } = await prove(gateway.port);
  expect([report().findings, report().notes, code]).toEqual([[], [], 0]);
  expect(report().groups['received']!.requests).toBeGreaterThan(20);
});

/** What the service receives instead of `/closed/…`, allowed to a user. */
const mistakes: readonly [product: ProductName, title: string, from: RegExp, to: string, received: RegExp][] = [
  [
    'nginx',
    'a rewritten path',
    /auth_request \/\.rolegate;/,
    '$& rewrite ^/closed/(.*)$ /admin/$1 break;',
    /^GET \/admin\//,
  ],
  ['nginx', 'a changed method', /proxy_pass http:\/\/service;/, '$& proxy_method DELETE;', /^DELETE \/closed\//],
  [
    'nginx',
    'another Host',
    /(proxy_pass http:\/\/service;[\s\S]*?)proxy_set_header Host \$http_host;/,
    '$1proxy_set_header Host admin.example.test;',
    /^GET \/closed\/\S+ {2}Host: admin\.example\.test$/,
  ],
  [
    'traefik',
    'a removed prefix',
    /( {4})(rolegate:\n[\s\S]*routers:[\s\S]*?)( +- )rolegate\n/,
    '$1strip: { stripPrefix: { prefixes: [/closed] } }\n$1$2$3rolegate\n$3strip\n',
    /^GET \/(?!closed)/,
  ],
  [
    'envoy',
    'a replaced prefix',
    /cluster: service\n( +)timeout/,
    'cluster: service\n$1prefix_rewrite: /admin/\n$1timeout',
    /^GET \/admin\//,
  ],
  [
    'envoy-grpc',
    'a replaced prefix',
    /cluster: service\n( +)timeout/,
    'cluster: service\n$1prefix_rewrite: /admin/\n$1timeout',
    /^GET \/admin\//,
  ],
];

describe.each(['nginx', 'traefik', 'envoy', 'envoy-grpc', 'haproxy-2.6', 'caddy'] as const)('behind %s', (product) => {
  test('finds nothing with the printed configuration', async () => {
    requireProduct(product);
    const { port } = await startProxy(product, /^/, '');
    const { code, report } = await prove(port);
    expect([report().findings, code]).toEqual([[], 0]);
    expect(report().groups['received']!.requests).toBeGreaterThan(20);
  });

  const own = mistakes.filter(([name]) => name === product);
  test.each(own)('%s: finds %s', async (_, __, from, to, received) => {
    requireProduct(product);
    const { port } = await startProxy(product, from, to);
    const { code, report } = await prove(port);
    const found = report().findings.filter(({ target }) => target.startsWith('/closed/'));
    expect([new Set(found.map(({ code: kind }) => kind)), code]).toEqual([new Set(['rewritten']), 1]);
    expect(found[0]?.received).toMatch(received);
    expect(report().groups['received']!.found).toBeGreaterThanOrEqual(found.length);
  });
});

test('prints what the service received', async () => {
  requireProduct('nginx');
  const [product, , from, to] = mistakes[0]!;
  const { port } = await startProxy(product, from, to);
  const args = ['prove', `http://127.0.0.1:${port}`, '--config', file, '--roles', 'user', '--echo', echo];
  const command = runRolegate(args, { ROLEGATE_CREDENTIAL: 'Authorization: Bearer good-and-secret', NO_COLOR: '1' });
  expect(await command.ended).toBe(1);
  expect(command.output()).toMatch(/✗ requests as the echo service received them +\d+ {2}\d+ changed/);
  expect(command.output()).toMatch(/200 {2}GET \/closed\/.* +received GET \/admin\//);
});

test('an echo service that does not return what it receives, or is not behind the proxy, is reported', async () => {
  const other = createServer((_, response) => void response.end('{"method":"GET","path":"/","headers":{"host":"a"}}'));
  onTestFinished(() => void other.close());
  await new Promise<void>((listening) => other.listen(0, '127.0.0.1', listening));
  const address = other.address();
  if (address === null || typeof address === 'string') throw new Error('it listens at a port');
  const untrue = await prove(gateway.port, `http://127.0.0.1:${address.port}`);
  expect([untrue.code, untrue.output]).toEqual([2, expect.stringContaining('is not an echo service (status 200)')]);
  gateway.apply(text.replace(echo, `http://127.0.0.1:${address.port}`));
  other.removeAllListeners('request').on('request', (_, response) => void response.end('another service'));
  const elsewhere = await prove(gateway.port);
  expect(elsewhere.report().notes).toContainEqual(expect.stringContaining('No response came from the echo service'));
  expect(elsewhere.code).toBe(1);
});
