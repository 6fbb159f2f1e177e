/** Where one WebSocket frame ends and the next begins, however the bytes are split. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { closeFrame, farewellFor } from '../../../src/proxy/websocket/close-frame.ts';
import { FrameTracker } from '../../../src/proxy/websocket/frame-tracker.ts';

/** A frame with `length` bytes of payload. */
function frame(length: number, { opcode = 2, masked = false } = {}): Buffer {
  const mask = masked ? 0x80 : 0;
  const size =
    length < 126
      ? Buffer.from([mask | length])
      : length < 65_536
        ? Buffer.from([mask | 126, length >> 8, length & 0xff])
        : Buffer.concat([Buffer.from([mask | 127, 0, 0, 0, 0]), uint32(length)]);
  const key = masked ? Buffer.from([1, 2, 3, 4]) : Buffer.alloc(0);
  return Buffer.concat([Buffer.from([0x80 | opcode]), size, key, Buffer.alloc(length, 0x88)]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

describe('a frame', () => {
  test.each([
    ['without payload', frame(0)],
    ['of one byte', frame(1)],
    ['of 125 bytes', frame(125)],
    ['of 126 bytes', frame(126)],
    ['of 65535 bytes', frame(65_535)],
    ['of 65536 bytes', frame(65_536)],
    ['from a client', frame(10, { masked: true })],
    ['from a client, without payload', frame(0, { masked: true })],
    ['from a client, of 126 bytes', frame(126, { masked: true })],
    ['from a client, of 65536 bytes', frame(65_536, { masked: true })],
  ])('%s ends with its last byte, not before', (_name, bytes) => {
    const frames = new FrameTracker();
    expect(frames.between).toBe(true);
    for (const end of [1, 2, bytes.length - 1]) {
      const cut = new FrameTracker();
      cut.pass(bytes.subarray(0, end));
      expect(cut.between).toBe(end >= bytes.length);
    }
    frames.pass(bytes);
    expect(frames.between).toBe(true);
    expect(frames.closing).toBe(false);
  });
});

test('the end of the current frame is found in the following bytes', () => {
  const frames = new FrameTracker();
  const bytes = Buffer.concat([frame(5), frame(300), frame(7)]);
  frames.pass(bytes.subarray(0, 20));
  const rest = bytes.subarray(20);
  expect(frames.finish(rest)).toBe(frame(5).length + frame(300).length - 20);
  expect(frames.between).toBe(true);
  expect(frames.finish(rest)).toBe(0);
});

test('frames end at the same places, however the bytes are split', () => {
  const some = fc.array(
    fc.record({ length: fc.oneof(fc.nat(300), fc.constantFrom(125, 126, 65_535, 65_536)), masked: fc.boolean() }),
    { minLength: 1, maxLength: 5 },
  );
  fc.assert(
    fc.property(some, fc.array(fc.nat(), { maxLength: 20 }), (specs, cuts) => {
      const all = specs.map(({ length, masked }) => frame(length, { masked }));
      const bytes = Buffer.concat(all);
      const ends = new Set([0]);
      let end = 0;
      for (const one of all) {
        end += one.length;
        ends.add(end);
      }
      const frames = new FrameTracker();
      let from = 0;
      for (const to of [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)) {
        frames.pass(bytes.subarray(from, to));
        from = to;
        expect(frames.between).toBe(ends.has(to));
      }
    }),
    { numRuns: 300 },
  );
});

describe('a Close frame', () => {
  test.each([false, true])('is recognized, masked: %s', (masked) => {
    const frames = new FrameTracker();
    frames.pass(closeFrame({ code: 1000, reason: 'bye' }, masked));
    expect([frames.closing, frames.between]).toEqual([true, true]);
  });

  test('to a client carries code and reason unchanged', () => {
    const bytes = closeFrame({ code: 4401, reason: 'over' }, false);
    expect([...bytes.subarray(0, 2)]).toEqual([0x88, 6]);
    expect(bytes.readUInt16BE(2)).toBe(4401);
    expect(bytes.toString('latin1', 4)).toBe('over');
  });

  test('to a service is masked', () => {
    const bytes = closeFrame({ code: 1001, reason: 'x' }, true);
    expect([...bytes.subarray(0, 2)]).toEqual([0x88, 0x80 | 3]);
    const key = bytes.subarray(2, 6);
    const payload = bytes.subarray(6).map((byte, i) => byte ^ key[i % 4]!);
    expect(Buffer.from(payload).readUInt16BE(0)).toBe(1001);
  });
});

test.each([
  ['access_expired', 4401],
  ['access_revoked', 4401],
  ['role_missing', 4401],
  ['auth_unavailable', 1013],
  ['draining', 1001],
] as const)('a stream that ends because of %s is closed with %d and that reason', (reason, code) => {
  const farewell = farewellFor(reason);
  expect(farewell.code).toBe(code);
  expect(farewell.reason).toMatch(new RegExp(`^${reason}: [\\x20-\\x7e]+$`));
  // A control frame cannot contain more (RFC 6455 section 5.5).
  expect(closeFrame(farewell, false).length).toBeLessThanOrEqual(127);
});
