import { expect, test } from 'vitest';
import { editDistance, nameHint, nearestName } from '../../../src/config/nearest-name.ts';

test.each([
  ['', '', 0],
  ['abc', 'abc', 0],
  ['abc', 'acb', 1],
  ['abc', 'ab', 1],
  ['abc', 'abcd', 1],
  ['abc', 'axc', 1],
  ['ca', 'abc', 3],
  ['', 'abc', 3],
])('the distance of "%s" and "%s" is %d', (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance);
  expect(editDistance(b, a)).toBe(distance);
});

test.each([
  ['swapped letters', 'lisetn', 'listen'],
  ['a missing letter', 'acess', 'access'],
  ['another case', 'TrustedProxies', 'trustedProxies'],
  ['two slips in a long name', 'trustdProxys', 'trustedProxies'],
  ['nothing near', 'frobnicate', null],
  ['an unrelated short name', 'xy', null],
])('%s: "%s"', (_, name, expected) => {
  expect(nearestName(name, ['listen', 'access', 'trustedProxies', 'id'])).toBe(expected);
});

test('a hint suggests the nearest name, else a short list, else nothing', () => {
  expect(nameHint('usr', ['user', 'admin'])).toBe('did you mean "user"?');
  expect(nameHint('guest', ['user', 'admin'])).toBe('known: user, admin');
  expect(nameHint('guest', [])).toBeNull();
  expect(
    nameHint(
      'guest',
      Array.from({ length: 25 }, (_, index) => `role-number-${index}`),
    ),
  ).toBeNull();
});
