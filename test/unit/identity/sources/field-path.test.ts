import { describe, expect, it } from 'vitest';
import { parseFieldPath } from '../../../../src/config/units/parse-field-path.ts';
import { valueAt } from '../../../../src/core/identity/read-fields.ts';

const body: unknown = JSON.parse('{"a":{"b":{"c":7},"list":["x"],"nothing":null,"text":"abc"},"__proto__":{"d":1}}');

describe('valueAt', () => {
  it.each<[string, string, unknown]>([
    ['a step', 'a.text', 'abc'],
    ['many steps', 'a.b.c', 7],
    ['null', 'a.nothing', null],
    ['an own property with a special name', '__proto__.d', 1],
    ['a missing step', 'a.x.c', undefined],
    ['a step into null', 'a.nothing.c', undefined],
    ['a step into a list', 'a.list.0', undefined],
    ['a step into text', 'a.text.length', undefined],
    ['an inherited property', 'constructor', undefined],
    ['an inherited property further down', 'a.b.toString.name', undefined],
  ])('%s', (_, path, value) => {
    expect(valueAt(body, path.split('.'))).toBe(value);
  });

  it.each([null, 7, 'text', [1], undefined])('finds nothing for %s', (value) => {
    expect(valueAt(value, ['a'])).toBeUndefined();
  });
});

describe('parseFieldPath', () => {
  it.each<[string, readonly string[]]>([
    ['sub', ['sub']],
    ['user.id', ['user', 'id']],
    ['cognito:groups', ['cognito:groups']],
    ["'https://example.test/roles'", ['https://example.test/roles']],
    ['"https://example.test/roles"', ['https://example.test/roles']],
    [`resource_access."my.client".roles`, ['resource_access', 'my.client', 'roles']],
    [`'it"s'`, ['it"s']],
  ])('parses %s', (text, steps) => {
    expect(parseFieldPath(text)).toEqual(steps);
  });

  it.each([
    '',
    '.',
    'a.',
    '.a',
    'a..b',
    'a b',
    'https://example.test/roles',
    "'open",
    "''",
    "'a'b",
    "'a\nb'",
    'a.__proto__',
    "'constructor'",
    Array.from({ length: 9 }, () => 'a').join('.'),
  ])('refuses %j', (text) => {
    expect(parseFieldPath(text)).toBeNull();
  });
});
