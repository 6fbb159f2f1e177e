/** Return addresses: same origin and canonical, nothing else (open redirect). */
import { describe, expect, test } from 'vitest';
import { returnAddress } from '../../../src/sign-in/return-address.ts';
import { hostileReturnAddresses as hostile } from '../../support/hostile-return-addresses.ts';

const origin = 'https://app.example.com';

describe('kept as they are', () => {
  test.each([
    ['/', '/'],
    ['/reports/7', '/reports/7'],
    ['/x?y=https://a/b', '/x?y=https://a/b'],
    ['/ok?next=//a.example/', '/ok?next=//a.example/'],
    ['/a?u=a/../b', '/a?u=a/../b'],
    ['/a?x=1;y=2#/route//?z', '/a?x=1;y=2#/route//?z'],
    [`${origin}/reports?a=b#c`, '/reports?a=b#c'],
    ['/a%20b?c=%C3%A9#%C3%A9', '/a%20b?c=%C3%A9#%C3%A9'],
    ['/.rolegate/sessions', '/.rolegate/sessions'],
  ])('%s', (text, expected) => {
    expect(returnAddress(text, origin)).toBe(expected);
  });
});

describe('made canonical', () => {
  test.each([
    ['/a/../b', '/b'],
    ['http://app.example.com/a', '/a'],
    ['/a//b', '/a/b'],
    ['/%61', '/a'],
    ['/a?b c', '/a?b%20c'],
    ['/a?b="<é>\\', '/a?b=%22%3C%C3%A9%3E%5C'],
    ['/a#\ud800', '/a#%EF%BF%BD'],
    ['/a#\r\nx: y', '/a#%0D%0Ax:%20y'],
  ])('%j', (text, expected) => {
    expect(returnAddress(text, origin)).toBe(expected);
  });
});

test(`${hostile.length} hostile ones never lead elsewhere`, () => {
  expect(hostile.length).toBeGreaterThan(300);
  for (const text of hostile) {
    const address = returnAddress(text, origin);
    expect(address, String(text)).toMatch(/^\/(?!\/)[\x21-\x7e]*$/);
    const { origin: there, href } = new URL(address, `${origin}/.rolegate/callback/corp`);
    expect(there, String(text)).toBe(origin);
    expect(href, String(text)).not.toContain('/.rolegate/sign-');
    // A reader that believes in backslashes reads the same.
    expect(address.split(/[?#]/, 1)[0]).not.toMatch(/\\|\/\//);
  }
});

test('a naive check lets them through: the control', () => {
  const naive = hostile.filter((text) => text?.startsWith('/'));
  const away = naive.filter((text) => URL.canParse(text!, origin) && new URL(text!, origin).origin !== origin);
  expect(away.length).toBeGreaterThan(30);
});
