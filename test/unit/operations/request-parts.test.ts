/** Target, query and body of a request to an operation. */
import { describe, expect, it } from 'vitest';
import { parseBody, parseQuery } from '../../../src/operations/operation.ts';
import { readTarget } from '../../../src/operations/serve-operations.ts';

describe('readTarget', () => {
  it.each<[string, object | null]>([
    ['/a/b', { path: '/a/b', query: '' }],
    ['/a?b=c?d', { path: '/a', query: 'b=c?d' }],
    ['//a/b', { path: '//a/b', query: '' }],
    ['http://host:1/a?b', { path: '/a', query: 'b' }],
    ['http://user@host/a', null],
    ['http://host', null],
    ['ftp://host/a', null],
    ['a', null],
    ['*', null],
    ['', null],
    ['/a#b', null],
  ])('%s', (target, expected) => {
    expect(readTarget(target, true)).toEqual(expected);
    expect(readTarget(target, false)).toEqual(target.startsWith('http') ? null : expected);
  });
});

describe('parseQuery', () => {
  it.each<[string, object | null]>([
    ['', {}],
    ['email=a%40b&x=1', { email: 'a@b', x: '1' }],
    ['a=1&a=1', null],
  ])('%s', (query, expected) => {
    expect(parseQuery(query)).toEqual(expected);
  });

  it('treats a prototype key as an ordinary key', () => {
    const parsed = parseQuery('__proto__=x')!;
    expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
    expect(Object.keys(parsed)).toEqual(['__proto__']);
  });
});

describe('parseBody', () => {
  it.each<[string, Buffer, object | null]>([
    ['nothing', Buffer.alloc(0), {}],
    ['an object', Buffer.from('{"a":1}'), { a: 1 }],
    ['an object after a byte order mark', Buffer.from('\ufeff{"a":1}'), { a: 1 }],
    ['a list', Buffer.from('[]'), null],
    ['null', Buffer.from('null'), null],
    ['text', Buffer.from('"a"'), null],
    ['a truncated object', Buffer.from('{"a":'), null],
    ['more than an object', Buffer.from('{} {}'), null],
    ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xc3, 0x22, 0x3a, 0x31, 0x7d]), null],
    ['deep nesting', Buffer.from('['.repeat(16_000)), null],
  ])('%s', (_name, body, expected) => {
    expect(parseBody(body)).toEqual(expected);
  });
});
