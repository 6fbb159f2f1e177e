/** Streams end when access ends: WebSockets with a Close frame, event streams and long transfers by an abort. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { Resolution } from '../../../src/core/identity/identity.ts';
import { closedAfterEach } from '../../support/closed-after-each.ts';
import { openRaw } from '../../support/raw-client.ts';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { ann, goodToken, type ProxySetup, type RunningProxy, startProxy } from '../../support/running-proxy.ts';
import { handshake, switchingProtocols } from '../../support/websocket-handshake.ts';

const running = closedAfterEach();

const accepted = (identity: Partial<typeof ann> = {}): Resolution => ({
  identity: { ...ann, ...identity },
  reason: null,
  stale: false,
  source: 'memory',
});
const refused = (reason: 'credential_rejected' | 'auth_unavailable'): Resolution => ({
  identity: null,
  reason,
  retryAfterS: null,
  source: 'auth-api',
});

/** The Auth API's result from now on; changes during a test. */
class Verdict {
  now: Resolution = accepted();
  asked = 0;
  readonly resolve = (): Resolution | Promise<Resolution> => {
    this.asked += 1;
    return this.asked % 2 === 0 ? Promise.resolve(this.now) : this.now;
  };
}

interface Chat {
  readonly proxy: RunningProxy;
  readonly verdict: Verdict;
  readonly client: WebSocket;
  /** The service's end of the tunnel. */
  readonly service: WebSocket;
  /** Code and reason that each end received. */
  readonly ends: Promise<{ client: [number, string]; service: [number, string] }>;
}

/** A real client and a real service with an open WebSocket between them. */
async function chat(setup: Partial<ProxySetup> = {}): Promise<Chat> {
  const verdict = new Verdict();
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  running.push({ close: () => new Promise((resolve) => server.close(() => resolve())) });
  const { port } = server.address() as { port: number };
  const proxy = await startProxy({
    targets: [`http://127.0.0.1:${port}`],
    access: ['user'],
    resolve: verdict.resolve,
    ...setup,
  });
  running.push(proxy);
  const client = new WebSocket(`ws://127.0.0.1:${proxy.port}/chat`, {
    headers: { authorization: `Bearer ${goodToken}` },
  });
  const [[service]] = (await Promise.all([once(server, 'connection'), once(client, 'open')])) as [[WebSocket], unknown];
  const told = async (end: WebSocket): Promise<[number, string]> => {
    const [code, reason] = (await once(end, 'close')) as [number, Buffer];
    return [code, reason.toString()];
  };
  const ends = Promise.all([told(client), told(service)]).then(([one, other]) => ({ client: one, service: other }));
  return { proxy, verdict, client, service, ends };
}

describe('a WebSocket', () => {
  it('ends with its credential, and both ends get the reason', async () => {
    const verdict = accepted({ expireAtMs: Date.now() + 300 });
    const { ends, proxy } = await chat({ resolve: () => verdict });
    expect(await ends).toEqual({
      client: [4401, expect.stringMatching(/^access_expired: /)],
      service: [4401, expect.stringMatching(/^access_expired: /)],
    });
    await vi.waitFor(() => expect(proxy.records).toHaveLength(1));
    expect(proxy.records[0]).toMatchObject({
      status: 101,
      reason: 'access_expired',
      entrypoint: 'upgrade',
      cut: false,
    });
    expect([proxy.wheel.size, proxy.proxy.load().openStreams, proxy.proxy.inFlight]).toEqual([0, 0, 0]);
  });

  it('continues when the credential was extended', async () => {
    const verdict = new Verdict();
    verdict.now = accepted({ expireAtMs: Date.now() + 200 });
    const { client, service, proxy } = await chat({ resolve: verdict.resolve });
    verdict.now = accepted({ expireAtMs: Date.now() + 60_000 });
    await vi.waitFor(() => expect(proxy.proxy.load().rechecks.kept).toBe(1));
    client.send('still here');
    expect(String((await once(service, 'message'))[0])).toBe('still here');
    client.close();
  });

  it.each([
    ['the credential is rejected', refused('credential_rejected'), 'access_revoked'],
    ['a role is missing', accepted({ roles: [] }), 'role_missing'],
    ['the credential is another user\u2019s now', accepted({ userId: 'bob' }), 'access_revoked'],
  ] as const)('ends at the next recheck when %s', async (_name, next, reason) => {
    const { verdict, ends, proxy } = await chat({ route: { recheckMs: 100 } });
    await vi.waitFor(() => expect(proxy.proxy.load().rechecks.kept).toBeGreaterThan(1));
    verdict.now = next;
    expect((await ends).client).toEqual([4401, expect.stringMatching(new RegExp(`^${reason}: `))]);
    await vi.waitFor(() => expect(proxy.records[0]).toMatchObject({ reason }));
    expect(proxy.proxy.load().rechecks.ended).toBe(1);
  });

  it('survives an outage of the Auth API shorter than the bound', async () => {
    const { verdict, client, service, proxy } = await chat({ route: { recheckMs: 50 } });
    verdict.now = refused('auth_unavailable');
    await vi.waitFor(() => expect(proxy.proxy.load().rechecks.unknown).toBe(1));
    client.send('still here');
    expect(String((await once(service, 'message'))[0])).toBe('still here');
    client.close();
  });

  it('does not outlive its credential during an outage', async () => {
    const verdict = new Verdict();
    verdict.now = accepted({ expireAtMs: Date.now() + 200 });
    const { ends } = await chat({ resolve: verdict.resolve });
    verdict.now = refused('auth_unavailable');
    expect((await ends).client[0]).toBe(4401);
  });

  it('causes no look-up without a recheck', async () => {
    const { verdict, client, proxy } = await chat({ route: { recheckMs: 0 } });
    expect(proxy.wheel.size).toBe(0);
    expect(verdict.asked).toBe(1);
    client.close();
  });

  it('ends at once when it is revoked, without a recheck', async () => {
    let revokedAtMs = Number.NEGATIVE_INFINITY;
    const { verdict, ends, proxy } = await chat({
      runtime: (runtime) => ({ ...runtime, mayBeRevoked: (_view, _granted, atMs) => atMs <= revokedAtMs }),
    });
    verdict.now = refused('credential_rejected');
    proxy.proxy.revoked();
    expect(proxy.proxy.load().rechecks.ended).toBe(0);
    revokedAtMs = Date.now();
    proxy.proxy.revoked();
    expect((await ends).client).toEqual([4401, expect.stringMatching(/^access_revoked: /)]);
  });

  it('continues when something else was revoked', async () => {
    let revokedAtMs = Number.NEGATIVE_INFINITY;
    const { client, proxy } = await chat({
      runtime: (runtime) => ({ ...runtime, mayBeRevoked: (_view, _granted, atMs) => atMs <= revokedAtMs }),
    });
    revokedAtMs = Date.now();
    proxy.proxy.revoked();
    await vi.waitFor(() => expect(proxy.proxy.load().rechecks.kept).toBe(1));
    expect(client.readyState).toBe(WebSocket.OPEN);
    client.close();
  });

  it('is closed between two frames, never within one', async () => {
    const big = Buffer.alloc(4_000_000, 5);
    const { service, client, ends, verdict } = await chat({ route: { recheckMs: 100 } });
    const received: Buffer[] = [];
    client.on('message', (data) => received.push(data as Buffer));
    verdict.now = refused('credential_rejected');
    // Frames are in transfer all the time until the end.
    const sending = setInterval(() => service.readyState === WebSocket.OPEN && service.send(big), 1);
    try {
      expect((await ends).client).toEqual([4401, expect.stringMatching(/^access_revoked: /)]);
    } finally {
      clearInterval(sending);
    }
    for (const message of received) expect(message.equals(big)).toBe(true);
  });

  it('is aborted after a while if it stalls within a frame', async () => {
    const upstream = await startRecordingUpstream({
      onUpgrade: (_request, socket) => {
        socket.write(switchingProtocols, 'latin1');
        // A frame of 100 bytes, of which ten arrive.
        socket.write(Buffer.concat([Buffer.from([0x82, 100]), Buffer.alloc(10)]));
      },
    });
    running.push(upstream);
    const verdict = accepted({ expireAtMs: Date.now() + 500 });
    const proxy = await startProxy({ targets: [upstream.origin], access: ['user'], resolve: () => verdict });
    running.push(proxy);
    const client = await openRaw(proxy.port);
    client.write(handshake('Authorization: Bearer x'));
    expect((await client.answer()).status).toBe(101);
    await client.closed();
    expect(client.unread()).toHaveLength(12);
    await vi.waitFor(() => expect(proxy.records[0]).toMatchObject({ reason: 'access_expired' }));
  });
});

describe('an ongoing response', () => {
  /** A client that reads an endless response: an event every 20 ms. */
  async function events(setup: Partial<ProxySetup>): Promise<{ proxy: RunningProxy; client: Socket; text(): string }> {
    const upstream = await startRecordingUpstream({
      answer: (_request, { response }) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        const timer = setInterval(() => response.write('data: x\n\n'), 20);
        response.on('close', () => clearInterval(timer));
        return undefined;
      },
    });
    running.push(upstream);
    const proxy = await startProxy({ targets: [upstream.origin], access: ['user'], ...setup });
    running.push(proxy);
    const client = connect(proxy.port, '127.0.0.1');
    client.on('error', () => {});
    let text = '';
    client.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    client.write('GET /events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\n\r\n');
    await vi.waitFor(() => expect(text).toContain('data: x'));
    return { proxy, client, text: () => text };
  }

  it('is aborted when the credential expires, so it does not look complete', async () => {
    const verdict = accepted({ expireAtMs: Date.now() + 1_200 });
    const { proxy, client, text } = await events({ resolve: () => verdict });
    await once(client, 'close');
    expect(text()).not.toContain('\r\n0\r\n');
    await vi.waitFor(() =>
      expect(proxy.records[0]).toMatchObject({ status: 200, reason: 'access_expired', cut: true }),
    );
    expect([proxy.wheel.size, proxy.proxy.load().openStreams]).toEqual([0, 0]);
  });

  it('is aborted at a recheck', async () => {
    const verdict = new Verdict();
    const { proxy, client } = await events({ resolve: verdict.resolve, route: { recheckMs: 100 } });
    await vi.waitFor(() => expect(proxy.proxy.load().rechecks.kept).toBeGreaterThan(0), 5_000);
    verdict.now = accepted({ roles: [] });
    await once(client, 'close');
    await vi.waitFor(() => expect(proxy.records[0]).toMatchObject({ reason: 'role_missing', cut: true }));
  });

  it('is aborted when it is revoked, also in its first second', async () => {
    let revokedAtMs = Number.NEGATIVE_INFINITY;
    const verdict = new Verdict();
    const { proxy, client } = await events({
      resolve: verdict.resolve,
      runtime: (runtime) => ({ ...runtime, mayBeRevoked: (_view, _granted, atMs) => atMs <= revokedAtMs }),
    });
    verdict.now = refused('credential_rejected');
    revokedAtMs = Date.now();
    proxy.proxy.revoked();
    await once(client, 'close');
    await vi.waitFor(() => expect(proxy.records[0]).toMatchObject({ reason: 'access_revoked' }));
  });

  it('to an anonymous client continues for as long as the route allows it', async () => {
    const { proxy, client } = await events({ access: 'public', route: { recheckMs: 50 } });
    await vi.waitFor(() => expect(proxy.proxy.load().rechecks.kept).toBeGreaterThan(1), 5_000);
    client.destroy();
    await vi.waitFor(() => expect(proxy.records[0]).toMatchObject({ reason: null, aborted: true }));
  });
});

it('a request without a response yet is refused when its access ends', async () => {
  const upstream = await startRecordingUpstream({ answer: () => undefined });
  running.push(upstream);
  const verdict = accepted({ expireAtMs: Date.now() + 1_200 });
  const proxy = await startProxy({ targets: [upstream.origin], access: ['user'], resolve: () => verdict });
  running.push(proxy);
  const client = await openRaw(proxy.port);
  client.write('GET /poll HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\n\r\n');
  const answer = await client.answer();
  expect([answer.status, JSON.parse(answer.text()).code]).toEqual([401, 'access_expired']);
  expect(answer.header('www-authenticate')).toContain('invalid_token');
  client.destroy();
});
