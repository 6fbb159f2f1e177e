import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Identity } from '../../../src/core/identity/identity.ts';
import { HmacSha256 } from '../../../src/identity/hmac-sha256.ts';
import { decodeEntry, encodeEntry, maxEntryBytes } from '../../../src/identity/redis-entry.ts';
import type { Verdict } from '../../../src/identity/verdict.ts';
import { identity } from './samples.ts';

const nowMs = 1_700_000_000_000;
const keyBytes = Buffer.alloc(32, 7);
const key = new HmacSha256(keyBytes);
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
function proved(payload: string | Uint8Array, version = 2): Buffer {
  const bytes = Buffer.from(payload);
  const proof = createHmac('sha256', keyBytes).update(`${version}:${lookup.length}:${lookup}`).update(bytes).digest();
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

  it('stay under 512 bytes for an ordinary identity: UUIDs, ten roles, ten groups, names', () => {
    const roles = ['user', 'reporter', 'auditor', 'accountant', 'order-reader', 'order-writer', 'order-approver'];
    const groups = ['public', 'acme', 'acme-berlin', 'acme-finance', 'project-aurora', 'project-borealis', 'on-call'];
    const ordinary = identity({
      roles: [...roles, 'invoice-reader', 'invoice-writer', 'support-agent'],
      groups: [...groups, 'newsletter', 'beta-testers', 'warehouse-north'],
      alias: 'maximiliane.mustermann',
      fullName: 'Maximiliane Mustermann-Schröder',
      keyId: null,
      expireAtMs: nowMs + 86_400_000,
    });
    expect(encode({ ...accepted, identity: ordinary }).length).toBeLessThan(400);
    expect(encode(accepted).length).toBeLessThan(200);
    expect(encode(rejected).length).toBe(1 + 32 + 16);
  });

  it('do not share a text that is not Unicode, which would read as another one', () => {
    expect(encodeEntry({ ...accepted, identity: identity({ roles: ['a\ud800'] }) }, lookup, key)).toBeNull();
    expect(encodeEntry({ ...accepted, identity: identity({ fullName: '\udfff' }) }, lookup, key)).toBeNull();
  });

  it('keep the spelling of ids that only look like UUIDs', () => {
    for (const userId of [
      '66666666-7777-4888-9999-AAAAAAAAAAAA',
      '6666666677774888-9999-aaaaaaaaaaaa',
      'u'.repeat(256),
    ]) {
      expect(decode(encode({ ...accepted, identity: identity({ userId }) }))?.identity?.userId).toBe(userId);
    }
  });

  it('keep names of any length', () => {
    const roles = ['x'.repeat(254), 'x'.repeat(255), 'x'.repeat(256), 'ü'.repeat(256)];
    expect(decode(encode({ ...accepted, identity: identity({ roles }) }))?.identity?.roles).toEqual(roles);
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
    const other = encodeEntry(accepted, lookup, new HmacSha256(Buffer.alloc(32, 8)));
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

  const double = (value: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleBE(value);
    return bytes;
  };
  const text = (value: string) => Buffer.concat([Buffer.of(2, 0, value.length), Buffer.from(value)]);
  const names = (...list: string[]) =>
    Buffer.concat([
      Buffer.of(0, list.length),
      ...list.map((one) => Buffer.from(`${String.fromCharCode(one.length)}${one}`)),
    ]);
  const none = Buffer.of(0);
  const fields = {
    askedAt: double(nowMs),
    end: double(nowMs + 1_000),
    expireAt: double(Number.POSITIVE_INFINITY),
    userId: text('u'),
    sessionId: none,
    keyId: none,
    alias: none,
    fullName: none,
    roles: names('user'),
    groups: names('public'),
    rest: Buffer.alloc(0),
  };
  const payload = (changes: Partial<typeof fields>) => Buffer.concat(Object.values({ ...fields, ...changes }));

  it.each<[string, Partial<typeof fields>]>([
    ['a time with a fraction', { askedAt: double(nowMs + 0.5) }],
    ['a negative time', { askedAt: double(-1) }],
    ['an end that never comes', { end: double(Number.POSITIVE_INFINITY) }],
    ['no number at all', { end: double(Number.NaN) }],
    ['no user id', { userId: none }],
    ['an empty user id', { userId: text('') }],
    ['a user id with a blank', { userId: text('u u') }],
    ['a text in a form that there is none of', { userId: Buffer.of(3) }],
    ['a UUID cut short', { userId: Buffer.of(1, 2, 3) }],
    ['a text longer than what is there', { userId: Buffer.from([2, 255, 255]) }],
    ['a role with a comma', { roles: names('user,admin') }],
    ['an empty role', { roles: names('') }],
    ['fewer roles than it says', { roles: Buffer.of(255, 255) }],
    ['a group with a line break', { groups: names('a\nb') }],
    ['groups missing', { groups: Buffer.alloc(0) }],
    ['a session id with a blank', { sessionId: text('a b') }],
    ['an alias with a control character', { alias: text('\u0007') }],
    ['an end of the credential before that of the verdict', { expireAt: double(nowMs + 999) }],
    ['an end of the credential that is no time', { expireAt: double(Number.NaN) }],
    ['one byte more', { rest: Buffer.of(0) }],
  ])('a proved payload with %s', (_, changes) => {
    expect(decode(proved(payload({})))).not.toBeNull();
    expect(decode(proved(payload(changes)))).toBeNull();
  });

  it('every proved payload that is cut short, apart from a rejection', () => {
    const whole = payload({});
    for (let length = 0; length < whole.length; length += 1) {
      const read = decode(proved(whole.subarray(0, length)));
      expect([length, read === null]).toEqual([length, length !== 16]);
    }
  });

  it.each<[string, Buffer]>([
    ['the version before', proved(payload({}), 1)],
    ['the version after', proved(payload({}), 3)],
    ['an entry of the version before', proved(JSON.stringify([nowMs, nowMs + 1_000]), 1)],
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
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        decode(proved(bytes));
      }),
    );
  });
});
