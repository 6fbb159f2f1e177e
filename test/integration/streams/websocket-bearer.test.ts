/** The bearer of a browser's WebSocket, offered as a subprotocol: read by the gateway, and never forwarded. */
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { closedAfterEach } from '../../support/closed-after-each.ts';
import { sendRaw } from '../../support/raw-client.ts';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { goodToken, type ProxySetup, startProxy } from '../../support/running-proxy.ts';
import { handshake } from '../../support/websocket-handshake.ts';

const running = closedAfterEach();

/** An upstream that accepts every upgrade, and responds with `chosen` as its protocol. */
async function behind(chosen: string | null, setup: Partial<ProxySetup> = {}) {
  const line = chosen === null ? '' : `Sec-WebSocket-Protocol: ${chosen}\r\n`;
  const upstream = await startRecordingUpstream({
    onUpgrade: (_request, socket) =>
      socket.write(
        `HTTP/1.1 101 Fine\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n${line}\r\n`,
      ),
  });
  running.push(upstream);
  const proxy = await startProxy({ targets: [upstream.origin], access: ['user'], ...setup });
  running.push(proxy);
  return { upstream, port: proxy.port };
}

it('opens a WebSocket for a client that offers it, and the service chooses among the rest', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  running.push({ close: () => new Promise((resolve) => server.close(() => resolve())) });
  server.on('connection', (socket, request) =>
    socket.send(`${request.headers['user-id']} ${request.headers['sec-websocket-protocol']}`),
  );
  const { port } = server.address() as { port: number };
  const proxy = await startProxy({ targets: [`http://127.0.0.1:${port}`], access: ['user'] });
  running.push(proxy);
  const client = new WebSocket(`ws://127.0.0.1:${proxy.port}/chat`, ['rolegate.bearer', goodToken, 'app.v1']);
  const [message] = await once(client, 'message');
  expect([String(message), client.protocol]).toEqual(['ann app.v1', 'app.v1']);
  client.close();
});

describe('the service receives', () => {
  it.each([
    ['the rest', `Sec-WebSocket-Protocol: rolegate.bearer, ${goodToken}, app.v1, app.v2`, ['app.v1, app.v2']],
    ['no header without a rest', `Sec-WebSocket-Protocol: rolegate.bearer, ${goodToken}`, []],
    [
      'the rest of several headers',
      `Sec-WebSocket-Protocol: app.v1, rolegate.bearer\r\nSec-WebSocket-Protocol: ${goodToken}, app.v2`,
      ['app.v1, app.v2'],
    ],
  ])('%s', async (_name, offered, left) => {
    const { upstream, port } = await behind(null);
    expect((await sendRaw(port, handshake(offered))).status).toBe(101);
    expect(upstream.last().header('sec-websocket-protocol')).toEqual(left);
    expect(upstream.connections.join('')).not.toContain(goodToken);
  });

  it('nothing of it on a public route either', async () => {
    const { upstream, port } = await behind(null, { access: 'public', route: { forwardCredentials: true } });
    await sendRaw(port, handshake(`Sec-WebSocket-Protocol: rolegate.bearer, ${goodToken}, app.v1`));
    expect(upstream.last().header('sec-websocket-protocol')).toEqual(['app.v1']);
  });

  it('nothing of it in an ordinary request, where it is not a credential', async () => {
    const { upstream, port } = await behind(null, { access: 'public' });
    const plain = `GET /a HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Protocol: rolegate.bearer, ${goodToken}\r\n\r\n`;
    expect((await sendRaw(port, plain)).status).toBe(200);
    expect(upstream.last().header('sec-websocket-protocol')).toEqual([]);
    expect(upstream.connections.join('')).not.toContain(goodToken);
  });
});

describe('refused', () => {
  it.each([
    ['another token', 'Sec-WebSocket-Protocol: rolegate.bearer, bad', 401, 'credential_rejected'],
    ['no token', 'Sec-WebSocket-Protocol: rolegate.bearer', 401, 'credential_malformed'],
    [
      'next to Authorization',
      `Sec-WebSocket-Protocol: rolegate.bearer, ${goodToken}\r\nAuthorization: Bearer ${goodToken}`,
      400,
      'credential_conflict',
    ],
    ['twice', `Sec-WebSocket-Protocol: rolegate.bearer, a, rolegate.bearer, ${goodToken}`, 400, 'credential_repeated'],
  ])('%s', async (_name, headers, status, code) => {
    const { upstream, port } = await behind(null);
    const answer = await sendRaw(port, handshake(headers));
    expect([answer.status, JSON.parse(answer.text()).code]).toEqual([status, code]);
    expect(upstream.connections).toHaveLength(0);
  });

  it('in an ordinary request, where it is not a credential', async () => {
    const { port } = await behind(null);
    const plain = `GET /a HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Protocol: rolegate.bearer, ${goodToken}\r\n\r\n`;
    expect(JSON.parse((await sendRaw(port, plain)).text()).code).toBe('credential_missing');
  });
});

it.each([
  ["the service's choice", 'app.v1', 'app.v1'],
  ['never the marker, even if the service sends it', 'rolegate.bearer', undefined],
])('the client receives %s', async (_name, chosen, told) => {
  const { port } = await behind(chosen);
  const answer = await sendRaw(port, handshake(`Sec-WebSocket-Protocol: rolegate.bearer, ${goodToken}, app.v1`));
  expect([answer.status, answer.header('sec-websocket-protocol')]).toEqual([101, told]);
});

/**
 * Every browser closes a connection whose response selects none of its offered protocols (WHATWG WebSockets section 3).
 */
it('a client that offers only the marker and its bearer gets the marker back', async () => {
  const { port } = await behind(null);
  const answer = await sendRaw(port, handshake(`Sec-WebSocket-Protocol: rolegate.bearer, ${goodToken}`));
  expect([answer.status, answer.header('sec-websocket-protocol')]).toEqual([101, 'rolegate.bearer']);
});
