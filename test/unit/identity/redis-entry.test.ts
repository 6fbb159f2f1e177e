import { createHmac, createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Identity } from '../../../src/core/identity/identity.ts';
import { decodeEntry, encodeEntry, maxEntryBytes } from '../../../src/identity/redis-entry.ts';
import type { Verdict } from '../../../src/identity/verdict.ts';
import { identity } from './samples.ts';

const nowMs = 1_700_000_000_000;
const key = createSecretKey(Buffer.alloc(32, 7));
const lookup = 'L'.repeat(43);
const accepted: Verdict = { identity: identity(), askedAtMs: nowMs - 1_000, endMs: nowMs + 29_000 };
const rejected: Verdict = { identity: null, askedAtMs: nowMs, endMs: nowMs + 5_000 };

function encode(verdict: Verdict): Buffer {
  const entry = encodeEntry(verdict, lookup, key);
  if (entry === null) throw new Error('too large');
  return entry;
}

function decode(bytes: Uint8Array, atMs = nowMs): Verdict | null {
  return decodeEntry(bytes, lookup, 'bearer', key, atMs);
}

/** A well-proved entry with any payload: what a faulty replica that knows the secret might write. */
function proved(payload: string | Uint8Array, version = 1): Buffer {
  const bytes = Buffer.from(payload);
  const proof = createHmac('sha256', key).update(`${version}:${lookup.length}:${lookup}`).update(bytes).digest();
  return Buffer.concat([Buffer.of(version), proof, bytes]);
}

const name = fc.stringMatching(/^[a-z][a-z0-9_ -]{0,20}$/);
const identifier = fc.stringMatching(/^[!-~]{1,64}$/);
const anyIdentity: fc.Arbitrary<Identity> = fc.record({
  kind: fc.constant('bearer'),
  userId: identifier,
  roles: fc.array(name, { maxLength: 8 }),
  groups: fc.array(name, { maxLength: 8 }),
  alias: fc.option(fc.stringMatching(/^[ -~]{0,40}$/)),
  fullName: fc.option(fc.constantFrom('Ana Example', 'Zoë Ångström', '山田 太郎', '')),
  sessionId: fc.option(identifier),
  keyId: fc.option(identifier),
  expireAtMs: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: nowMs + 60_000, max: 8.64e15 })),
});

describe('encodeEntry and decodeEntry', () => {
  it('give back what was put in', () => {
    const anyVerdict = fc.record({
      identity: fc.option(anyIdentity),
      askedAtMs: fc.integer({ min: 0, max: nowMs }),
      endMs: fc.integer({ min: nowMs + 1, max: nowMs + 60_000 }),
    });
    fc.assert(
      fc.property(anyVerdict, (verdict) => {
        expect(decode(encode(verdict))).toEqual(verdict);
      }),
    );
  });

  it('stay under 512 bytes for an ordinary identity', () => {
    expect(encode(accepted).length).toBeLessThan(512);
    expect(encode(rejected).length).toBeLessThan(64 + 32);
  });

  it('do not share an identity that is too large', () => {
    const groups = Array.from({ length: 1_000 }, (_, index) => `group-${index}-of-very-many`);
    expect(encodeEntry({ ...accepted, identity: identity({ groups }) }, lookup, key)).toBeNull();
  });

  it('freeze what they read: it is shared by requests', () => {
    const read = decode(encode(accepted))?.identity;
    expect(Object.isFrozen(read) && Object.isFrozen(read?.roles) && Object.isFrozen(read?.groups)).toBe(true);
  });
});

describe('decodeEntry refuses', () => {
  it('an entry with any one bit turned', () => {
    const entry = encode(accepted);
    for (let bit = 0; bit < entry.length * 8; bit += 1) {
      const turned = Buffer.from(entry);
      turned[bit >> 3] = (turned[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(decode(turned), `bit ${bit}`).toBeNull();
    }
  });

  it('an entry cut short or made longer anywhere', () => {
    const entry = encode(accepted);
    for (let length = 0; length < entry.length; length += 1) expect(decode(entry.subarray(0, length))).toBeNull();
    expect(decode(Buffer.concat([entry, Buffer.of(0x20)]))).toBeNull();
    expect(decode(Buffer.alloc(maxEntryBytes + 1, 1))).toBeNull();
  });

  it('an entry of another credential copied over this one', () => {
    const other = encodeEntry(accepted, 'M'.repeat(43), key);
    expect(other === null || decode(other)).toBeNull();
  });

  it('an entry under another secret', () => {
    const other = encodeEntry(accepted, lookup, createSecretKey(Buffer.alloc(32, 8)));
    expect(other === null || decode(other)).toBeNull();
  });

  it('an entry past its end, to the millisecond', () => {
    expect(decode(encode(accepted), accepted.endMs - 1)).not.toBeNull();
    expect(decode(encode(accepted), accepted.endMs)).toBeNull();
  });

  it('an entry from the future, as after a clock was set back', () => {
    expect(decode(encode({ ...rejected, askedAtMs: nowMs + 5_000, endMs: nowMs + 9_000 }))).not.toBeNull();
    expect(decode(encode({ ...rejected, askedAtMs: nowMs + 5_001, endMs: nowMs + 9_000 }))).toBeNull();
  });

  const good = ['u', ['user'], ['public'], null, null, null, null, null];
  const times = [nowMs, nowMs + 1_000];
  it.each<[string, unknown]>([
    ['an object', { 0: nowMs }],
    ['null', null],
    ['a number', 7],
    ['an empty list', []],
    ['a list of another length', [...times, 'u']],
    ['a time as text', [String(nowMs), nowMs + 1_000]],
    ['a time with a fraction', [nowMs + 0.5, nowMs + 1_000]],
    ['a negative time', [-1, nowMs + 1_000]],
    ['an empty user id', [...times, '', ...good.slice(1)]],
    ['a user id that is a list', [...times, ['u'], ...good.slice(1)]],
    ['roles as text', [...times, 'u', 'user', ...good.slice(2)]],
    ['a role that is a number', [...times, 'u', ['user', 1], ...good.slice(2)]],
    ['a role with a comma', [...times, 'u', ['user,admin'], ...good.slice(2)]],
    ['groups missing', [...times, 'u', ['user'], null, ...good.slice(3)]],
    ['a group with a line break', [...times, 'u', ['user'], ['a\nb'], ...good.slice(3)]],
    ['an alias that is a number', [...times, ...good.slice(0, 3), 7, null, null, null, null]],
    ['a session id that is true', [...times, ...good.slice(0, 5), true, null, null]],
    ['a key id that is a list', [...times, ...good.slice(0, 6), [], null]],
    ['an end of credential as text', [...times, ...good.slice(0, 7), 'never']],
    ['a life past the end of the credential', [...times, ...good.slice(0, 7), nowMs + 999]],
  ])('a proved payload that is %s', (_, payload) => {
    expect(decode(proved(JSON.stringify([...times, ...good])))).not.toBeNull();
    expect(decode(proved(JSON.stringify(payload)))).toBeNull();
  });

  it.each<[string, Buffer]>([
    ['another version', proved(JSON.stringify([...times, ...good]), 2)],
    ['text that is no JSON', proved('[1,')],
    ['invalid UTF-8', proved(Buffer.of(0x22, 0xff, 0x22))],
    ['an empty payload', proved('')],
  ])('%s', (_, bytes) => {
    expect(decode(bytes)).toBeNull();
  });

  it('any bytes, without throwing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        expect(decode(bytes)).toBeNull();
      }),
    );
    fc.assert(
      fc.property(fc.json(), (payload) => {
        decode(proved(payload));
      }),
    );
  });
});
