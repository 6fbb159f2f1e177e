/**
 * Long transfers end with the access that started them, in either direction, and neither end takes a part for the
 * whole.
 */
import { connect, type Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import type { Resolution } from '../../../src/core/identity/identity.ts';
import { closedAfterEach } from '../../support/closed-after-each.ts';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { ann, type RunningProxy, startProxy } from '../../support/running-proxy.ts';

const running = closedAfterEach();

/** An access that can be ended, and with it whatever is open. */
class Access {
  verdict: Resolution = { identity: ann, reason: null, stale: false, source: 'memory' };
  #revokedAtMs = Number.NEGATIVE_INFINITY;

  async proxy(target: string): Promise<RunningProxy> {
    const proxy = await startProxy({
      targets: [target],
      access: ['user'],
      resolve: () => this.verdict,
      runtime: (runtime) => ({ ...runtime, mayBeRevoked: (_view, _granted, atMs) => atMs <= this.#revokedAtMs }),
    });
    running.push(proxy);
    return proxy;
  }

  end(proxy: RunningProxy): void {
    this.verdict = { identity: null, reason: 'credential_rejected', retryAfterS: null, source: 'auth-api' };
    this.#revokedAtMs = Date.now();
    proxy.proxy.revoked();
  }
}

interface Reader {
  readonly socket: Socket;
  text(): string;
  /** How the connection ended. */
  readonly over: Promise<'end' | 'reset'>;
}

function open(port: number): Reader {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  let reset = false;
  socket.on('error', () => {
    reset = true;
  });
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  const over = new Promise<'end' | 'reset'>((resolve) => socket.once('close', () => resolve(reset ? 'reset' : 'end')));
  return { socket, text: () => text, over };
}

const part = Buffer.alloc(1_000, 'x');

describe.each([
  ['with a declared length', { 'content-length': '100000000' }, '1.1'],
  ['with chunks', {}, '1.1'],
  ['of a declared length, to HTTP/1.0', { 'content-length': '100000000' }, '1.0'],
  ['without a length, to HTTP/1.0', {}, '1.0'],
] as const)('a download %s', (_name, headers, version) => {
  it('is aborted when access is revoked, and does not look complete', async () => {
    const upstream = await startRecordingUpstream({
      answer: (_request, { response }) => {
        response.writeHead(200, headers);
        const timer = setInterval(() => response.write(part), 5);
        response.on('close', () => clearInterval(timer));
        return undefined;
      },
    });
    running.push(upstream);
    const access = new Access();
    const proxy = await access.proxy(upstream.origin);
    const client = open(proxy.port);
    client.socket.write(`GET /big HTTP/${version}\r\nHost: a\r\nAuthorization: Bearer x\r\n\r\n`);
    await vi.waitFor(() => expect(proxy.proxy.load().openStreams).toBe(1));
    access.end(proxy);
    const how = await client.over;
    // Without a length, a normal end of the connection would look complete: only a reset shows the abort.
    if (version === '1.0' && !('content-length' in headers)) expect(how).toBe('reset');
    expect(client.text()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(client.text().length).toBeLessThan(100_000_000);
    expect(client.text()).not.toMatch(/\r\n0\r\n\r\n$/);
    await vi.waitFor(() =>
      expect(proxy.records).toMatchObject([{ status: 200, reason: 'access_revoked', cut: true, aborted: false }]),
    );
    await vi.waitFor(() => expect(upstream.last().aborted).toBe(true));
    // The bound on checks after a revocation has a deadline of its own, which ends with the next tick.
    await vi.waitFor(() => expect([proxy.wheel.size, proxy.proxy.load().openStreams]).toEqual([0, 0]));
  });
});

describe.each([
  ['of a declared length', 'Content-Length: 100000000', (bytes: string) => bytes],
  ['in chunks', 'Transfer-Encoding: chunked', (bytes: string) => `${bytes.length.toString(16)}\r\n${bytes}\r\n`],
] as const)('an upload %s', (_name, framing, framed) => {
  it('is refused when access is revoked, and does not look complete to the service', async () => {
    const upstream = await startRecordingUpstream({ answer: () => ({ body: 'stored' }) });
    running.push(upstream);
    const access = new Access();
    const proxy = await access.proxy(upstream.origin);
    const client = open(proxy.port);
    client.socket.write(`PUT /big HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\n${framing}\r\n\r\n`);
    // More than the first part, which is buffered before the service is called.
    client.socket.write(framed('y'.repeat(100_000)));
    const timer = setInterval(() => client.socket.write(framed('y'.repeat(1_000))), 5);
    try {
      await vi.waitFor(() => expect(proxy.proxy.load().openStreams).toBe(1));
      access.end(proxy);
      await vi.waitFor(() => expect(client.text()).toContain('access_revoked'));
      await client.over;
    } finally {
      clearInterval(timer);
    }
    expect(client.text()).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n/);
    expect(client.text().split('HTTP/1.1 ')).toHaveLength(2);
    await vi.waitFor(() => expect(upstream.last()).toMatchObject({ complete: false, aborted: true }));
    await vi.waitFor(() => expect(proxy.records).toMatchObject([{ status: 401, reason: 'access_revoked' }]));
  });
});
