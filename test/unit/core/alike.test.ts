/** Which texts of a request a service may take for another one; the golden cases of conditions use them through every entrypoint. */
import { expect, test } from 'vitest';
import { alikeForm, beginsAlike } from '../../../src/core/policy/alike.ts';

test.each([
  ['letter case', 'Acme', 'acme', true],
  ['an end of the path', 'acme#x', 'acme', true],
  ['names of channels', '#a', '#b', false],
  ['a question and its mark', '?', '?a', false],
])('%s', (_name, text, other, alike) => {
  expect(alikeForm(text) === alikeForm(other)).toBe(alike);
});

test('only what begins with "#" begins like "#"', () => {
  expect([beginsAlike('main', '#'), beginsAlike('#main', '#')]).toEqual([false, true]);
});
