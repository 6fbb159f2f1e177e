/**
 * An Auth API as a separate process, controlled by a test over the channel to its parent. A call is judged when it
 * arrives and gets its response later: after a revocation in between it still returns the earlier result, like a slow
 * Auth API.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Call, FromProcess, KnownCredential, Mood, Order, ToProcess } from './steered-auth-api-protocol.ts';

const expireAt = Math.floor(Date.now() / 1000) + 86_400;
const known = new Map<string, KnownCredential>();
let calls: Call[] = [];
let mood: Mood = 'fine';
let latencyMs = 0;

const server = createServer((request, response) => {
  const credential = credentialOf(request);
  calls.push({ credential, atMs: performance.timeOrigin + performance.now() });
  const judged = known.get(credential);
  const answer = () =>
    mood === 'garbage' || mood === 'error' ? sayNonsense(response) : say(request, response, judged);
  if (latencyMs === 0) answer();
  else setTimeout(answer, latencyMs);
});
server.keepAliveTimeout = 60_000;
let port = Number(process.argv[2] ?? 0);
server.listen(port, '127.0.0.1', () => {
  port = (server.address() as AddressInfo).port;
  report({ port });
});

process.on('message', ({ serial, ...order }: ToProcess) => {
  obey(order).then(
    (found) => report({ serial, ...(found === null ? {} : { calls: found }) }),
    (error: unknown) => report({ serial, error: String(error) }),
  );
});
process.on('disconnect', () => process.exit());

function report(message: FromProcess): void {
  process.send?.(message);
}

async function obey(order: Order): Promise<readonly Call[] | null> {
  switch (order.op) {
    case 'allow':
      for (const one of order.known) known.set(one.credential, one);
      return null;
    case 'forget':
      for (const credential of order.credentials) known.delete(credential);
      return null;
    case 'behave':
      latencyMs = order.latencyMs;
      mood = order.mood;
      await (mood === 'cut' ? leave() : comeBack());
      return null;
    case 'calls':
      return calls;
    case 'resetCalls':
      calls = [];
      return null;
  }
}

async function leave(): Promise<void> {
  if (!server.listening) return;
  server.close();
  server.closeAllConnections();
}

async function comeBack(): Promise<void> {
  if (server.listening) return;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function credentialOf(request: IncomingMessage): string {
  const { headers } = request;
  if (request.url?.endsWith('/session') === true) return (headers.authorization ?? '').replace(/^bearer /i, '');
  return `${headers['api-key']}:${headers['api-secret']}`;
}

function say(request: IncomingMessage, response: ServerResponse, judged: KnownCredential | undefined): void {
  if (judged === undefined) {
    response.setHeader('x-error', 'credentials are not valid');
    response.setHeader('x-error-id', '00000000-0000-4000-8000-000000000000');
    send(response, 401, '{"error":"credentials are not valid"}');
    return;
  }
  const { userId, id, roles, credential } = judged;
  const both = { userID: userId, expireAt, verified: true, roles, groups: ['public'] };
  const own =
    request.url?.endsWith('/session') === true
      ? { sessionID: id, alias: 'ana', fullName: 'Ana Example', ip: '203.0.113.7', userAgent: 'client/1.0' }
      : { apiKey: credential.split(':')[0], keyID: id, keyName: 'Example', userName: 'Ana Example', userAlias: 'ana' };
  send(response, 200, JSON.stringify({ ...both, ...own }));
}

function sayNonsense(response: ServerResponse): void {
  if (mood === 'error') send(response, 500, '{"error":"internal"}');
  else send(response, 200, '{"userID":"66666666-7777-4888-9999-aaaaaaaaaaaa","verified":tr');
}

function send(response: ServerResponse, status: number, body: string): void {
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
    .end(body);
}
