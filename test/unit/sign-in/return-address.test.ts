/** Return addresses: same origin and canonical, nothing else (open redirect). */
import { describe, expect, test } from 'vitest';
import { returnAddress } from '../../../src/sign-in/return-address.ts';
import { hostileTargets } from '../../support/hostile-targets.ts';

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

const hosts = [
  'evil.example',
  'evil.example:443',
  'user@evil.example',
  '[::1]',
  '127.1',
  'app.example.com.evil.example',
];
const forms = [
  ...['//H', '///H', '////H', '/\\H', '\\/H', '\\\\H', '/\t/H', '/\n/H', '/\r/H', '\t//H', ' //H', '/ /H', '\u0000//H'],
  ...['http://H', 'https://H', 'https:H', 'https:/H', 'https:///H', 'HTTPS://H', 'ftp://H', '//\u2000H', '/\u2044/H'],
  ...[
    '//H/..',
    '/.//H',
    '/..//H',
    '/a/..//H',
    '/./\\H',
    '/%2f/H',
    '/%5c/H',
    '/%2e%2e//H',
    '/%00//H',
    '/;//H',
    '/%09/H',
  ],
  ...['//H#@app.example.com/', '//app.example.com@H', 'https://app.example.com@H/', 'https://app.example.com.H/'],
  ...['https://app.example.com:443@H', '//%48', '/%0d%0aLocation:%20https://H', '?//H', '#//H', '.H', '@H', ':80//H'],
];
const others = [
  ...['javascript:alert(1)', 'data:text/html,x', 'about:blank', 'vbscript:x', '', 'a', '?', '#', '../', '*', null],
  ...[
    '/.rolegate/sign-in/corp',
    '/.rolegate/sign-out',
    '/a/../.rolegate/sign-out',
    '/%2erolegate/sign-out',
    `/${'a'.repeat(4_000)}`,
  ],
];
const hostile = [
  ...hosts.flatMap((host) => forms.map((form) => form.replaceAll('H', host))),
  ...others,
  ...hostileTargets,
];

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
  const naive = hostile.filter((text) => typeof text === 'string' && text.startsWith('/'));
  const away = naive.filter((text) => URL.canParse(text!, origin) && new URL(text!, origin).origin !== origin);
  expect(away.length).toBeGreaterThan(30);
});
