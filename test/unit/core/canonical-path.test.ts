/** Canonical paths row by row (RFC 3986 sections 2.3, 3.3, 5.2.4, 6.2.2; RFC 3629). */
import { describe, expect, test } from 'vitest';
import { Ambiguity } from '../../../src/core/url/ambiguity.ts';
import { canonicalPath } from '../../../src/core/url/canonical-path.ts';

const { encodedSlash, semicolon, doubleEncoding, ends, lookAlikes, encodedEnd } = Ambiguity;

describe('read unambiguously', () => {
  test.each([
    ['root', '/', '/'],
    ['plain segments', '/v1/orders/7', '/v1/orders/7'],
    ['a trailing slash stays', '/a/', '/a/'],
    ['letters keep their case', '/Admin/ADMIN', '/Admin/ADMIN'],
    ['every unreserved punctuation mark', '/-._~', '/-._~'],
    ['every sub-delimiter but the semicolon, ":" and "@"', "/!$&'()*+,=:@", "/!$&'()*+,=:@"],
    ['escaped letter is decoded', '/%61dmin', '/admin'],
    ['escaped capital stays a capital', '/%41', '/A'],
    ['escaped digit is decoded', '/%37', '/7'],
    ['escaped "~" in lower-case hex', '/%7euser', '/~user'],
    ['escaped "-", "_"', '/%2d%5F', '/-_'],
    ['hex is upper-cased', '/a%3a%3A', '/a%3A%3A'],
    [
      'escaped reserved characters stay escaped',
      '/%21%24%26%27%28%29%2a%2b%2c%3d%40',
      '/%21%24%26%27%28%29%2A%2B%2C%3D%40',
    ],
    ['escaped space stays escaped', '/a%20b', '/a%20b'],
    ['double slash merged', '//a//b///c', '/a/b/c'],
    ['trailing slashes merged to one', '/a///', '/a/'],
    ['only slashes', '////', '/'],
    ['single dot removed', '/a/./b', '/a/b'],
    ['single dot at the end leaves the slash', '/a/.', '/a/'],
    ['single dot and slash at the end', '/a/./', '/a/'],
    ['double dot removes a segment', '/a/b/../c', '/a/c'],
    ['double dot at the end leaves the slash', '/a/b/..', '/a/'],
    ['double dot back to the root', '/a/..', '/'],
    ['double dot above the root', '/../../a', '/a'],
    ['only double dots', '/../..', '/'],
    ['many dot segments', '/a/./b/../../c/./d/..', '/c/'],
    ['dots within a name', '/.hidden/a..b/c.d', '/.hidden/a..b/c.d'],
    ['two dots and a letter', '/..a/b', '/..a/b'],
    ['escaped dot within a name', '/a%2ejson', '/a.json'],
    ['escaped dot before a name', '/%2ehidden', '/.hidden'],
    ['two-byte UTF-8', '/caf%c3%a9', '/caf%C3%A9'],
    ['three-byte UTF-8', '/%e2%82%ac', '/%E2%82%AC'],
    ['four-byte UTF-8', '/%f0%9f%98%80', '/%F0%9F%98%80'],
    ['last character before the surrogates', '/%ed%9f%bf', '/%ED%9F%BF'],
    ['last code point', '/%f4%8f%bf%bf', '/%F4%8F%BF%BF'],
    ['escaped percent that starts no escape', '/100%25', '/100%25'],
    ['escaped percent before a word', '/%25off', '/%25off'],
    ['escaped percent before one hex digit', '/%25a', '/%25a'],
    [
      'printable characters that are not allowed in a path are escaped',
      '/a|b"c<d>e^f`g{h}',
      '/a%7Cb%22c%3Cd%3Ee%5Ef%60g%7Bh%7D',
    ],
    ['brackets are escaped', '/a[0]', '/a%5B0%5D'],
  ])('%s', (_name, input, path) => {
    expect(canonicalPath(input)).toMatchObject({ path, ambiguities: 0 });
  });
});

describe('read with an ambiguity mark', () => {
  test.each([
    ['three dots are a name', '/.../a', '/.../a', ends],
    ['three escaped dots are a name', '/%2e%2e%2e', '/...', ends],
    ['a dot at the end', '/c.', '/c.', ends],
    ['a dot at the end of a segment', '/b../c', '/b../c', ends],
    ['an escaped dot at the end', '/c%2e', '/c.', ends],
    ['a trailing space', '/a%20', '/a%20', ends],
    ['an ogham space mark', '/a%E1%9A%80', '/a%E1%9A%80', ends],
    ['a next-line character (NEL)', '/a%C2%85', '/a%C2%85', ends],
    ['a line separator', '/a%E2%80%A8', '/a%E2%80%A8', ends],
    ['an escaped question mark', '/a%3fb', '/a%3Fb', encodedEnd],
    ['an escaped number sign', '/a%23b', '/a%23b', encodedEnd],
    ['a soft hyphen', '/ad%C2%ADmin', '/ad%C2%ADmin', lookAlikes],
    ['a zero-width joiner', '/ad%E2%80%8Dmin', '/ad%E2%80%8Dmin', lookAlikes],
    ['a word joiner', '/ad%E2%81%A0min', '/ad%E2%81%A0min', lookAlikes],
    ['a yen sign', '/a%C2%A5b', '/a%C2%A5b', lookAlikes],
    ['a won sign', '/a%E2%82%A9b', '/a%E2%82%A9b', lookAlikes],
    ['a set minus', '/a%E2%88%96b', '/a%E2%88%96b', lookAlikes],
    ['an ideographic full stop', '/a%E3%80%82b', '/a%E3%80%82b', lookAlikes],
    ['a letter with a combining accent', '/cafe%CC%81', '/cafe%CC%81', lookAlikes],
    ['escaped slash', '/a%2Fb', '/a%2Fb', encodedSlash],
    ['escaped slash in lower-case hex', '/a%2fb', '/a%2Fb', encodedSlash],
    ['escaped slashes only', '/%2f%2f', '/%2F%2F', encodedSlash],
    ['path parameter', '/a;v=1/b', '/a;v=1/b', semicolon],
    ['semicolon at the end', '/admin;', '/admin;', semicolon],
    ['escaped semicolon: some services decode before they split', '/admin%3bx', '/admin%3Bx', semicolon],
    ['doubly escaped slash', '/a%252fb', '/a%252fb', doubleEncoding],
    ['doubly escaped dots', '/%252e%252E', '/%252e%252E', doubleEncoding],
    ['doubly escaped letter', '/%2561', '/%2561', doubleEncoding],
    ['triply escaped', '/%25252f', '/%25252f', doubleEncoding],
    ['double escape made of escaped hex digits', '/a%25%32%66b', '/a%252fb', doubleEncoding],
    ['double escape whose second digit is escaped', '/a%252%66', '/a%252f', doubleEncoding],
    ['all three at once', '/a%2fb;c%252f', '/a%2Fb;c%252f', encodedSlash | semicolon | doubleEncoding],
  ])('%s', (_name, input, path, ambiguities) => {
    expect(canonicalPath(input)).toMatchObject({ path, ambiguities });
  });
});

describe('refused', () => {
  test.each([
    ['dots and a yen sign', '/a/..%C2%A5b', 'path_ambiguous'],
    ['dots and a won sign', '/a/..%E2%82%A9b', 'path_ambiguous'],
    ['dots and a set minus', '/a/..%E2%88%96b', 'path_ambiguous'],
    ['ideographic full stops', '/a/%E3%80%82%E3%80%82/b', 'path_ambiguous'],
    ['halfwidth ideographic full stops', '/a/%EF%BD%A1%EF%BD%A1/b', 'path_ambiguous'],
    ['too many levels of escaping', '/a%2525252561', 'path_ambiguous'],
    ['more than 30 marks on a letter', `/a${'%CC%80%CC%96'.repeat(16)}`, 'path_ambiguous'],
    ['8 kB of marks', `/${'%CC%80%CC%96'.repeat(680)}`, 'path_ambiguous'],
    ['more than 256 marks', `/${`a${'%CC%96'.repeat(30)}`.repeat(9)}`, 'path_ambiguous'],
    ['more than 256 letters with separate accents', `/${'e%CC%81'.repeat(257)}`, 'path_ambiguous'],
    ['escaped dot segment', '/a/%2e%2e/b', 'path_ambiguous'],
    ['escaped dot segment in upper-case hex', '/a/%2E%2E/b', 'path_ambiguous'],
    ['half-escaped dot segment', '/a/.%2e/b', 'path_ambiguous'],
    ['half-escaped dot segment, second dot', '/a/%2e./b', 'path_ambiguous'],
    ['escaped single dot', '/a/%2e/b', 'path_ambiguous'],
    ['escaped dot segment at the end', '/a/%2e%2e', 'path_ambiguous'],
    ['dot segment with a path parameter', '/a/..;/b', 'path_ambiguous'],
    ['dot segment with a named path parameter', '/a/..;v=1/b', 'path_ambiguous'],
    ['single dot with a path parameter', '/a/.;/b', 'path_ambiguous'],
    ['dot segment with an escaped semicolon', '/a/..%3b/b', 'path_ambiguous'],
    ['escaped dot segment with a path parameter', '/a/%2e%2e;/b', 'path_ambiguous'],
    ['dot segment before an escaped slash', '/a/..%2fb', 'path_ambiguous'],
    ['dot segment between escaped slashes', '/a%2f..%2fb', 'path_ambiguous'],
    ['dot segment after an escaped slash', '/a%2f..', 'path_ambiguous'],
    ['escaped dot segment between escaped slashes', '/a%2f%2e%2e%2fb', 'path_ambiguous'],
    ['backslash', '/a\\b', 'path_ambiguous'],
    ['escaped backslash', '/a%5cb', 'path_ambiguous'],
    ['escaped backslash in upper-case hex', '/a%5Cb', 'path_ambiguous'],
    ['backslash and dots', '/a/..\\b', 'path_ambiguous'],
    ['escaped NUL', '/a%00.png', 'path_ambiguous'],
    ['escaped line feed', '/a%0ab', 'target_invalid'],
    ['escaped carriage return and line feed', '/a%0D%0Ab', 'target_invalid'],
    ['escaped tab', '/a%09', 'target_invalid'],
    ['escaped unit separator', '/a%1f', 'target_invalid'],
    ['escaped DEL', '/a%7f', 'target_invalid'],
    ['raw tab', '/a\tb', 'target_invalid'],
    ['raw line feed', '/a\nb', 'target_invalid'],
    ['raw DEL', '/a\x7f', 'target_invalid'],
    ['raw space', '/a b', 'target_invalid'],
    ['fragment sign', '/a#b', 'target_invalid'],
    ['raw byte beyond ASCII', '/caf\xe9', 'target_invalid'],
    ['raw character beyond Latin-1', '/\u20ac', 'target_invalid'],
    ['lone surrogate', '/\ud800', 'target_invalid'],
    ['fullwidth full stops', '/\uff0e\uff0e/', 'target_invalid'],
    ['lone percent', '/%', 'target_invalid'],
    ['percent and one digit', '/a%2', 'target_invalid'],
    ['percent and no hex digits', '/a%zz', 'target_invalid'],
    ['percent before an escape', '/a%%32%66', 'target_invalid'],
    ['percent-u escape', '/%u0061', 'target_invalid'],
    ['hex with a sign', '/%+1', 'target_invalid'],
    ['hex with a space', '/% 1', 'target_invalid'],
    ['lone continuation byte', '/%80', 'target_invalid'],
    ['lone lead byte', '/%c3', 'target_invalid'],
    ['lead byte before a letter', '/%c3a', 'target_invalid'],
    ['lead byte before an escaped letter', '/%c3%28', 'target_invalid'],
    ['lead byte before a slash', '/%c3/%a9', 'target_invalid'],
    ['overlong slash', '/%c0%af', 'target_invalid'],
    ['overlong dots', '/%c0%ae%c0%ae', 'target_invalid'],
    ['overlong in three bytes', '/%e0%80%af', 'target_invalid'],
    ['overlong in four bytes', '/%f0%80%80%af', 'target_invalid'],
    ['escaped surrogate', '/%ed%a0%80', 'target_invalid'],
    ['beyond the last code point', '/%f4%90%80%80', 'target_invalid'],
    ['five-byte form', '/%f8%88%80%80%80', 'target_invalid'],
    ['byte that UTF-8 never uses', '/%ff', 'target_invalid'],
    ['truncated three-byte form', '/%e2%82', 'target_invalid'],
    ['two-byte form with a raw second byte', '/%c3\xa9', 'target_invalid'],
  ])('%s', (_name, input, reason) => {
    expect(canonicalPath(input)).toBe(reason);
  });
});

describe('bounds', () => {
  test.each([
    ['segments', (count: number) => '/a'.repeat(count), 256, 'target_too_long'],
    ['segments that are merged', (count: number) => `${'/'.repeat(count - 1)}/.a`, 256, 'target_too_long'],
    ['semicolons', (count: number) => `/${';a'.repeat(count)}`, 64, 'path_ambiguous'],
    ['escaped slashes', (count: number) => `/a${'%2Fa'.repeat(count)}`, 64, 'path_ambiguous'],
    ['escapes of an escape', (count: number) => `/a${'%2561'.repeat(count)}`, 64, 'path_ambiguous'],
    ['escaped question marks', (count: number) => `/a${'%3Fa'.repeat(count)}`, 64, 'path_ambiguous'],
    ['full-width letters', (count: number) => `/${'%EF%BD%81'.repeat(count)}`, 64, 'path_ambiguous'],
    [
      'several kinds together',
      (count: number) => `/${';a'.repeat(32)}${'%2Fa'.repeat(count - 32)}`,
      64,
      'path_ambiguous',
    ],
  ])('%s', (_name, write, most, reason) => {
    expect(canonicalPath(write(most))).toHaveProperty('path');
    expect(canonicalPath(write(most + 1))).toBe(reason);
  });

  test('does not count characters of other scripts', () => {
    expect(canonicalPath(`/${'%E3%83%95'.repeat(800)}`)).toMatchObject({ ambiguities: 0 });
  });
});
