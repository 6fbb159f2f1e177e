/**
 * The gateway's Close frame goes between two frames, wherever the current frame was split when access ended, and
 * however its rest arrives: neither end ever reads it as payload, or payload as a Close frame.
 */
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import type { Resolution } from '../../../src/core/identity/identity.ts';
import { FrameTracker } from '../../../src/proxy/websocket/frame-tracker.ts';
import { closeFrame, frame, opcodes } from '../../conformance/websocket/frames.ts';
import { closedAfterEach } from '../../support/closed-after-each.ts';
import { openRaw, type RawConnection } from '../../support/raw-client.ts';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { ann, startProxy } from '../../support/running-proxy.ts';
import { handshake, switchingProtocols } from '../../support/websocket-handshake.ts';

const running = closedAfterEach();

interface OpenTunnel {
  readonly client: RawConnection;
  readonly service: Duplex;
  /** What the service has received. */
  heard(): Buffer;
  /** Ends the access that opened the tunnel, and resolves when the gateway knows. */
  endAccess(): Promise<void>;
}

async function openTunnel(): Promise<OpenTunnel> {
  let service: Duplex | null = null;
  const heard: Buffer[] = [];
  const upstream = await startRecordingUpstream({
    onUpgrade: (_request, socket) => {
      service = socket;
      socket.on('data', (chunk: Buffer) => heard.push(chunk));
      socket.write(switchingProtocols, 'latin1');
    },
  });
  running.push(upstream);
  let verdict: Resolution = { identity: ann, reason: null, stale: false, source: 'memory' };
  let revokedAtMs = Number.NEGATIVE_INFINITY;
  const proxy = await startProxy({
    targets: [upstream.origin],
    access: ['user'],
    resolve: () => verdict,
    runtime: (runtime) => ({ ...runtime, mayBeRevoked: (_view, _granted, atMs) => atMs <= revokedAtMs }),
  });
  running.push(proxy);
  const client = await openRaw(proxy.port);
  // The gateway sends its last frame while the client may still be within a frame.
  client.socket.allowHalfOpen = true;
  client.write(handshake('Authorization: Bearer x'));
  expect((await client.answer()).status).toBe(101);
  return {
    client,
    service: service!,
    heard: () => Buffer.concat(heard),
    async endAccess() {
      verdict = { identity: null, reason: 'credential_rejected', retryAfterS: null, source: 'auth-api' };
      revokedAtMs = Date.now();
      proxy.proxy.revoked();
      await vi.waitFor(() => expect(proxy.proxy.load().rechecks.ended).toBe(1));
    },
  };
}

/** The code of the Close frame that these bytes consist of; null: anything else. */
function codeOf(bytes: Buffer): number | null {
  const frames = new FrameTracker();
  if (bytes[0] !== 0x88 || bytes.length < 4 || frames.finish(bytes) !== 0) return null;
  frames.pass(bytes.subarray(0, 1));
  if (frames.finish(bytes.subarray(1)) !== bytes.length - 1) return null;
  const masked = ((bytes[1] ?? 0) & 0x80) !== 0;
  const at = masked ? 6 : 2;
  const key = masked ? bytes.subarray(2, 6) : Buffer.alloc(4);
  return (((bytes[at] ?? 0) ^ (key[0] ?? 0)) << 8) | ((bytes[at + 1] ?? 0) ^ (key[1] ?? 0));
}

/** The gateway sends nothing more. */
async function ended({ socket }: RawConnection): Promise<void> {
  if (!socket.readableEnded) await once(socket, 'end');
  socket.destroy();
}

/** A payload that looks like frames. */
const payload = (size: number) => Buffer.alloc(size, Buffer.from([0x88, 0x02, 0x03, 0xe8]));

const cuts: readonly (readonly [name: string, size: number, cut: number])[] = [
  ['after its first byte', 60, 1],
  ['within its 16-bit length', 300, 3],
  ['within its 64-bit length', 70_000, 7],
  ['before its payload', 60, 2],
  ['within its payload', 60, 20],
  ['within a large payload', 70_000, 40_000],
  ['before its last byte', 300, -1],
];

const next = 'the next frame, which comes with the rest of this one';

describe.each(cuts)('a frame that is split %s', (_name, size, cut) => {
  it('by the service: the client gets all of it, and then the Close frame', async () => {
    const { client, service, endAccess } = await openTunnel();
    const whole = frame(opcodes.binary, payload(size), { masked: false });
    const at = cut < 0 ? whole.length + cut : cut;
    service.write(whole.subarray(0, at));
    await vi.waitFor(() => expect(client.unread()).toHaveLength(at));
    await endAccess();
    expect(client.unread()).toHaveLength(at);
    const more = frame(opcodes.text, next, { masked: false });
    service.write(Buffer.concat([whole.subarray(at), more, more.subarray(0, 7)]));
    await ended(client);
    const got = client.unread();
    expect(got.subarray(0, whole.length).equals(whole)).toBe(true);
    expect(codeOf(got.subarray(whole.length))).toBe(4401);
  });

  it('by the client: the service gets all of it, and then the Close frame', async () => {
    const { client, heard, endAccess } = await openTunnel();
    const whole = frame(opcodes.binary, payload(size));
    const at = cut < 0 ? whole.length + cut : cut;
    client.write(whole.subarray(0, at));
    await vi.waitFor(() => expect(heard()).toHaveLength(at));
    await endAccess();
    expect(heard()).toHaveLength(at);
    const more = frame(opcodes.text, next);
    client.write(Buffer.concat([whole.subarray(at), more, more.subarray(0, 7)]));
    await vi.waitFor(() => expect(heard().length).toBeGreaterThan(whole.length));
    await vi.waitFor(() => expect(codeOf(heard().subarray(whole.length))).toBe(4401));
    expect(heard().subarray(0, whole.length).equals(whole)).toBe(true);
    client.destroy();
  });
});

it('a frame whose rest arrives byte by byte is complete before the Close frame', async () => {
  const { client, service, endAccess } = await openTunnel();
  const whole = frame(opcodes.text, 'letter by letter', { masked: false });
  service.write(whole.subarray(0, 3));
  await vi.waitFor(() => expect(client.unread()).toHaveLength(3));
  await endAccess();
  for (const [index, byte] of whole.subarray(3).entries()) {
    service.write(Buffer.from([byte]));
    await vi.waitFor(() => expect(client.unread().length).toBeGreaterThanOrEqual(4 + index), { interval: 1 });
  }
  await ended(client);
  expect(client.unread().subarray(0, whole.length).equals(whole)).toBe(true);
  expect(codeOf(client.unread().subarray(whole.length))).toBe(4401);
});

it('between two fragments of a message, it is like any control frame', async () => {
  const { client, service, endAccess } = await openTunnel();
  const first = frame(opcodes.text, 'the first part', { masked: false, fin: false });
  service.write(first);
  await vi.waitFor(() => expect(client.unread()).toHaveLength(first.length));
  await endAccess();
  await ended(client);
  expect(codeOf(client.unread().subarray(first.length))).toBe(4401);
});

it.each([
  ['whole', 0],
  ['cut', 5],
])('after a Close frame from the service, %s, there is no second one', async (_name, missing) => {
  const { client, service, endAccess } = await openTunnel();
  const said = closeFrame(1000, 'goodbye');
  const bare = frame(opcodes.close, Buffer.from([3, 232, ...Buffer.from('goodbye')]), { masked: false });
  expect(bare.length).toBe(said.length - 4);
  service.write(bare.subarray(0, bare.length - missing));
  await vi.waitFor(() => expect(client.unread()).toHaveLength(bare.length - missing));
  await endAccess();
  if (missing > 0) service.write(bare.subarray(bare.length - missing));
  await ended(client);
  expect(client.unread().equals(bare)).toBe(true);
});
