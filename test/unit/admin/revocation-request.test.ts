import { expect, test } from 'vitest';
import { readRevocation } from '../../../src/admin/revocation-request.ts';

const read = (value: unknown, idsOnly = false) =>
  readRevocation(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)), idsOnly);

test.each([
  [{ sessionID: 's1' }, { kind: 'session', id: 's1' }],
  [{ keyID: 'k1' }, { kind: 'keyPair', id: 'k1' }],
  [{ userID: 'ann@example.test' }, { kind: 'user', id: 'ann@example.test' }],
  [{ bearer: 'abc.def-_~+/==' }, { kind: 'credential', credential: { kind: 'bearer', token: 'abc.def-_~+/==' } }],
  [
    { apiKey: 'k', apiSecret: 's!' },
    { kind: 'credential', credential: { kind: 'keyPair', apiKey: 'k', apiSecret: 's!' } },
  ],
  [{ apiKey: 'k!' }, { kind: 'credential', credential: { kind: 'apiKey', key: 'k!' } }],
  [{ tokenID: 't1' }, { kind: 'token', id: 't1' }],
  [
    { tokenID: 't1', source: 'issuer' },
    { kind: 'token', id: 't1', source: 'issuer' },
  ],
  [
    { userID: 'u1', issuedBefore: 1_800_000_000 },
    { kind: 'user', id: 'u1', issuedBeforeMs: 1_800_000_000_000 },
  ],
  [
    { userID: 'u1', issuedBefore: 7, source: 'issuer' },
    { kind: 'user', id: 'u1', source: 'issuer', issuedBeforeMs: 7_000 },
  ],
])('%j', (body, revocation) => {
  expect(read(body)).toEqual(revocation);
});

test.each([
  ['nothing', ''],
  ['text that is not JSON', '{sessionID: 1}'],
  ['a text', '"sessionID"'],
  ['null', 'null'],
  ['a list', [{ sessionID: 's1' }]],
  ['an empty object', {}],
  ['two ids', { sessionID: 's1', userID: 'u1' }],
  ['an id and a credential', { sessionID: 's1', bearer: 'abc' }],
  ['two credentials', { bearer: 'abc', apiKey: 'k', apiSecret: 's' }],
  ['a secret without its key', { apiSecret: 's' }],
  ['a key without its secret, plus an id', { apiKey: 'k', sessionID: 's1' }],
  ['an unknown key', { sessionId: 's1' }],
  ['a known key and an unknown one', { sessionID: 's1', reason: 'stolen' }],
  ['a prototype key', '{"__proto__":{"sessionID":"s1"}}'],
  ['an empty id', { sessionID: '' }],
  ['an id with a space', { userID: 'ann example' }],
  ['an id that is a number', { userID: 7 }],
  ['an id that is too long', { userID: 'x'.repeat(257) }],
  ['a source alone', { source: 'issuer' }],
  ['an invalid source', { sessionID: 's1', source: 'a b' }],
  ['a source with a credential', { bearer: 'abc', source: 'issuer' }],
  ['a time with a session', { sessionID: 's1', issuedBefore: 7 }],
  ['a time in milliseconds', { userID: 'u1', issuedBefore: 1_800_000_000_000 }],
  ['a time as text', { userID: 'u1', issuedBefore: '2026-01-01T00:00:00Z' }],
  ['a bearer with its scheme', { bearer: 'Bearer abc' }],
  ['a list of bearers', { bearer: ['abc'] }],
  ['an empty key', { apiKey: '' }],
  ['an empty secret', { apiKey: 'k', apiSecret: '' }],
])('refuses %s', (_name, body) => {
  expect(read(body)).toHaveProperty('detail');
});

test('reports the fault without quoting the body', () => {
  const answer = JSON.stringify([read({ bearer: 'top secret' }), read({ 'top secret': 1 }), read('"top secret"')]);
  expect(answer).not.toContain('top secret');
});

test('a webhook accepts ids only', () => {
  expect(read({ userID: 'u1' }, true)).toEqual({ kind: 'user', id: 'u1' });
  expect(read({ bearer: 'abc' }, true)).toHaveProperty('detail');
  expect(read({ apiKey: 'k', apiSecret: 's' }, true)).toHaveProperty('detail');
});

test('refuses text that is not UTF-8', () => {
  expect(readRevocation(Buffer.from([0x7b, 0xff, 0x7d]), false)).toHaveProperty('detail');
});
