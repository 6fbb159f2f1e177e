import { describe, expect, test } from 'vitest';
import {
  addressesCollide,
  leadsTo,
  parseInheritedSocket,
  parseListenAddress,
} from '../../../src/config/units/parse-address.ts';
import { parseOrigin } from '../../../src/config/units/parse-origin.ts';
import { formatDuration, parseDuration, parseSize } from '../../../src/config/units/quantities.ts';

describe('durations', () => {
  test.each([
    ['500ms', 500],
    ['5s', 5000],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['30d', 2_592_000_000],
    ['0s', 0],
  ])('parses %s as %d ms and formats it back', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
    expect(formatDuration(ms)).toBe(text);
  });

  test.each(['', '5', 's', '5 s', '05s', '5S', '-5s', '1.5s', '5s ', '5sec', '1h30m', '٥s', '99999999999s'])(
    'refuses "%s"',
    (text) => {
      expect(parseDuration(text)).toBeNull();
    },
  );
});

describe('sizes', () => {
  test.each([
    ['512b', 512],
    ['16kb', 16_384],
    ['10mb', 10_485_760],
    ['10MB', 10_485_760],
    ['2gb', 2_147_483_648],
    ['0b', 0],
  ])('parses %s as %d bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  test.each(['', '10', 'mb', '10 mb', '10mib', '1.5mb', '-1kb', '1e3kb'])('refuses "%s"', (text) => {
    expect(parseSize(text)).toBeNull();
  });
});

describe('listen addresses', () => {
  test.each([
    [':8080', { host: '', port: 8080 }],
    [':0', { host: '', port: 0 }],
    ['127.0.0.1:9090', { host: '127.0.0.1', port: 9090 }],
    ['localhost:80', { host: 'localhost', port: 80 }],
    ['[::1]:80', { host: '::1', port: 80 }],
    ['[::]:65535', { host: '::', port: 65535 }],
  ])('%s', (text, address) => {
    expect(parseListenAddress(text)).toEqual(address);
  });

  test.each([
    '',
    '8080',
    ':',
    ':65536',
    ':08',
    ':-1',
    '127.0.0.1',
    '127.0.0.256:80',
    '1.2.3:80',
    '::1:80',
    '[127.0.0.1]:80',
    '[::1:80',
    '[::g]:80',
    'a b:80',
    'http://a:80',
    'a:80/x',
  ])('refuses "%s"', (text) => {
    expect(parseListenAddress(text)).toBeNull();
  });

  test('an inherited socket is a descriptor after those of input and output', () => {
    expect(parseInheritedSocket('fd:3')).toEqual({ host: '', port: 0, fd: 3 });
    for (const text of ['fd:2', 'fd:100', 'fd:03', 'fd:', 'fd:3 ', 'fd:-3', '3'])
      expect(parseInheritedSocket(text)).toBeNull();
  });

  test.each([
    [':8080', ':8080', true],
    [':8080', '127.0.0.1:8080', true],
    ['[::]:8080', '127.0.0.1:8080', true],
    ['localhost:8080', 'LOCALHOST:8080', true],
    ['10.0.0.1:8080', '127.0.0.1:8080', false],
    [':8080', ':8081', false],
    [':0', ':0', false],
  ])('%s and %s collide: %s', (first, second, collide) => {
    expect(addressesCollide(parseListenAddress(first)!, parseListenAddress(second)!)).toBe(collide);
  });
});

describe('a connection', () => {
  test.each([
    ['http://127.0.0.1:9090', '127.0.0.1:9090', true],
    ['http://localhost:9090', '127.0.0.1:9090', true],
    ['http://a.localhost:9090', '[::1]:9090', true],
    ['http://[::1]:9090', 'localhost:9090', true],
    ['http://[::ffff:127.0.0.1]:9090', '127.0.0.1:9090', true],
    ['http://127.0.0.2:9090', ':9090', true],
    ['http://0.0.0.0:9090', '127.0.0.1:9090', true],
    ['https://127.0.0.1:9090', '0.0.0.0:9090', true],
    ['http://10.0.0.1:9090', '10.0.0.1:9090', true],
    ['http://[2001:db8::1]:9090', '[2001:db8:0::1]:9090', true],
    ['http://gate.internal:9090', 'GATE.internal:9090', true],
    ['http://127.0.0.1', '127.0.0.1:80', true],
    ['https://127.0.0.1', '127.0.0.1:443', true],
    ['http://127.0.0.1:9091', '127.0.0.1:9090', false],
    ['http://127.0.0.1', '127.0.0.1:443', false],
    ['http://10.0.0.2:9090', '10.0.0.1:9090', false],
    ['http://10.0.0.2:9090', ':9090', false],
    ['http://prometheus:9090', '127.0.0.1:9090', false],
    ['http://notlocalhost:9090', '127.0.0.1:9090', false],
    ['http://127.0.0.1:9090', '10.0.0.1:9090', false],
    ['http://127.0.0.1:9090', '127.0.0.1:0', false],
  ])('to %s leads to %s: %s', (text, listened, leads) => {
    const origin = parseOrigin(text, '');
    if (typeof origin !== 'string') throw new Error(origin.message);
    expect(leadsTo(origin, parseListenAddress(listened)!)).toBe(leads);
  });
});

describe('origins', () => {
  test.each([
    ['http://orders-1:8080', 'http://orders-1:8080'],
    ['http://orders-1:8080/', 'http://orders-1:8080'],
    ['HTTPS://Orders.Example.test', 'https://orders.example.test'],
    ['http://[::1]:80', 'http://[::1]'],
  ])('%s', (text, origin) => {
    expect(parseOrigin(text, '')).toBe(origin);
  });

  test.each([
    ['no scheme', 'orders:8080'],
    ['another scheme', 'ftp://orders'],
    ['a path', 'http://orders/base'],
    ['a query', 'http://orders?x=1'],
    ['an empty query', 'http://orders/?'],
    ['a fragment', 'http://orders#x'],
    ['userinfo', 'http://ann:secret@orders'],
    ['empty userinfo', 'http://@orders'],
    ['a backslash', 'http:\\\\orders'],
    ['a blank', 'http://ord ers'],
    ['a line break', 'http://orders\n'],
    ['no host', 'http://'],
    ['only a port', 'http://:80'],
    ['a bad port', 'http://orders:99999'],
    ['a template', 'http://{orders}'],
  ])('refuses %s', (_, text) => {
    expect(parseOrigin(text, 'hint')).toHaveProperty('message');
  });
});
