/** A whole gateway: a revocation ends the open streams concerned, and no others. */
import { once } from 'node:events';
import { afterEach, expect, it, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { type FakeAuthApi, startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { type RunningGateway, startGateway } from '../../support/running-gateway.ts';
import { nowS, startTokenIssuer } from '../../support/token-issuer.ts';

const running: { close(): Promise<void> | void }[] = [];
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.close();
});

const adminToken = 'a'.repeat(40);
const session = (n: number) => `11111111-2222-4333-8444-${String(n).padStart(12, '0')}`;

async function start(): Promise<{ gateway: RunningGateway; authApi: FakeAuthApi }> {
  const authApi = await startFakeAuthApi();
  const service = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(service, 'listening');
  const { port } = service.address() as { port: number };
  const gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0", adminToken: "${adminToken}" }
authApi: { url: "http://127.0.0.1:${authApi.port}" }
roles: { user: {} }
upstreams: { chat: { targets: ["http://127.0.0.1:${port}"] } }
routes: [{ id: chat, match: { path: /chat }, upstream: chat, access: [user], websocket: true }]
`);
  running.push(authApi, { close: () => void service.close() }, gateway);
  for (const n of [1, 2]) {
    authApi.addSession(`bearer-${n}`, { userId: `user-${n}`, roles: ['user'], sessionId: session(n) });
  }
  return { gateway, authApi };
}

async function connect(gateway: RunningGateway, bearer: string): Promise<WebSocket> {
  const client = new WebSocket(`${gateway.origin.replace('http', 'ws')}/chat`, {
    headers: { authorization: `Bearer ${bearer}` },
  });
  await once(client, 'open');
  return client;
}

async function metricsOf(gateway: RunningGateway): Promise<string> {
  const answer = await fetch(`${gateway.admin}/metrics`, { headers: { authorization: `Bearer ${adminToken}` } });
  return answer.text();
}

async function revoke(gateway: RunningGateway, what: object): Promise<void> {
  const answer = await fetch(`${gateway.admin}/revocations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    body: JSON.stringify(what),
  });
  expect(answer.status).toBe(202);
}

it.each([
  ['by the id of its session', { sessionID: session(1) }],
  ['by its user', { userID: 'user-1' }],
  ['by its bearer', { bearer: 'bearer-1' }],
])('a WebSocket ends when it is revoked %s', async (_name, what) => {
  const { gateway, authApi } = await start();
  const [one, other] = [await connect(gateway, 'bearer-1'), await connect(gateway, 'bearer-2')];
  authApi.remove('bearer-1');
  const ended = once(one, 'close');
  await revoke(gateway, what);
  const [code, reason] = await ended;
  expect([code, String(reason)]).toEqual([4401, expect.stringMatching(/^access_revoked: /)]);
  expect(other.readyState).toBe(WebSocket.OPEN);
  await vi.waitFor(async () => {
    const metrics = await metricsOf(gateway);
    expect(metrics).toContain('rolegate_stream_rechecks_total{outcome="ended"} 1');
    expect(metrics).toContain('rolegate_refusals_total{route="chat",reason="access_revoked"} 1');
    expect(metrics).toContain('rolegate_streams_open 1');
  });
  other.close();
});

it('a valid session continues, although its verdicts were revoked', async () => {
  const { gateway, authApi } = await start();
  const client = await connect(gateway, 'bearer-1');
  const { session: before } = authApi.calls;
  await revoke(gateway, { sessionID: session(1) });
  await vi.waitFor(() => expect(authApi.calls.session).toBe(before + 1));
  await vi.waitFor(async () =>
    expect(await metricsOf(gateway)).toContain('rolegate_stream_rechecks_total{outcome="kept"} 1'),
  );
  expect(client.readyState).toBe(WebSocket.OPEN);
  client.close();
});

it('a stream from before a reload that swaps the names of two sources ends when its session is revoked by the new name', async () => {
  const [ours, others] = [await startTokenIssuer(), await startTokenIssuer()];
  const service = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(service, 'listening');
  const { port } = service.address() as { port: number };
  const textOf = (a: string, b: string) => `version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0", adminToken: "${adminToken}" }
sources:
  a: { kind: jwt, issuer: "${a}", audience: [orders] }
  b: { kind: jwt, issuer: "${b}", audience: [orders] }
cache: { secret: "${'s'.repeat(40)}" }
identityHeaders: { user-id: userId, user-source: source }
upstreams: { chat: { targets: ["http://127.0.0.1:${port}"] } }
routes: [{ id: chat, match: { path: /chat }, upstream: chat, access: authenticated, websocket: true }]
`;
  const gateway = await startGateway(textOf(ours.issuer, others.issuer));
  running.push(ours, others, { close: () => void service.close() }, gateway);
  const client = await connect(gateway, await ours.token({ iat: nowS() - 60 }));
  const other = await connect(gateway, await others.token({ iat: nowS() - 60 }));
  gateway.apply(textOf(others.issuer, ours.issuer));
  const ended = once(client, 'close');
  await revoke(gateway, { sessionID: 'session-1', source: 'b' });
  expect((await ended)[0]).toBe(4401);
  await vi.waitFor(async () =>
    expect(await metricsOf(gateway)).toContain('rolegate_stream_rechecks_total{outcome="kept"} 1'),
  );
  expect(other.readyState).toBe(WebSocket.OPEN);
  other.close();
});
