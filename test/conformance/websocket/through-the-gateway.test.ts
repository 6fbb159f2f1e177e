/**
 * The basics of WebSocket (RFC 6455), in the order of the Autobahn test suite: whatever a client sends, valid or not,
 * it gets through the gateway byte for byte what it gets from the service directly.
 */
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { type RunningGateway, startGateway } from '../../support/running-gateway.ts';
import { closeFrame, converse, type FrameOptions, frame, opcodes } from './frames.ts';

const { continuation, text, binary, ping, pong } = opcodes;
let service: WebSocketServer;
let gateway: RunningGateway;
let direct: number;

beforeAll(async () => {
  service = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    maxPayload: 64 * 1024 * 1024,
    perMessageDeflate: { threshold: 0 },
    handleProtocols: (protocols) => (protocols.has('chat') ? 'chat' : false),
  });
  await once(service, 'listening');
  service.on('connection', (socket) => {
    socket.on('error', () => {});
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  const address = service.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  direct = address.port;
  gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: false }
authApi: { url: "http://127.0.0.1:1" }
upstreams: { service: { targets: ["http://127.0.0.1:${direct}"] } }
routes:
  - { id: all, match: { path: "/**" }, upstream: service, access: public, websocket: true }
`);
});
afterAll(async () => {
  await gateway.close();
  for (const client of service.clients) client.terminate();
  await new Promise<void>((resolve) => service.close(() => resolve()));
});

type Options = Parameters<typeof converse>[2];

/** The same conversation with and without the gateway. */
async function expectEqual(parts: readonly Buffer[], options: Options = {}) {
  const expected = await converse(direct, parts, options);
  const seen = await converse(gateway.port, parts, options);
  expect(expected.status).toBe(101);
  expect([seen.status, seen.negotiated, seen.closed]).toEqual([expected.status, expected.negotiated, expected.closed]);
  expect(seen.bytes.length).toBe(expected.bytes.length);
  expect(seen.bytes.equals(expected.bytes)).toBe(true);
  return seen;
}

const done = closeFrame(1000);
type Case = readonly [name: string, parts: readonly Buffer[]];

/** The service closes every one of these conversations: with the code that it received, or with its own. */
function suite(name: string, cases: readonly Case[]) {
  describe(name, () => {
    test.each(cases)('%s', async (_, parts) => {
      const seen = await expectEqual(parts);
      expect(seen.closed).toBe(true);
      expect(seen.bytes.length).toBeGreaterThan(0);
    });
  });
}

const sizes = [0, 1, 125, 126, 127, 128, 65_535, 65_536];
suite('1: messages', [
  ...sizes.map((size): Case => [`text of ${size}`, [frame(text, '*'.repeat(size)), done]]),
  ...sizes.map((size): Case => [`binary of ${size}`, [frame(binary, Buffer.alloc(size, 0xfe)), done]]),
  ['text that arrives byte by byte', [...Array.from(frame(text, 'hello'), (byte) => Buffer.from([byte])), done]],
  ['text with a length encoding longer than necessary', [Buffer.from([0x81, 0xfe, 0, 1, 0, 0, 0, 0, 0x61]), done]],
  ['a hundred at once', [Buffer.concat(Array.from({ length: 100 }, (_, i) => frame(text, `message ${i}`))), done]],
]);

suite('2: pings and pongs', [
  ['empty ping', [frame(ping), done]],
  ['ping with text', [frame(ping, 'hello'), done]],
  ['ping with bytes', [frame(ping, Buffer.from([0, 255, 254, 253, 0])), done]],
  ['ping of 125', [frame(ping, 'x'.repeat(125)), done]],
  ['ping of 126', [frame(ping, 'x'.repeat(126)), done]],
  ['an unsolicited pong', [frame(pong, 'hello'), frame(ping, 'x'), done]],
  ['ten pings', [...Array.from({ length: 10 }, (_, i) => frame(ping, `${i}`)), done]],
]);

suite('3: reserved bits', [
  ...[1, 2, 3, 4, 5, 6, 7].map(
    (rsv): Case => [`rsv ${rsv}`, [frame(text, 'a'), frame(text, 'b', { rsv }), frame(ping)]],
  ),
]);

suite('4: reserved opcodes', [
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map(
    (opcode): Case => [`opcode ${opcode}`, [frame(text, 'a'), frame(opcode, 'b'), frame(ping)]],
  ),
]);

const part: FrameOptions = { fin: false };
suite('5: fragments', [
  ['two', [frame(text, 'frag', part), frame(continuation, 'ment'), done]],
  ['two of bytes', [frame(binary, 'frag', part), frame(continuation, 'ment'), done]],
  [
    'a hundred',
    [
      frame(text, 'a', part),
      ...Array.from({ length: 98 }, () => frame(continuation, 'b', part)),
      frame(continuation, 'c'),
      done,
    ],
  ],
  ['empty fragments', [frame(text, '', part), frame(continuation, '', part), frame(continuation, ''), done]],
  ['a ping in between', [frame(text, 'frag', part), frame(ping, 'p'), frame(continuation, 'ment'), done]],
  [
    'ten pings in between',
    [frame(text, 'a', part), ...Array.from({ length: 10 }, () => frame(ping, 'p')), frame(continuation, 'b'), done],
  ],
  ['a fragmented ping', [frame(ping, 'a', part), frame(continuation, 'b')]],
  ['a fragmented pong', [frame(pong, 'a', part), frame(continuation, 'b')]],
  ['a continuation without a message', [frame(continuation, 'a'), frame(text, 'b')]],
  ['an unfinished continuation without a message', [frame(continuation, 'a', part), frame(text, 'b')]],
  ['a message within a message', [frame(text, 'a', part), frame(text, 'b')]],
  ['a close in between', [frame(text, 'a', part), done]],
]);

suite('6: UTF-8', [
  ['letters beyond ASCII', [frame(text, 'Hellö κόσμε 😀'), done]],
  [
    'a letter in two fragments',
    [frame(text, Buffer.from([0xce]), part), frame(continuation, Buffer.from([0xba])), done],
  ],
  ['an invalid byte', [frame(text, Buffer.from([0x61, 0xff])), done]],
  ['an overlong sequence', [frame(text, Buffer.from([0xc0, 0xaf])), done]],
  ['a surrogate', [frame(text, Buffer.from([0xed, 0xa0, 0x80])), done]],
  ['a truncated sequence', [frame(text, Buffer.from([0xce])), done]],
  ['an invalid byte in the second fragment', [frame(text, 'a', part), frame(continuation, Buffer.from([0xff])), done]],
]);

suite('7: close', [
  ['without a code', [closeFrame()]],
  ['with a reason', [closeFrame(1000, 'all is well')]],
  ['with the longest reason', [closeFrame(1000, 'x'.repeat(123))]],
  ['with a reason that is too long', [closeFrame(1000, 'x'.repeat(124))]],
  ['with a reason that is not UTF-8', [closeFrame(1000, Buffer.from([0xff]))]],
  ['with half a code', [frame(opcodes.close, Buffer.from([3]))]],
  ['twice', [done, done]],
  ['followed by a message', [done, frame(text, 'late')]],
  ['followed by a ping', [done, frame(ping)]],
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4401, 4999].map(
    (code): Case => [`with code ${code}`, [closeFrame(code, 'r')]],
  ),
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map(
    (code): Case => [`with code ${code}, which must not be sent`, [closeFrame(code, 'r')]],
  ),
  ['a frame without a mask', [frame(text, 'a', { masked: false })]],
  ['a length with its highest bit', [Buffer.from([0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0])]],
  ["a length beyond the service's limit", [Buffer.from([0x82, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])]],
  ['bytes that are not a frame', [Buffer.from('GET /next HTTP/1.1\r\nHost: a\r\n\r\n')]],
]);

describe('9: large messages', () => {
  test.each([
    ['text', text, 1],
    ['binary', binary, 1],
    ['binary', binary, 4],
    ['text', text, 16],
    ['binary', binary, 16],
  ] as const)('%s (opcode %i) of %i MB in one frame', { timeout: 60_000 }, async (_, opcode, megabytes) => {
    const payload = Buffer.alloc(megabytes * 1024 * 1024, 'abcdefg');
    const seen = await expectEqual([frame(opcode, payload), done]);
    expect(seen.bytes.subarray(10, 10 + payload.length).equals(payload)).toBe(true);
  });

  test.each([512, 4096, 65_536])('4 MB in frames of %i bytes', { timeout: 60_000 }, async (size) => {
    const payload = Buffer.alloc(4 * 1024 * 1024, 'xyz');
    const frames: Buffer[] = [];
    for (let at = 0; at < payload.length; at += size) {
      const fin = at + size >= payload.length;
      frames.push(frame(at === 0 ? binary : continuation, payload.subarray(at, at + size), { fin }));
    }
    const seen = await expectEqual([Buffer.concat(frames), done]);
    expect(seen.bytes.length).toBeGreaterThan(payload.length);
  });

  test('a megabyte in writes of 1,000 bytes', { timeout: 60_000 }, async () => {
    const bytes = frame(binary, Buffer.alloc(1024 * 1024, 1));
    const parts: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += 1000) parts.push(bytes.subarray(at, at + 1000));
    await expectEqual([...parts, done]);
  });
});

describe('12: compression', () => {
  const offers = [
    'permessage-deflate',
    'permessage-deflate; client_max_window_bits',
    'permessage-deflate; server_no_context_takeover',
    'x-unknown',
    'permessage-deflate; unknown=1',
  ];
  test.each(offers)('the offer %s', async (extensions) => {
    const port = (await converse(direct, [done], { extensions }).catch(() => null))?.status;
    const seen = await converse(gateway.port, [done], { extensions });
    expect(seen.status).toBe(port);
    if (port === 101) await expectEqual([frame(text, 'not compressed'), done], { extensions });
  });

  test('compressed messages, with a client that supports them', async () => {
    const said = ['short', 'a'.repeat(100_000), JSON.stringify(Array.from({ length: 5000 }, (_, i) => ({ i })))];
    const heard: string[][] = [];
    for (const port of [direct, gateway.port]) {
      const client = new WebSocket(`ws://127.0.0.1:${port}/echo`, { perMessageDeflate: { threshold: 0 } });
      const answers: string[] = [];
      client.on('message', (data) => {
        answers.push(String(data));
        if (answers.length === said.length) client.close(4001, 'done');
      });
      await once(client, 'open');
      expect(client.extensions).toBe('permessage-deflate');
      for (const message of said) client.send(message);
      expect((await once(client, 'close'))[0]).toBe(4001);
      heard.push(answers);
    }
    expect(heard).toEqual([said, said]);
  });
});

describe('the handshake', () => {
  test.each([['chat'], ['unknown'], ['unknown, chat'], ['a, b, c, chat, d']])(
    'offers the protocols %s',
    async (protocol) => {
      await expectEqual([done], { protocol });
    },
  );

  test('control: two different conversations are distinguished', async () => {
    const [one, other] = [
      await converse(direct, [frame(text, 'a'), done]),
      await converse(direct, [frame(text, 'b'), done]),
    ];
    expect(one.bytes.equals(other.bytes)).toBe(false);
  });
});
