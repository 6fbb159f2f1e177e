/**
 * What each end of a WebSocket gets from the other one, and how it learns of the end: byte for byte the same through
 * the gateway as without it. The service sends as freely as the client does, including what no service may send: a
 * tunnel forwards it.
 */
import { randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningGateway, startGateway } from '../../support/running-gateway.ts';
import { closeFrame, frame, opcodes } from './frames.ts';
import { type Play, type RawService, speak, startRawService } from './raw-service.ts';

const { continuation, text, binary, ping, pong, close } = opcodes;
let service: RawService;
let gateway: RunningGateway;

beforeAll(async () => {
  service = await startRawService();
  gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: false }
authApi: { url: "http://127.0.0.1:1" }
upstreams: { service: { targets: ["http://127.0.0.1:${service.port}"] } }
routes:
  - { id: all, match: { path: "/**" }, upstream: service, access: public, websocket: true }
`);
});
afterAll(async () => {
  await gateway.close();
  await service.close();
});

/** What both ends received, without the gateway and with it. */
async function play(what: Play) {
  const seen = async (port: number) => {
    service.play = what;
    const [client, served] = await Promise.all([speak(port, what), service.next()]);
    return { client, service: served };
  };
  return { direct: await seen(service.port), through: await seen(gateway.port) };
}

async function expectSame(what: Play) {
  const { direct, through } = await play(what);
  for (const end of ['client', 'service'] as const) {
    expect([end, through[end].ending]).toEqual([end, direct[end].ending]);
    expect([end, through[end].bytes.length]).toEqual([end, direct[end].bytes.length]);
    expect(through[end].bytes.equals(direct[end].bytes)).toBe(true);
  }
  return through;
}

/** A frame without a mask, as services send them. */
const bare = (opcode: number, payload: string | Buffer = '', fin = true, rsv = 0) =>
  frame(opcode, payload, { masked: false, fin, rsv });

const sizes = [0, 1, 125, 126, 127, 65_535, 65_536, 3 * 1024 * 1024];
const codes = [
  1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015, 3000, 3999, 4000,
  4401, 4999, 0, 999, 2999, 5000,
];
const deflated = deflateRawSync(Buffer.alloc(50_000, 'compressed '));

type Sent = readonly [name: string, frames: readonly Buffer[]];

const ofTheService: readonly Sent[] = [
  ...sizes.map((size): Sent => [`text of ${size}`, [bare(text, 'x'.repeat(size))]]),
  ...sizes.map((size): Sent => [`binary of ${size}`, [bare(binary, randomBytes(size))]]),
  ['an empty ping', [bare(ping)]],
  ['a ping of 125', [bare(ping, 'p'.repeat(125))]],
  ['an unsolicited pong', [bare(pong, 'q')]],
  [
    'fragments with a ping and a pong in between',
    [bare(text, 'a', false), bare(ping, '1'), bare(continuation, 'b', false), bare(pong, '2'), bare(continuation, 'c')],
  ],
  ['empty fragments', [bare(binary, '', false), bare(continuation, '', false), bare(continuation)]],
  ['a compressed message: the bytes are unchanged', [bare(text, deflated, true, 4)]],
  [
    'a compressed message in fragments',
    [bare(text, deflated.subarray(0, 10), false, 4), bare(continuation, deflated.subarray(10))],
  ],
  ...codes.map((code): Sent => [`a close with ${code}`, [closeBare(code, 'why')]]),
  ['a close without a code', [bare(close)]],
  ['a close followed by a message', [closeBare(1000, ''), bare(text, 'late')]],
  ['a frame with a mask, which no service may send', [frame(text, 'masked')]],
  ['an unknown opcode', [bare(3, 'x')]],
  ['reserved bits', [bare(text, 'x', true, 7)]],
  ['a ping beyond 125', [bare(ping, 'x'.repeat(126))]],
  ['half a frame', [bare(binary, 'x'.repeat(200)).subarray(0, 50)]],
  ['half a header', [Buffer.from([0x82])]],
  ['bytes that are not frames', [Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'), Buffer.alloc(300, 0xff)]],
];

const ofTheClient: readonly Sent[] = [
  ...sizes.map((size): Sent => [`binary of ${size}`, [frame(binary, randomBytes(size))]]),
  ['a ping of 125', [frame(ping, 'p'.repeat(125))]],
  [
    'fragments with a ping and a pong in between',
    [
      frame(text, 'a', { fin: false }),
      frame(ping, '1'),
      frame(continuation, 'b', { fin: false }),
      frame(pong, '2'),
      frame(continuation, 'c'),
    ],
  ],
  ['a compressed message: the bytes are unchanged', [frame(text, deflated, { rsv: 4 })]],
  ...codes.map((code): Sent => [`a close with ${code}`, [closeFrame(code, 'why')]]),
  ['a frame without a mask, which no client may send', [bare(text, 'bare')]],
  ['an unknown opcode', [frame(11, 'x')]],
  ['half a frame', [frame(binary, 'x'.repeat(200)).subarray(0, 50)]],
  ['bytes that are not frames', [Buffer.from('GET /next HTTP/1.1\r\nHost: a\r\n\r\n'), Buffer.alloc(300, 0xff)]],
];

function closeBare(code: number, reason: string): Buffer {
  return bare(close, Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]));
}

describe('the client gets', () => {
  test.each(ofTheService)('%s', async (_, frames) => {
    const { client } = await expectSame({ service: frames, client: [], over: { by: 'client', how: 'end' } });
    expect(client.bytes.equals(Buffer.concat(frames))).toBe(true);
  });
});

describe('the service gets', () => {
  test.each(ofTheClient)('%s', async (_, frames) => {
    const { service: served } = await expectSame({ service: [], client: frames, over: { by: 'service', how: 'end' } });
    expect(served.bytes.equals(Buffer.concat(frames))).toBe(true);
  });
});

test('both send at once, several MB in each direction', async () => {
  const frames = Array.from({ length: 40 }, (_, i) => frame(binary, randomBytes(100_000 + i)));
  const unmasked = Array.from({ length: 40 }, (_, i) => bare(binary, randomBytes(100_000 + i)));
  await expectSame({ service: unmasked, client: frames, over: { by: 'client', how: 'end' } });
});

describe('the end', () => {
  const hello = { service: [bare(text, 'hello')], client: [frame(text, 'hello')] };
  const late = Buffer.alloc(2 * 1024 * 1024, 0x82);

  test.each(['client', 'service'] as const)('of only the %s: the other one may send more', async (by) => {
    const through = await expectSame({ ...hello, over: { by, how: 'end' }, late });
    expect(through[by].bytes.subarray(-late.length).equals(late)).toBe(true);
    expect([through.client.ending, through.service.ending]).toEqual(['end', 'end']);
  });

  test.each(['client', 'service'] as const)('of the %s by a reset is a reset for the other one', async (by) => {
    const other = by === 'client' ? 'service' : 'client';
    const through = await expectSame({ ...hello, over: { by, how: 'reset' } });
    expect(through[other].ending).toBe('reset');
  });

  test('control: an end and a reset are distinguished', async () => {
    const { direct } = await play({ ...hello, over: { by: 'client', how: 'end' } });
    expect([direct.client.ending, direct.service.ending]).toEqual(['end', 'end']);
  });
});
