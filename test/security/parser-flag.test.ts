/**
 * The environment can make Node parse leniently (NODE_OPTIONS, a flag of an image): the gateway is as strict as
 * without, on the client port, on the admin port, and towards services that respond to an upgrade.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ConfigFolder, createConfigFolder } from '../support/config-folder.ts';
import { type MisbehavingServer, startMisbehavingServer } from '../support/misbehaving-server.ts';
import { openRaw } from '../support/raw-client.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';
import { type RunningCommand, runRolegate } from '../support/running-command.ts';

let folder: ConfigFolder;
let command: RunningCommand;
let upstream: RecordingUpstream;
let hostile: MisbehavingServer;
let lenient: Server;
let ports: { clients: number; admin: number };

beforeAll(async () => {
  folder = createConfigFolder();
  upstream = await startRecordingUpstream({});
  // Two framings at once: a lenient parser accepts the response.
  hostile = await startMisbehavingServer({
    kind: 'writes',
    bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nevil\r\n0\r\n\r\n',
  });
  lenient = createServer({ insecureHTTPParser: true }, (_request, response) => response.end('taken'));
  await new Promise<void>((resolve) => lenient.listen(0, '127.0.0.1', resolve));
  const file = folder.write(
    'gateway.yaml',
    `version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
authApi: { url: "http://127.0.0.1:1" }
upstreams: { service: { targets: ["${upstream.origin}"] }, hostile: { targets: ["${hostile.origin}"] } }
routes:
  - { id: all, match: { path: "/**" }, upstream: service, access: public }
  - { id: chat, match: { path: /chat }, upstream: hostile, access: public, websocket: true }
`,
  );
  command = runRolegate(['serve', '--config', file], { NODE_OPTIONS: '--insecure-http-parser' });
  const [, line] = await command.see(/^(\{.*"msg":"started"\})$/m);
  const { listen, admin } = JSON.parse(line!);
  ports = { clients: listen.port, admin: admin.port };
});
afterAll(async () => {
  command.signal('SIGTERM');
  await command.ended;
  await Promise.all([upstream.close(), hostile.close()]);
  lenient.closeAllConnections();
  await new Promise((resolve) => lenient.close(resolve));
  folder.remove();
});

const hidden = 'GET /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n';
const get = 'GET /health/live HTTP/1.1\r\nHost: localhost\r\n';
const post = 'POST /health/live HTTP/1.1\r\nHost: localhost\r\n';
const lax: readonly (readonly [name: string, bytes: string])[] = [
  [
    'a length and chunks',
    `${post}Content-Length: ${hidden.length + 5}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
  ],
  ['a control character in a value', `${get}X-A: a\x01b\r\n\r\n`],
  ['a bare CR in a value', `${get}X-A: a\rTransfer-Encoding: chunked\r\n\r\n`],
  ['a space before the colon', `${get}X-A : b\r\n\r\n`],
];

async function ask(port: number, bytes: string): Promise<[number, string | undefined]> {
  const client = await openRaw(port);
  try {
    client.write(Buffer.from(bytes, 'latin1'));
    const answer = await client.answer();
    return [answer.status, answer.header('x-error')];
  } finally {
    client.destroy();
  }
}

test.each(lax)('clients: %s is refused', async (_, bytes) => {
  const [status, error] = await ask(ports.clients, bytes);
  expect(status).toBe(400);
  expect(error).toMatch(/^(The request is not valid HTTP|A request header is not valid)$/);
  expect(upstream.requests).toHaveLength(0);
});

test.each(lax)('operators: %s is refused', async (_, bytes) => {
  expect(await ask(ports.admin, bytes)).toEqual([400, 'The request is not valid HTTP']);
});

test('services: a lenient response to an upgrade is refused', async () => {
  const handshake =
    'GET /chat HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
  expect(await ask(ports.clients, handshake)).toEqual([502, 'The service returned an invalid response']);
});

test('control: a lenient server accepts some of it', async () => {
  const { port } = lenient.address() as AddressInfo;
  const taken = await Promise.all(lax.map(async ([, bytes]) => (await ask(port, bytes))[0] === 200));
  expect(taken).toContain(true);
});
