import { describe, expect, it } from 'vitest';
import { readField } from '../../../../../src/identity/sources/auth-api/judge-response.ts';

const body: unknown = JSON.parse('{"a":{"b":{"c":7},"list":["x"],"nothing":null,"text":"abc"},"__proto__":{"d":1}}');

describe('readField', () => {
  it.each<[string, string, unknown]>([
    ['a step', 'a.text', 'abc'],
    ['many steps', 'a.b.c', 7],
    ['null itself', 'a.nothing', null],
    ['an own property with a special name', '__proto__.d', 1],
    ['a missing step', 'a.x.c', undefined],
    ['a step into null', 'a.nothing.c', undefined],
    ['a step into a list', 'a.list.0', undefined],
    ['a step into text', 'a.text.length', undefined],
    ['an inherited property', 'constructor', undefined],
    ['an inherited property further in', 'a.b.toString.name', undefined],
  ])('%s', (_, path, value) => {
    expect(readField(body, path)).toBe(value);
  });

  it.each([null, 7, 'text', [1], undefined])('finds nothing in %s', (value) => {
    expect(readField(value, 'a')).toBeUndefined();
  });
});
