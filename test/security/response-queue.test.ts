/**
 * Services that send more than their response: the rest must never become the response to another user's request.
 * Python's own server, changed to treat HEAD like GET, and a service that responds twice.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { openRaw } from '../support/raw-client.ts';
import { goodToken, startProxy } from '../support/running-proxy.ts';

const running: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of running.splice(0).reverse()) await close();
});

/** States in the body which request it belongs to, and sends a body to HEAD too. */
const program = `
import http.server
class Service(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_GET(self):
        body = self.path.encode()
        self.send_response(304 if 'unchanged' in self.path else 200)
        if 'silent' not in self.path: self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.flush()
        self.wfile.write(b'HTTP/1.1 200 OK\\r\\nContent-Length: 6\\r\\n\\r\\npoison' if 'silent' in self.path else body)
    do_HEAD = do_GET
    def log_message(self, *args): pass
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Service)
print(server.server_address[1], flush=True)
server.serve_forever()
`;

async function startPython(): Promise<string> {
  const python: ChildProcess = spawn('python3', ['-c', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  running.push(() => python.kill('SIGKILL'));
  const [line] = await once(python.stdout!, 'data');
  return `http://127.0.0.1:${String(line).trim()}`;
}

/** Responds to each request, and to `/other` once more, at once or after the given delay. */
async function startAnsweringTwice(afterMs: number | null): Promise<string> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', async (bytes: Buffer) => {
      for (const [, path] of bytes.toString('latin1').matchAll(/^GET (\S+) HTTP/gm)) {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${path!.length}\r\n\r\n${path}`);
        if (path !== '/other') continue;
        if (afterMs !== null) await setTimeout(afterMs);
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison');
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  running.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const python = spawn('python3', ['-c', '']).on('error', () => {});
const [exitCode] = await Promise.race([once(python, 'exit'), once(python, 'error').then(() => [1])]);

const bearer = `Authorization: Bearer ${goodToken}\r\n`;

interface Attack {
  /** Header lines of the attacker; signed in, the attacker shares connections with users. */
  readonly headers?: string;
  /** Pause before each request of the user. */
  readonly pauseMs?: number;
  readonly rounds?: number;
}

/** What users get for their own paths while another client requests something else. */
async function userBodies(
  origin: string,
  attack: string,
  { headers = '', pauseMs = 0, rounds = 60 }: Attack = {},
): Promise<string[]> {
  const proxy = await startProxy({ targets: [origin], access: 'optional' });
  running.push(() => proxy.close());
  const attacker = await openRaw(proxy.port);
  const user = await openRaw(proxy.port);
  running.push(
    () => attacker.destroy(),
    () => user.destroy(),
  );
  const bodies: string[] = [];
  for (let i = 0; i < rounds; i += 1) {
    attacker.write(`${attack} HTTP/1.1\r\nHost: a\r\n${headers}\r\n`);
    await attacker.answer(attack.split(' ')[0]).catch(() => null);
    await setTimeout(pauseMs);
    user.write(`GET /mine/${i} HTTP/1.1\r\nHost: a\r\n${bearer}\r\n`);
    const answer = await user.answer();
    bodies.push(answer.status === 200 ? answer.text() : String(answer.status));
  }
  return bodies;
}

const own = Array.from({ length: 60 }, (_, i) => `/mine/${i}`);

/** Longer than a service has to be silent after a response without a body, before its connection is reused. */
const afterSilenceMs = 80;

describe.skipIf(exitCode !== 0)('a service that sends a body where none is allowed (python3)', () => {
  test.each(['HEAD /other', 'GET /unchanged', 'HEAD /silent'])('%s: users get their own responses', async (attack) => {
    expect(await userBodies(await startPython(), attack)).toEqual(own);
  });

  // Connections are reused after HEAD, unless a body arrives meanwhile.
  test.each(['HEAD /other', 'HEAD /silent'])(
    '%s of a signed-in client: other users get their own responses',
    async (attack) => {
      const shared = { headers: bearer, rounds: 20 };
      for (const pauseMs of [0, afterSilenceMs]) {
        const bodies = await userBodies(await startPython(), attack, { ...shared, pauseMs });
        expect(bodies).toEqual(own.slice(0, 20));
      }
    },
  );
});

test.each([null, 0, 1, 5])(
  'a service that responds twice to an anonymous client, %s ms apart, does not affect users',
  async (ms) => {
    expect(await userBodies(await startAnsweringTwice(ms), 'GET /other')).toEqual(own);
  },
);

test('control: on a connection that is reused at once, the second response goes to the next request', async () => {
  const { hostname, port } = new URL(await startAnsweringTwice(null));
  expect(hostname).toBe('127.0.0.1');
  const shared = await openRaw(Number(port));
  running.push(() => shared.destroy());
  shared.write('GET /other HTTP/1.1\r\nHost: a\r\n\r\n');
  expect((await shared.answer()).text()).toBe('/other');
  shared.write('GET /mine HTTP/1.1\r\nHost: a\r\n\r\n');
  expect((await shared.answer()).text()).toBe('poison');
});
