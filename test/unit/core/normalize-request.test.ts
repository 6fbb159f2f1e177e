/** How method, host and target are parsed (RFC 9112 section 3, RFC 9110 sections 4.2 and 7.2). */
import { describe, expect, test } from 'vitest';
import { normalizeRequest } from '../../../src/core/request/normalize-request.ts';
import type { RequestView } from '../../../src/core/request/request-view.ts';

const host = ['Host', 'api.example.test'];

function read(
  method: string,
  target: string,
  rawHeaders: readonly string[] = host,
  httpVersion: '1.0' | '1.1' = '1.1',
) {
  const view: RequestView = { method, target, rawHeaders, httpVersion };
  return normalizeRequest(view);
}

describe('accepted targets', () => {
  test.each([
    ['origin form', '/a/b', '/a/b', ''],
    ['query kept as received', '/a?x=1&y=%2f..%0d%0a', '/a', '?x=1&y=%2f..%0d%0a'],
    ['empty query', '/a?', '/a', '?'],
    ['question marks in a query', '/a?b?c', '/a', '?b?c'],
    ['slashes and dots in a query', '/a?/../b//c', '/a', '?/../b//c'],
    ['semicolon in a query', '/a?x;y', '/a', '?x;y'],
    ['two slashes are a path, not a host', '//admin/public/x', '/admin/public/x', ''],
    ['absolute form', 'http://api.example.test/a?b', '/a', '?b'],
    ['absolute form with https', 'https://api.example.test/a', '/a', ''],
    ['absolute form in capitals', 'HTTP://API.Example.TEST/A', '/A', ''],
    ['absolute form without a path', 'http://api.example.test', '/', ''],
    ['absolute form with only a query', 'http://api.example.test?x', '/', '?x'],
    ['absolute form under the same path rules', 'http://api.example.test//a/./%62/../c', '/a/c', ''],
  ])('%s', (_name, target, path, query) => {
    expect(read('GET', target)).toMatchObject({
      method: 'GET',
      host: 'api.example.test',
      authority: 'api.example.test',
      path,
      query,
      ambiguities: 0,
    });
  });
});

describe('refused targets', () => {
  test.each([
    ['empty', '', 'target_invalid'],
    ['no leading slash', 'a/b', 'target_invalid'],
    ['asterisk', '*', 'target_invalid'],
    ['only a query', '?x', 'target_invalid'],
    ['authority form', 'api.example.test:80', 'target_invalid'],
    ['other scheme', 'ftp://api.example.test/a', 'target_invalid'],
    ['scheme without authority', 'http:/a', 'target_invalid'],
    ['script', 'javascript://api.example.test/a', 'target_invalid'],
    ['fragment', '/a#b', 'target_invalid'],
    ['fragment after a query', '/a?b#c', 'target_invalid'],
    ['fragment of an absolute form', 'http://api.example.test#/a', 'target_invalid'],
    ['control character in a query', '/a?b\x01', 'target_invalid'],
    ['line feed in a query', '/a?b\nc: d', 'target_invalid'],
    ['space in a query', '/a?b c', 'target_invalid'],
    ['DEL in a query', '/a?\x7f', 'target_invalid'],
    ['character beyond Latin-1 in a query', '/a?\u0100', 'target_invalid'],
    ['ambiguous path', '/a/%2e%2e/b', 'path_ambiguous'],
    ['ambiguous path in absolute form', 'http://api.example.test/a\\b', 'path_ambiguous'],
    ['leading backslash', '\\a', 'target_invalid'],
  ])('%s', (_name, target, reason) => {
    expect(read('GET', target)).toBe(reason);
  });

  test.each([
    ['another host', 'http://other.test/a'],
    ['a longer host', 'http://api.example.test.evil.test/a'],
    ['a port that the Host lacks', 'http://api.example.test:8080/a'],
    ['an invalid port', 'http://api.example.test:x/a'],
    ['an empty authority', 'http:///a'],
    ['user information', 'http://user@api.example.test/a'],
    ['user information that looks like the host', 'http://api.example.test@evil.test/a'],
    ['user information before a backslash', 'http://evil.test\\@api.example.test/a'],
  ])('absolute form with %s', (_name, target) => {
    expect(['host_invalid', 'target_invalid']).toContain(read('GET', target));
  });
});

describe('hosts', () => {
  test.each([
    ['plain', 'api.example.test', 'api.example.test'],
    ['capitals', 'API.Example.Test', 'api.example.test'],
    ['trailing dot', 'api.example.test.', 'api.example.test'],
    ['port', 'api.example.test:8080', 'api.example.test'],
    ['trailing dot and port', 'api.example.test.:80', 'api.example.test'],
    ['IPv4', '127.0.0.1:8080', '127.0.0.1'],
    ['IPv6', '[::1]', '[::1]'],
    ['IPv6 with port', '[2001:DB8::1]:443', '[2001:db8::1]'],
    ['one label', 'localhost', 'localhost'],
    ['underscore', 'my_service', 'my_service'],
  ])('%s', (_name, authority, expected) => {
    expect(read('GET', '/', ['host', authority])).toMatchObject({ host: expected, authority });
  });

  test.each([
    ['empty', ''],
    ['space within', 'api example.test'],
    ['path', 'api.example.test/a'],
    ['query', 'api.example.test?a'],
    ['user information', 'user@api.example.test'],
    ['list', 'api.example.test, other.test'],
    ['backslash', 'api.example.test\\a'],
    ['fragment', 'api.example.test#a'],
    ['escape', 'api%2eexample.test'],
    ['alphabetic port', 'api.example.test:http'],
    ['port too large', 'api.example.test:65536'],
    ['only a port', ':80'],
    ['two ports', 'api.example.test:80:80'],
    ['unclosed IPv6 bracket', '[::1'],
    ['unbracketed IPv6', '::1'],
    ['bracketed word', '[api]'],
    ['bracketed hex word', '[dead]'],
    ['bracketed IPv4', '[127.0.0.1]'],
    ['IPv6 with too many colons', '[:::]'],
    ['label with a leading hyphen', '-api.example.test'],
    ['text after the bracket', '[::1]a'],
    ['only a dot', '.'],
    ['empty label', 'api..example.test'],
    ['control character', 'api\x00.example.test'],
    ['tab', 'api\t.example.test'],
    ['non-breaking space', 'api.example.test\xa0'],
    ['host beyond ASCII', 'caf\xe9.test'],
    ['letter that lower-cases to ASCII', '\u212Aapi.test'],
    ['wildcard', '*.example.test'],
  ])('refuses %s', (_name, authority) => {
    expect(read('GET', '/', ['Host', authority])).toBe('host_invalid');
  });

  test.each([
    ['none in HTTP/1.1', []],
    ['two', [...host, 'host', 'other.test']],
    ['two equal ones', [...host, ...host]],
    ['two in different spellings', ['HOST', 'api.example.test', 'hOsT', 'api.example.test']],
  ])('refuses %s', (_name, rawHeaders) => {
    expect(read('GET', '/', rawHeaders)).toBe('host_invalid');
    if (rawHeaders.length > 0) expect(read('GET', '/', rawHeaders, '1.0')).toBe('host_invalid');
  });

  test('HTTP/1.0 may omit it', () => {
    expect(read('GET', '/a', [], '1.0')).toMatchObject({ host: '', authority: '', path: '/a' });
  });

  test('a header with a similar name is not Host', () => {
    expect(read('GET', '/', ['Hosts', 'a.test', ...host, 'x-host', 'b.test'])).toMatchObject({
      host: 'api.example.test',
    });
  });
});

describe('methods', () => {
  test.each([
    'GET',
    'HEAD',
    'POST',
    'PUT',
    'PATCH',
    'DELETE',
    'OPTIONS',
    'PROPFIND',
    'FOO',
    'M'.repeat(32),
    "!#$%&'*+-.^_`|~",
  ])('accepts %s unchanged', (method) => {
    expect(read(method, '/')).toMatchObject({ method });
  });

  test.each([
    'TRACE',
    'TRACK',
    'CONNECT',
    'trace',
    'get',
    'DELETe',
    'foo',
    '',
    'G T',
    'GET\r\nX: y',
    'M'.repeat(33),
    'GE(T',
    'G\u00c9T',
  ])('refuses %j', (method) => {
    expect(read(method, '/')).toBe('method_unsupported');
  });
});

describe('framing', () => {
  test.each([
    ['chunked', ['Transfer-Encoding', 'chunked'], null],
    ['chunked in capitals', ['transfer-encoding', 'CHUNKED'], null],
    ['a length', ['Content-Length', '5'], null],
    ['length zero', ['Content-Length', '0'], null],
    ['a length with leading zeros', ['Content-Length', '010'], 'header_invalid'],
    ['a length with a sign', ['Content-Length', '+5'], 'header_invalid'],
    ['a length in hex', ['Content-Length', '0x5'], 'header_invalid'],
    ['a list of lengths', ['Content-Length', '5, 5'], 'header_invalid'],
    ['an empty length', ['Content-Length', ''], 'header_invalid'],
    ['a length beyond the largest number', ['Content-Length', '9'.repeat(17)], 'header_invalid'],
    ['two equal lengths', ['Content-Length', '5', 'content-length', '5'], 'header_invalid'],
    ['a length and a transfer coding', ['Content-Length', '5', 'Transfer-Encoding', 'chunked'], 'header_invalid'],
    ['a transfer coding and a length', ['Transfer-Encoding', 'chunked', 'Content-Length', '5'], 'header_invalid'],
    ['repeated transfer coding', ['Transfer-Encoding', 'chunked', 'transfer-encoding', 'chunked'], 'header_invalid'],
    ['another coding', ['Transfer-Encoding', 'gzip'], 'transfer_coding_unsupported'],
    ['another coding before chunked', ['Transfer-Encoding', 'gzip, chunked'], 'transfer_coding_unsupported'],
    ['chunked in another place than last', ['Transfer-Encoding', 'chunked, identity'], 'transfer_coding_unsupported'],
    ['chunked twice in one value', ['Transfer-Encoding', 'chunked, chunked'], 'transfer_coding_unsupported'],
    ['identity', ['Transfer-Encoding', 'identity'], 'transfer_coding_unsupported'],
    ['vertical tab', ['Transfer-Encoding', '\x0bchunked'], 'transfer_coding_unsupported'],
    ['non-breaking space', ['Transfer-Encoding', 'chunked\xa0'], 'transfer_coding_unsupported'],
    ['empty', ['Transfer-Encoding', ''], 'transfer_coding_unsupported'],
  ])('%s', (_name, headers, reason) => {
    const request = read('POST', '/', [...host, ...headers]);
    if (reason === null) expect(request).toMatchObject({ method: 'POST' });
    else expect(request).toBe(reason);
  });
});
