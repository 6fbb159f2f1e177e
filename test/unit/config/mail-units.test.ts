/** Senders and mail servers in their configured forms. */
import { describe, expect, test } from 'vitest';
import { isThisMachine, parseMailbox, parseSmtpUrl } from '../../../src/config/units/mail.ts';

describe('senders', () => {
  test.each([
    ['no-reply@example.test', '', 'no-reply@example.test'],
    ['Rolegate <no-reply@example.test>', 'Rolegate', 'no-reply@example.test'],
    ['"Example GmbH" <a@b.test>', 'Example GmbH', 'a@b.test'],
    ['Käthe Ölßner <a@b.test>', 'Käthe Ölßner', 'a@b.test'],
    ['<a@b.test>', '', 'a@b.test'],
  ])('%s', (text, name, address) => {
    expect(parseMailbox(text)).toEqual({ name, address });
  });

  test.each([
    ['no address', 'Rolegate'],
    ['two addresses', 'a@b.test, c@d.test'],
    ['two addresses after a name', 'A <a@b.test>, <c@d.test>'],
    ['an address in the name', 'c@d.test <a@b.test>'],
    ['a line break in the name', 'A\r\nBcc: x@y.test <a@b.test>'],
    ['a line break in the address', 'a@b.test\r\nBcc: x@y.test'],
    ['a line separator', 'A\u2028B <a@b.test>'],
    ['a change of text direction', 'A\u202eB <a@b.test>'],
    ['a quote in the name', 'A"B <a@b.test>'],
    ['a very long name', `${'a'.repeat(101)} <a@b.test>`],
    ['a very long address', `a@${`${'b'.repeat(60)}.`.repeat(5)}test`],
  ])('refuses %s', (_, text) => {
    expect(parseMailbox(text)).toBeNull();
  });
});

describe('mail servers', () => {
  test.each([
    ['smtp://mail', { host: 'mail', port: 587, implicitTls: false, credentials: null }],
    ['SMTP://mail:25/', { host: 'mail', port: 25, implicitTls: false, credentials: null }],
    ['smtps://mail', { host: 'mail', port: 465, implicitTls: true, credentials: null }],
    ['smtp://[::1]:2525', { host: '::1', port: 2525, implicitTls: false, credentials: null }],
    [
      'smtp://ann%40b.test:p%2Fw%20d@mail:587',
      { host: 'mail', port: 587, implicitTls: false, credentials: { user: 'ann@b.test', password: 'p/w d' } },
    ],
    [
      'smtps://token@mail',
      { host: 'mail', port: 465, implicitTls: true, credentials: { user: 'token', password: '' } },
    ],
  ])('%s', (text, server) => {
    expect(parseSmtpUrl(text)).toEqual(server);
  });

  test.each([
    ['another scheme', 'http://mail'],
    ['no scheme', 'mail:25'],
    ['a path', 'smtp://mail/x'],
    ['options', 'smtp://mail?tls.rejectUnauthorized=false'],
    ['a fragment', 'smtp://mail#x'],
    ['no host', 'smtp://'],
    ['port 0', 'smtp://mail:0'],
    ['a port beyond 65535', 'smtp://mail:65536'],
    ['a password without a user', 'smtp://:x@mail'],
    ['a broken percent-escape', 'smtp://a%zz:x@mail'],
    ['a line break in the password', 'smtp://a:x%0d%0aQUIT@mail'],
    ['a blank', 'smtp://ma il'],
  ])('refuses %s', (_, text) => {
    expect(parseSmtpUrl(text)).toBeNull();
  });

  test.each([
    ['localhost', true],
    ['127.0.0.1', true],
    ['127.9.9.9', true],
    ['::1', true],
    ['128.0.0.1', false],
    ['127.0.0.1.example.test', false],
    ['mail', false],
  ])('%s is a local server: %s', (host, expected) => {
    expect(isThisMachine(host)).toBe(expected);
  });
});
