import { expect, test } from 'vitest';
import {
  decodeMessage,
  encodeMessage,
  type Message,
  maxToldBytes,
} from '../../../../src/identity/revocation/revocation-message.ts';

const sender = { id: '11111111-2222-4333-8444-555555555555', from: '66666666-7777-4888-9999-aaaaaaaaaaaa' };
const lookup = 'A'.repeat(43);
const read = (text: string, most = maxToldBytes) => decodeMessage(Buffer.from(text), most);

test.each<Message>([
  { revocation: { kind: 'session', id: 's1' }, sender: null },
  { revocation: { kind: 'keyPair', id: 'k1' }, sender },
  { revocation: { kind: 'user', id: 'someone@example.test' }, sender },
  { revocation: { kind: 'credential', lookups: [lookup, 'B'.repeat(43)] }, sender },
  // The current secret and as many previous ones as the configuration accepts.
  { revocation: { kind: 'credential', lookups: Array(9).fill(lookup) }, sender },
  { revocation: { kind: 'all' }, sender: null },
  { revocation: { kind: 'all', of: 'called' }, sender },
  { revocation: { kind: 'token', id: 't1' }, sender },
  { revocation: { kind: 'session', id: 's1', source: 'issuer' }, sender },
  { revocation: { kind: 'user', id: 'u1', issuedBeforeMs: 1_000 }, sender: null },
  { revocation: { kind: 'user', id: 'u1', source: 'issuer', issuedBeforeMs: 0 }, sender: null },
  { revocation: { kind: 'session', id: 's'.repeat(256), source: `https://${'i'.repeat(500)}`, anyCase: true }, sender },
])('$revocation survives the round trip', (message) => {
  expect(read(encodeMessage(message, 1_000))).toEqual(message);
});

test('the documented form', () => {
  const text = '{"v":1,"kind":"session","id":"11111111-2222-4333-8444-555555555555","atMs":1893456000123}';
  expect(read(text, 256)).toEqual({ revocation: { kind: 'session', id: sender.id }, sender: null });
  expect(read('{"v":1,"kind":"all","id":null,"atMs":1}')?.revocation).toEqual({ kind: 'all' });
});

test('the former name of a key pair', () => {
  expect(read('{"v":1,"kind":"keypair","id":"k1","atMs":1}')?.revocation).toEqual({ kind: 'keyPair', id: 'k1' });
});

test('a message uses the first version where that version suffices', () => {
  const version = (revocation: Message['revocation']) =>
    (JSON.parse(encodeMessage({ revocation, sender: null }, 1)) as { v: number }).v;
  expect(version({ kind: 'user', id: 'u1' })).toBe(1);
  expect(version({ kind: 'all' })).toBe(1);
  expect(version({ kind: 'user', id: 'u1', source: 'issuer' })).toBe(2);
  expect(version({ kind: 'user', id: 'u1', source: 'https://issuer.test' })).toBe(3);
  expect(version({ kind: 'all', of: 'called' })).toBe(3);
  // A gateway that knows only the first version revokes everything instead: anything less could miss something.
  expect(version({ kind: 'token', id: 't1' })).toBe(2);
});

test.each([
  ['another version', '{"v":4}'],
  ['a version before the first', '{"v":0,"kind":"session","id":"s"}'],
])('%s revokes everything', (_name, text) => {
  expect(read(text)?.revocation).toEqual({ kind: 'all' });
});

test.each([
  ['nothing', ''],
  ['truncated JSON', '{"v":1,'],
  ['a list', '[1]'],
  ['null', 'null'],
  ['a version that is not a number', '{"v":"1","kind":"all"}'],
  ['no kind', '{"v":1,"id":"s"}'],
  ['a prototype name as kind', '{"v":1,"kind":"toString","id":"s"}'],
  ['an id with a space', '{"v":1,"kind":"user","id":"a b"}'],
  ['an id that is too long', `{"v":1,"kind":"user","id":"${'x'.repeat(257)}"}`],
  ['a credential without names', '{"v":1,"kind":"credential","lookups":[]}'],
  ['an invalid name', '{"v":1,"kind":"credential","lookups":["token"]}'],
  ['a token in the first version', '{"v":1,"kind":"token","id":"t1"}'],
  ['an invalid time', '{"v":2,"kind":"user","id":"u1","issuedBeforeMs":-1}'],
  ['an invalid source', '{"v":2,"kind":"user","id":"u1","source":""}'],
  ['too many names', `{"v":1,"kind":"credential","lookups":${JSON.stringify(Array(19).fill(lookup))}}`],
])('invalidMessage: %s', (_name, text) => {
  expect(read(text)).toBeNull();
});

test('a message longer than the limit is ignored, whatever it contains', () => {
  expect(read(`{"v":1,"kind":"all"}${' '.repeat(300)}`, 256)).toBeNull();
  expect(decodeMessage(Buffer.from([0x22, 0xff, 0x22]), 256)).toBeNull();
});

test('ignores an invalid sender', () => {
  expect(read(`{"v":1,"kind":"all","rid":"${sender.id}","from":"x"}`)).toEqual({
    revocation: { kind: 'all' },
    sender: null,
  });
});
