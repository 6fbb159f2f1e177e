import { createHmac, createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Identity } from '../../../../src/core/identity/identity.ts';
import { decodeEntry, encodeEntry, maxEntryBytes } from '../../../../src/identity/cache/redis-entry.ts';
import type { Verdict } from '../../../../src/identity/verdict.ts';
import { identity } from '../samples.ts';

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

function decode(bytes: Buffer, atMs = nowMs): Verdict | null {
  return decodeEntry(bytes, lookup, 'bearer', key, atMs);
}

/** A correctly authenticated entry with arbitrary JSON, as a faulty replica with the secret might write. */
function proved(json: string | Uint8Array, version = 8): Buffer {
  const bytes = Buffer.from(json);
  const proof = createHmac('sha256', key).update(`${version}:${lookup.length}:${lookup}`).update(bytes).digest();
  return Buffer.concat([proof, bytes]);
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
  tokenId: fc.option(identifier),
  issuedAtMs: fc.option(fc.integer({ min: 0, max: nowMs })),
  authenticatedAtMs: fc.option(fc.integer({ min: 0, max: nowMs })),
  claims: fc.dictionary(
    fc.stringMatching(/^[a-z]{1,8}$/),
    fc.oneof(
      fc.boolean(),
      fc.constant(null),
      fc.double({ noNaN: true, min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }).map((n) => n + 0),
      fc.stringMatching(/^[ -~]{1,40}$/),
      fc.array(name),
    ),
  ),
  source: identifier,
  acceptedBy: identifier,
  expireAtMs: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: nowMs + 60_000, max: 8.64e15 })),
});

const boundIdentity = anyIdentity.map((identity): Identity => ({ ...identity, boundTo: 'ab'.repeat(32) }));

describe('encodeEntry and decodeEntry', () => {
  it('return what was stored', () => {
    const anyVerdict = fc.record({
      identity: fc.option(fc.oneof(anyIdentity, boundIdentity)),
      askedAtMs: fc.integer({ min: 0, max: nowMs }),
      endMs: fc.integer({ min: nowMs + 1, max: nowMs + 60_000 }),
    });
    fc.assert(
      fc.property(anyVerdict, (verdict) => {
        expect(decode(encode(verdict))).toEqual(verdict);
      }),
    );
  });

  it('keep an ordinary identity small: UUIDs, ten roles, ten groups, names', () => {
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
    expect(encode({ ...accepted, identity: ordinary }).length).toBeLessThan(800);
    expect(encode(accepted).length).toBeLessThan(400);
    expect(encode(rejected).length).toBeLessThan(128);
  });

  it('preserve every text', () => {
    const roles = ['x'.repeat(256), 'ü'.repeat(256), 'a\ud800', '\udfff', '"\\'];
    expect(decode(encode({ ...accepted, identity: identity({ roles }) }))?.identity?.roles).toEqual(roles);
  });

  it('do not share an identity that is too large', () => {
    const groups = Array.from({ length: 1_000 }, (_, index) => `group-${index}-of-very-many`);
    expect(encodeEntry({ ...accepted, identity: identity({ groups }) }, lookup, key)).toBeNull();
  });

  it('freeze the result, which requests share', () => {
    const read = decode(encode(accepted))?.identity;
    expect(Object.isFrozen(read) && Object.isFrozen(read?.roles) && Object.isFrozen(read?.groups)).toBe(true);
  });
});

describe('decodeEntry refuses', () => {
  it('an entry with any single bit flipped', () => {
    const entry = encode(accepted);
    for (let bit = 0; bit < entry.length * 8; bit += 1) {
      const turned = Buffer.from(entry);
      turned[bit >> 3] = (turned[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(decode(turned), `bit ${bit}`).toBeNull();
    }
  });

  it('an entry truncated or extended at any point', () => {
    const entry = encode(accepted);
    for (let length = 0; length < entry.length; length += 1) expect(decode(entry.subarray(0, length))).toBeNull();
    expect(decode(Buffer.concat([entry, Buffer.of(0x20)]))).toBeNull();
    expect(decode(Buffer.alloc(maxEntryBytes + 1, 1))).toBeNull();
  });

  it('an entry copied from another credential', () => {
    const other = encodeEntry(accepted, 'M'.repeat(43), key);
    expect(other === null || decode(other)).toBeNull();
  });

  it('an entry under another secret', () => {
    const other = encodeEntry(accepted, lookup, createSecretKey(Buffer.alloc(32, 8)));
    expect(other === null || decode(other)).toBeNull();
  });

  it('an expired entry, to the millisecond', () => {
    expect(decode(encode(accepted), accepted.endMs - 1)).not.toBeNull();
    expect(decode(encode(accepted), accepted.endMs)).toBeNull();
  });

  it('an entry from the future, as after a clock was set back', () => {
    expect(decode(encode({ ...rejected, askedAtMs: nowMs + 5_000, endMs: nowMs + 9_000 }))).not.toBeNull();
    expect(decode(encode({ ...rejected, askedAtMs: nowMs + 5_001, endMs: nowMs + 9_000 }))).toBeNull();
  });

  const fields = {
    userId: 'u',
    roles: ['user'],
    groups: ['public'],
    alias: null,
    fullName: null,
    sessionId: null,
    keyId: null,
    tokenId: null,
    issuedAtMs: null,
    authenticatedAtMs: null,
    claims: {},
    source: 'authApi',
    acceptedBy: 'authApi',
    expireAtMs: null,
  };
  const json = (changes: object, verdict: object = {}) =>
    JSON.stringify({ identity: { ...fields, ...changes }, askedAtMs: nowMs, endMs: nowMs + 1_000, ...verdict });

  it.each<[string, string]>([
    ['a time with a fraction', json({}, { askedAtMs: nowMs + 0.5 })],
    ['a negative time', json({}, { askedAtMs: -1 })],
    ['a time as text', json({}, { endMs: String(nowMs + 1_000) })],
    ['no end', json({}, { endMs: undefined })],
    ['no identity', json({}, { identity: undefined })],
    ['an identity that is a text', json({}, { identity: 'u' })],
    ['no user id', json({ userId: undefined })],
    ['an empty user id', json({ userId: '' })],
    ['a user id with a space', json({ userId: 'u u' })],
    ['roles as a text', json({ roles: 'admin' })],
    ['a role with a comma', json({ roles: ['user,admin'] })],
    ['an empty role', json({ roles: [''] })],
    ['a group with a line break', json({ groups: ['a\nb'] })],
    ['groups missing', json({ groups: undefined })],
    ['a session id with a space', json({ sessionId: 'a b' })],
    ['a key id missing', json({ keyId: undefined })],
    ['an alias with a control character', json({ alias: '\u0007' })],
    ['a credential that expires before the verdict ends', json({ expireAtMs: nowMs + 999 })],
    ['a credential expiry as text', json({ expireAtMs: '1' })],
    ['inherited fields', `{"identity":{"__proto__":${JSON.stringify(fields)}},"askedAtMs":1,"endMs":${nowMs + 1_000}}`],
    ['a list instead of a verdict', JSON.stringify([nowMs, nowMs + 1_000])],
    ['truncated JSON', json({}).slice(0, -1)],
    ['nothing', ''],
  ])('an authenticated entry with %s', (_, text) => {
    expect(decode(proved(json({})))).not.toBeNull();
    expect(decode(proved(text))).toBeNull();
  });

  it.each([7, 9])('an entry of version %i', (version) => {
    expect(decode(proved(json({}), version))).toBeNull();
  });

  it('any bytes, without throwing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        expect(decode(Buffer.from(bytes))).toBeNull();
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        decode(proved(bytes));
      }),
    );
  });
});
