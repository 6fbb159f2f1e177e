/** Bytes beyond ASCII in a target, as escapes. */
import { expect, test } from 'vitest';
import { escapeUtf8, isLongerThan } from '../../../src/core/url/escape-utf8.ts';

const bytesOf = (text: string) => Buffer.from(text).toString('latin1');

test.each([
  ['ASCII alone', '/a?b=%c3', '/a?b=%c3'],
  ['two bytes, in path and query', bytesOf('/ä?q=é'), '/%C3%A4?q=%C3%A9'],
  ['three and four bytes', bytesOf('/中/😀'), '/%E4%B8%AD/%F0%9F%98%80'],
  ['a full-width slash', bytesOf('/a／b'), '/a%EF%BC%8Fb'],
  ['Latin-1', '/caf\xe9', null],
  ['half a character', '/caf\xc3', null],
  ['half a character, and the rest as an escape', '/caf\xc3%A9', null],
  ['a continuation byte after an escape', '/caf%C3\xa9', null],
  ['an overlong form', '/\xc0\xaf', null],
  ['a surrogate', '/\xed\xa0\x80', null],
  ['NEL as one byte', '/\x85', null],
] as const)('%s', (_name, target, expected) => {
  expect(escapeUtf8(target)).toBe(expected);
});

test('the length counts escapes', () => {
  const target = bytesOf(`/${'ä'.repeat(10)}`);
  expect([
    isLongerThan(target, 61),
    isLongerThan(target, 60),
    isLongerThan('/abc', 4),
    isLongerThan('/abc', 3),
  ]).toEqual([false, true, false, true]);
});
