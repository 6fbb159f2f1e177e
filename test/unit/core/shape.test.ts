/** Shapes of credentials: a credential without the shape costs no look-up. */
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { hasShape, type Shape } from '../../../src/core/credential/shape.ts';
import { decide } from '../../../src/core/decide.ts';
import { plainSources } from '../../support/credential-sources.ts';
import { accept, makePolicy, view } from './make-policy.ts';

const shape = (part: Partial<Shape>): Shape => ({ prefix: '', minLength: 1, maxLength: 64, alphabet: null, ...part });

test.each<[string, string, Partial<Shape>, boolean]>([
  ['prefix', 'tok_a', { prefix: 'tok_' }, true],
  ['another prefix', 'tik_a', { prefix: 'tok_' }, false],
  ['prefix in another case', 'TOK_a', { prefix: 'tok_' }, false],
  ['shortest', 'abc', { minLength: 3 }, true],
  ['too short', 'ab', { minLength: 3 }, false],
  ['longest', 'abc', { maxLength: 3 }, true],
  ['too long', 'abcd', { maxLength: 3 }, false],
  ['hex', 'tok_09afAF', { prefix: 'tok_', alphabet: 'hex' }, true],
  ['invalid hex', 'tok_0g', { prefix: 'tok_', alphabet: 'hex' }, false],
  ['base32', 'AZ27', { alphabet: 'base32' }, true],
  ['invalid base32', 'AZ1', { alphabet: 'base32' }, false],
  ['base62', 'azAZ09', { alphabet: 'base62' }, true],
  ['invalid base62', 'az-', { alphabet: 'base62' }, false],
  ['base64', 'az+/==', { alphabet: 'base64' }, true],
  ['invalid base64', 'az-_', { alphabet: 'base64' }, false],
  ['base64url', 'az-_', { alphabet: 'base64url' }, true],
  ['invalid base64url', 'az+', { alphabet: 'base64url' }, false],
  ['JWT', 'e30.e30.c2ln', { alphabet: 'jwt' }, true],
  ['two parts', 'e30.e30', { alphabet: 'jwt' }, false],
])('%s: %s', (_name, text, part, expected) => {
  expect(hasShape(text, [shape(part)])).toBe(expected);
});

test('one of several shapes is enough', () => {
  const either = [shape({ prefix: 'tok_' }), shape({ alphabet: 'jwt' })];
  expect(['tok_a', 'e30.e30.', 'abc'].map((text) => hasShape(text, either))).toEqual([true, true, false]);
});

test('ten thousand random bearers cause no query of a source', () => {
  const shapes = [shape({ prefix: 'tok_', minLength: 36, maxLength: 36, alphabet: 'base62' })];
  const policy = makePolicy([{ on: '/a', access: 'authenticated' }], {
    ...plainSources,
    bearer: { shapes },
  });
  let asked = 0;
  const send = (token: string) =>
    decide(view('GET /a', [`Authorization: Bearer ${token}`]), policy, () => {
      asked += 1;
      return accept();
    });
  for (let at = 0; at < 10_000; at += 1) {
    const token = randomBytes(27).toString('base64url');
    expect(send(token)).toMatchObject({ outcome: 'refuse', reason: 'credential_shape_wrong', stage: 'extract' });
  }
  expect(asked).toBe(0);
  expect(send(`tok_${'a'.repeat(32)}`)).toMatchObject({ outcome: 'allow' });
  expect(asked).toBe(1);
});
