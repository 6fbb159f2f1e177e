import { expect, test } from 'vitest';
import type { Identity } from '../../../src/core/identity/identity.ts';
import { type Eviction, evictedBy, readEvictionSource } from '../../../src/core/revocation/eviction.ts';
import { compilePattern } from '../../../src/core/url/compile-pattern.ts';

const identity: Identity = {
  kind: 'bearer',
  userId: 'u1',
  roles: [],
  groups: [],
  alias: null,
  fullName: null,
  sessionId: 's1',
  keyId: null,
  tokenId: null,
  issuedAtMs: null,
  authenticatedAtMs: null,
  claims: {},
  source: 'authApi',
  acceptedBy: 'authApi',
  expireAtMs: 1,
};
const pattern = compilePattern(null, '/users/{user}/sessions/{id}');
const ofSession: Eviction = { kind: 'session', from: { param: 'id', source: 'authApi' } };
const ofKey: Eviction = { kind: 'keyPair', from: { identity: 'keyId' } };
const ofUser: Eviction = { kind: 'user', from: { identity: 'userId' } };

test.each([
  ['{id}', { param: 'id' }],
  ['{identity.sessionId}', { identity: 'sessionId' }],
  ['{identity.keyId}', { identity: 'keyId' }],
  ['{identity.userId}', { identity: 'userId' }],
  ['{identity.roles}', null],
  ['{identity}', { param: 'identity' }],
  ['id', null],
  ['{}', null],
  ['{a}{b}', null],
  ['x{id}', null],
])('the source %s', (text, source) => {
  expect(readEvictionSource(text)).toEqual(source);
});

test.each([
  ['/users/u9/sessions/11111111-2222-4333-8444-555555555555', '11111111-2222-4333-8444-555555555555'],
  ['/users/u9/sessions/a@b.example', 'a@b.example'],
  ['/users/u9/sessions/a%20b', null],
  ['/users/u9/sessions/a%2Fb', null],
  [`/users/u9/sessions/${'x'.repeat(257)}`, null],
])('a parameter of %s', (path, id) => {
  const named = evictedBy([ofSession], pattern, path, identity);
  expect(named).toEqual(
    id === null
      ? { evicted: [], unreadable: 1 }
      : { evicted: [{ kind: 'session', id, source: 'authApi' }], unreadable: 0 },
  );
});

test('several at once, and fields that an identity lacks', () => {
  expect(evictedBy([ofSession, ofUser, ofKey], pattern, '/users/u9/sessions/s9', identity)).toEqual({
    evicted: [
      { kind: 'session', id: 's9', source: 'authApi' },
      { kind: 'user', id: 'u1', source: null },
    ],
    unreadable: 1,
  });
  expect(evictedBy([ofUser], pattern, '/users/u9/sessions/s9', null)).toEqual({ evicted: [], unreadable: 1 });
});
