/** Controls of the comparison: what it finds different, and what it does not. */
import { expect, test } from 'vitest';
import { difference, type Outcome } from './compare-responses.ts';

const received = {
  status: 200,
  reason: 'OK',
  body: '3 digest',
  headers: ['Content-Length: 3', 'Vary: A', 'Set-Cookie: a=1', 'Location: http://direct/text'],
};
const origins = ['http://direct', 'http://gateway'] as const;
const withHeaders = (...headers: readonly string[]): Outcome => ({ ...received, headers });
const passed = ['Content-Length: 3', 'Vary: A', 'Set-Cookie: a=1', 'Location: http://gateway/text'];

test.each<[name: string, through: Outcome]>([
  ['the same', withHeaders(...passed)],
  ['with headers of the connection', withHeaders('date: today', ...passed, 'connection: close', 'x-error-id: 1')],
])('finds no difference: %s', (_, through) => {
  expect(difference(received, through, origins, [])).toBe(null);
});

test.each<[name: string, through: Outcome, found: string]>([
  ['a status', { ...received, status: 502, reason: 'Bad Gateway' }, '200 OK -> 502 Bad Gateway'],
  ['a reason', { ...received, reason: 'Fine' }, '200 OK -> 200 Fine'],
  ['a body', { ...withHeaders(...passed), body: '3 other' }, 'body 3 digest -> body 3 other'],
  ['a missing header', withHeaders(...passed.toSpliced(1, 1)), 'Vary: A -> Set-Cookie: a=1'],
  ['an added header', withHeaders(...passed, 'Via: 1.1 x'), 'body 3 digest -> Via: 1.1 x'],
  ['letter case of a name', withHeaders(...passed.with(1, 'vary: A')), 'Vary: A -> vary: A'],
  ['order', withHeaders(passed[0]!, passed[2]!, passed[1]!, passed[3]!), 'Vary: A -> Set-Cookie: a=1'],
  ['another length', withHeaders(...passed.with(0, 'Content-Length: 4')), 'Content-Length: 3 -> Content-Length: 4'],
  ['no response', { error: 'reset' }, 'through the gateway: reset'],
])('finds %s', (_, through, found) => {
  expect(difference(received, through, origins, [])).toBe(found);
});

test('a length that only the gateway states, and headers of a row, may differ', () => {
  const bare = { ...received, headers: ['Set-Cookie: random=1'] };
  const through = { ...received, headers: ['Set-Cookie: random=2', 'content-length: 3'] };
  expect(difference(bare, through, origins, ['set-cookie'])).toBe(null);
  expect(difference(bare, through, origins, [])).toBe('Set-Cookie: random=1 -> Set-Cookie: random=2');
});
