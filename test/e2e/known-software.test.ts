/**
 * Widely used software, from npm or Debian and behind the gateway with the settings of `docs/guides/known-software.md`:
 * a registry with scoped names, a server of browser WebSockets, GraphQL with server-sent events, a JSON API, and
 * Prometheus. Each works only for the right user.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type FakeAuthApi, startFakeAuthApi } from '../support/fake-auth-api.ts';
import { freePort } from '../support/free-port.ts';
import { blocksOf } from '../support/markdown-page.ts';
import { runCommand } from '../support/running-command.ts';
import { type RunningGateway, startGateway } from '../support/running-gateway.ts';
import { skipHere } from '../support/skip-here.ts';
import { installMs, runClient } from './support/clients/client-programs.ts';

const writer = 'tok_6Zr2NQpX0vJm4Wc8TyBd';
const reader = 'tok_reader9QpX0vJm4Wc8Ty';
const prometheus = process.env['TEST_PROMETHEUS'] ?? 'prometheus';
const noPrometheus =
  spawnSync(prometheus, ['--version']).status === 0 ? null : 'no Prometheus (Debian: apt-get install prometheus)';
const packages = [
  'verdaccio@6',
  'socket.io@4',
  'socket.io-client@4',
  'graphql-yoga@5',
  'graphql@16',
  'json-server@0.17',
];

let folder: string;
let authApi: FakeAuthApi;
let gateway: RunningGateway;
const services: ChildProcess[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rolegate-software-'));
  writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module","overrides":{"node-fetch":"2"}}');
  const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  const installing = runCommand('npm', ['install', ...options, ...packages], {}, { cwd: folder });
  expect(await installing.ended, installing.output()).toBe(0);
  authApi = await startFakeAuthApi();
  authApi.addSession(writer, { userId: 'ci', roles: ['writer'] });
  authApi.addSession(reader, { userId: 'reader', roles: ['reader'] });
  const [registry, sockets, graphql, json] = [await verdaccio(), await socketIo(), await yoga(), await jsonServer()];
  const metrics = noPrometheus === null ? await startPrometheus() : 1;
  const page = readFileSync('docs/guides/known-software.md', 'utf8');
  const shown = blocksOf(page).find(({ language, text }) => language === 'yaml' && /^version: 1$/m.test(text))!;
  const targets: Readonly<Record<string, number>> = {
    4873: registry,
    3001: sockets,
    4000: graphql,
    3002: json,
    9090: metrics,
  };
  const config = shown.text
    .replace(/^server: .*$/m, 'server: { listen: "127.0.0.1:0", admin: false }')
    .replace(/^authApi: .*$/m, `authApi: { url: "http://127.0.0.1:${authApi.port}" }`)
    .replaceAll(/http:\/\/[a-z-]+:(\d+)/g, (_, port: string) => `http://127.0.0.1:${targets[port]}`);
  gateway = await startGateway(config);
}, installMs + 120_000);
afterAll(async () => {
  await gateway?.close();
  for (const service of services) {
    service.kill('SIGKILL');
    if (service.exitCode === null && service.signalCode === null) await once(service, 'close');
  }
  await authApi?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Starts a program in the folder, and resolves once its port accepts connections. */
async function start(args: readonly string[], port: number, command = process.execPath): Promise<number> {
  const service = spawn(command, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  services.push(service);
  await vi.waitFor(async () => void (await fetch(`http://127.0.0.1:${port}/`)), { timeout: 60_000, interval: 100 });
  return port;
}

function program(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return name;
}

async function verdaccio(): Promise<number> {
  const port = await freePort();
  const config = program(
    'verdaccio.yaml',
    `storage: ./storage
auth: { htpasswd: { file: ./htpasswd } }
packages: { '**': { access: $all, publish: $all } }
log: { type: stdout, level: fatal }
`,
  );
  return start(['node_modules/verdaccio/bin/verdaccio', '--config', config, '--listen', `127.0.0.1:${port}`], port);
}

async function socketIo(): Promise<number> {
  const port = await freePort();
  const text = `import { createServer } from 'node:http';
import { Server } from 'socket.io';
const server = createServer((_, response) => response.end('sockets'));
new Server(server).on('connection', (socket) => {
  socket.on('who', (reply) => reply({ user: socket.handshake.headers['user-id'], over: socket.conn.transport.name }));
});
server.listen(${port}, '127.0.0.1');
`;
  return start([program('sockets.mjs', text)], port);
}

async function yoga(): Promise<number> {
  const port = await freePort();
  const text = `import { createServer } from 'node:http';
import { createSchema, createYoga } from 'graphql-yoga';
const typeDefs = 'type Query { me: String } type Subscription { count: Int }';
const resolvers = {
  Query: { me: (_, __, { request }) => request.headers.get('user-id') },
  Subscription: { count: { subscribe: async function* () { for (let count = 1; count <= 3; count += 1) yield { count }; } } },
};
createServer(createYoga({ schema: createSchema({ typeDefs, resolvers }), logging: false })).listen(${port}, '127.0.0.1');
`;
  return start([program('graphql.mjs', text)], port);
}

async function jsonServer(): Promise<number> {
  const port = await freePort();
  program('db.json', '{ "posts": [{ "id": 1, "title": "one" }] }');
  return start(
    ['node_modules/json-server/lib/cli/bin.js', '--quiet', '--host', '127.0.0.1', '--port', `${port}`, 'db.json'],
    port,
  );
}

async function startPrometheus(): Promise<number> {
  const port = await freePort();
  program('prometheus.yaml', 'global: {}\n');
  const options = ['--config.file=prometheus.yaml', '--storage.tsdb.path=tsdb', '--web.external-url=/prometheus/'];
  return start([...options, `--web.listen-address=127.0.0.1:${port}`, '--log.level=error'], port, prometheus);
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

test('npm publishes and installs a scoped package through Verdaccio; a reader may only install', async () => {
  const home = join(folder, 'home');
  const name = '@team/tool';
  mkdirSync(join(home, 'tool'), { recursive: true });
  writeFileSync(join(home, 'tool/package.json'), JSON.stringify({ name, version: '1.0.0' }));
  // The test runner may have put its own npm settings into the environment.
  const own = { npm_config_userconfig: join(home, '.npmrc'), npm_config_registry: `${gateway.origin}/` };
  const npmrc = (token: string) =>
    writeFileSync(
      join(home, '.npmrc'),
      `registry=${gateway.origin}/\n//127.0.0.1:${gateway.port}/:_authToken=${token}\n`,
    );
  npmrc(reader);
  const refused = await runClient(home, 'cd tool && npm publish --access public', own);
  expect(refused.code, refused.output).not.toBe(0);
  expect(refused.output).toContain('403');
  npmrc(writer);
  const published = await runClient(home, 'cd tool && npm publish --access public', own);
  expect(published.code, published.output).toBe(0);
  npmrc(reader);
  const installed = await runClient(home, `mkdir app && cd app && npm init --yes && npm install ${name}`, own);
  expect(installed.code, installed.output).toBe(0);
  expect(JSON.parse(readFileSync(join(home, 'app/package.json'), 'utf8'))).toMatchObject({
    dependencies: { [name]: '^1.0.0' },
  });
  npmrc('tok_wrong0QpX0vJm4Wc8TyB');
  const wrong = await runClient(home, `npm view ${name}`, own);
  expect(wrong.code).not.toBe(0);
  expect(wrong.output).toMatch(/401/);
}, 180_000);

test('socket.io starts with long polling, upgrades to a WebSocket, and gets the user; without a credential it never connects', async () => {
  const ask = program(
    'ask.mjs',
    `import { io } from 'socket.io-client';
const [, , url, token] = process.argv;
const socket = io(url, { extraHeaders: token === '' ? {} : { authorization: 'Bearer ' + token }, reconnection: false });
socket.on('connect_error', (error) => { console.log(JSON.stringify({ error: error.context?.status ?? error.message })); process.exit(); });
socket.io.engine.on('upgrade', () => socket.emit('who', (reply) => { console.log(JSON.stringify(reply)); process.exit(); }));
`,
  );
  const asked = async (token: string) => {
    const running = runCommand(process.execPath, [ask, gateway.origin, token], {}, { cwd: folder });
    await running.ended;
    return JSON.parse(running.output());
  };
  expect(await asked(reader)).toEqual({ user: 'reader', over: 'websocket' });
  expect(await asked('')).toEqual({ error: 401 });
});

test('GraphQL gets the user, and a subscription arrives as server-sent events', async () => {
  const query = (text: string, headers: Record<string, string>) =>
    fetch(`${gateway.origin}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query: text }),
    });
  expect(await (await query('{ me }', bearer(reader))).json()).toEqual({ data: { me: 'reader' } });
  expect((await query('{ me }', {})).status).toBe(401);
  const stream = await query('subscription { count }', { accept: 'text/event-stream', ...bearer(reader) });
  expect(stream.headers.get('content-type')).toMatch(/^text\/event-stream/);
  const text = await stream.text();
  expect([...text.matchAll(/"count":(\d)/g)].map(([, count]) => count)).toEqual(['1', '2', '3']);
});

test('a JSON API under a path prefix: a reader reads, a writer writes', async () => {
  const posts = `${gateway.origin}/api/posts`;
  expect(await (await fetch(posts, { headers: bearer(reader) })).json()).toEqual([{ id: 1, title: 'one' }]);
  const post = (token: string) =>
    fetch(posts, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...bearer(token) },
      body: '{"title":"two"}',
    });
  expect((await post(reader)).status).toBe(403);
  expect((await post(writer)).status).toBe(201);
  expect((await fetch(`${posts}/2`, { headers: bearer(reader) })).status).toBe(200);
});

test('Prometheus under its path prefix: a compressed response arrives unchanged; an anonymous client sees nothing', async () => {
  if (noPrometheus !== null) skipHere(noPrometheus);
  const url = `${gateway.origin}/prometheus/api/v1/query?query=1%2B1`;
  const headers = { ...bearer(reader), 'accept-encoding': 'gzip' };
  const { promise, resolve, reject } = Promise.withResolvers<{ encoding: string | undefined; body: Buffer }>();
  request(url, { headers }, (response) => {
    const parts: Buffer[] = [];
    response.on('data', (part: Buffer) => parts.push(part));
    response.on('end', () => resolve({ encoding: response.headers['content-encoding'], body: Buffer.concat(parts) }));
  })
    .on('error', reject)
    .end();
  const { encoding, body } = await promise;
  expect(encoding).toBe('gzip');
  expect(JSON.parse(gunzipSync(body).toString())).toMatchObject({
    status: 'success',
    data: { result: [expect.any(Number), '2'] },
  });
  // Its own links and redirects have the prefix.
  const start = await fetch(`${gateway.origin}/prometheus/`, { headers: bearer(reader), redirect: 'manual' });
  expect(new URL(start.headers.get('location')!, gateway.origin).pathname).toMatch(/^\/prometheus\//);
  expect((await fetch(url)).status).toBe(401);
  expect((await fetch(url, { method: 'POST', headers: bearer(reader) })).status).toBe(405);
});
