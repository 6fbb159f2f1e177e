/**
 * Services that respond without reading the body of a request: what is left on the connection is their next request, with any identity
 * that the client has written there. A request whose body a service may not expect therefore has a connection of its own.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, test, vi } from 'vitest';
import { closedAfterEach } from '../support/closed-after-each.ts';
import { openRaw } from '../support/raw-client.ts';
import { type RunningProxy, startProxy } from '../support/running-proxy.ts';
import { skipHere } from '../support/skip-here.ts';
import { handshake, switchingProtocols } from '../support/websocket-handshake.ts';

const running = closedAfterEach();
const tries = 20;

interface Deaf {
  readonly origin: string;
  /** `path user-id` of each request that it executed. */
  executed(): readonly string[];
}

/** Its requests are heads; it reads no body. It closes a connection if requested. */
async function startDeaf(): Promise<Deaf> {
  const executed: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let text = '';
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      for (let end = text.indexOf('\r\n\r\n'); end >= 0 && socket.writable; end = text.indexOf('\r\n\r\n')) {
        const head = text.slice(0, end);
        text = text.slice(end + 4);
        const [, method, path] = /^(\S+) (\S+)/.exec(head) ?? [];
        executed.push(`${path} ${/^user-id: (.*)$/im.exec(head)?.[1] ?? 'none'}`);
        const body = method === 'HEAD' ? '' : 'ok';
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
        if (/^connection: close$/im.test(head)) socket.end();
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  running.push({
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, executed: () => executed };
}

/** Python's own server with handlers as in its documentation. It prints its port, and then what it executes. */
const program = `
import http.server
class Service(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_GET(self):
        print(self.path, self.headers.get('user-id', 'none'), flush=True)
        body = b'' if self.command == 'HEAD' else b'ok'
        self.send_response(200)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    do_HEAD = do_DELETE = do_OPTIONS = do_PROPFIND = do_PURGE = do_POST = do_GET
    def log_message(self, *args): pass
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Service)
print(server.server_address[1], flush=True)
server.serve_forever()
`;

async function startPython(): Promise<Deaf> {
  if (spawnSync('python3', ['--version']).status !== 0) skipHere('no python3');
  const python: ChildProcess = spawn('python3', ['-c', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  running.push({ close: async () => void python.kill('SIGKILL') });
  let printed = '';
  python.stdout!.on('data', (text) => {
    printed += text;
  });
  await vi.waitFor(() => expect(printed).toContain('\n'));
  const [port] = printed.split('\n');
  return { origin: `http://127.0.0.1:${port}`, executed: () => printed.trim().split('\n').slice(1) };
}

const hidden = 'GET /admin/secret HTTP/1.1\r\nHost: a\r\nuser-id: boss\r\ngroups: admins\r\n\r\n';
const framings = {
  length: `Content-Length: ${hidden.length}\r\n\r\n${hidden}`,
  chunked: `Transfer-Encoding: chunked\r\n\r\n${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`,
} as const;

/** Sends the hidden request as a body, 20 times, and an ordinary request after each. Returns the statuses. */
async function attack({ port }: RunningProxy, method: string, framing: keyof typeof framings): Promise<number[]> {
  const client = await openRaw(port);
  running.push({ close: async () => client.destroy() });
  const statuses: number[] = [];
  for (let i = 0; i < tries; i += 1) {
    client.write(`${method} /public/${i} HTTP/1.1\r\nHost: a\r\n${framings[framing]}`);
    statuses.push((await client.answer(method)).status);
    client.write('GET /public/next HTTP/1.1\r\nHost: a\r\n\r\n');
    statuses.push((await client.answer()).status);
  }
  return statuses;
}

async function startAttacked(service: Deaf): Promise<{ proxy: RunningProxy; unrequested: string[] }> {
  const unrequested: string[] = [];
  const proxy = await startProxy({
    targets: [service.origin],
    events: {
      upstreamHealth() {},
      upstreamWaited() {},
      unrequestedResponse: (upstream, target) => unrequested.push(`${upstream} ${target}`),
    },
  });
  running.push(proxy);
  return { proxy, unrequested };
}

const services = [
  ['a service that reads no body', startDeaf],
  ['http.server', startPython],
] as const;
const methods = ['GET', 'HEAD', 'DELETE', 'OPTIONS', 'PROPFIND', 'PURGE'] as const;
const rows = services.flatMap(([name, start]) =>
  methods.flatMap((method) =>
    (['length', 'chunked'] as const).map((framing) => [name, method, framing, start] as const),
  ),
);

test.each(rows)('%s, %s with a body (%s): nothing of it is executed', async (_name, method, framing, start) => {
  const service = await start();
  const { proxy, unrequested } = await startAttacked(service);
  expect(new Set(await attack(proxy, method, framing))).toEqual(new Set([200]));
  expect(service.executed().filter((request) => request.includes('/admin'))).toEqual([]);
  expect(service.executed()).toHaveLength(2 * tries);
  expect(unrequested).toEqual([]);
});

test.each(services)('control: %s executes the body of POST, and the gateway notices', async (_name, start) => {
  const service = await start();
  const { proxy, unrequested } = await startAttacked(service);
  await attack(proxy, 'POST', 'length');
  await vi.waitFor(() =>
    expect(service.executed().filter((request) => request === '/admin/secret boss').length).toBeGreaterThan(0),
  );
  await vi.waitFor(() => expect(unrequested).toContain(`service ${service.origin}`));
});

test('such a request needs no place of its own beside WebSockets', async () => {
  const service = createServer((socket) => {
    running.push({ close: async () => void socket.destroy() });
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      const upgrade = bytes.toString('latin1').startsWith('GET /chat');
      socket.write(upgrade ? switchingProtocols : 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
  });
  service.listen(0, '127.0.0.1');
  await once(service, 'listening');
  running.push({ close: async () => void service.close() });
  const { port } = service.address() as AddressInfo;
  const proxy = await startProxy({ targets: [`http://127.0.0.1:${port}`], upstream: { connections: 1 } });
  running.push(proxy);
  for (let opened = 0; opened < 2; opened += 1) {
    const tunnel = await openRaw(proxy.port);
    running.push({ close: async () => tunnel.destroy() });
    tunnel.write(handshake());
    expect((await tunnel.answer()).status).toBe(101);
  }
  expect(new Set(await attack(proxy, 'DELETE', 'length'))).toEqual(new Set([200]));
});
