/** How routes read paths in their own way: what is matched, what is forwarded, and what is refused all the same. */
import { describe, expect, test } from 'vitest';
import { Ambiguity } from '../../../src/core/url/ambiguity.ts';
import { otherReadings } from '../../../src/core/url/other-readings.ts';
import { forwardedAs } from './forwarded-as.ts';
import type { RouteSpec } from './make-policy.ts';

const decode = { encodedSlash: 'decode' } as const;
const slashes = { mergeSlashes: false } as const;
const { encodedSlash, semicolon, doubleEncoding } = Ambiguity;
const keepAll = encodedSlash | semicolon | doubleEncoding;

describe('an escaped slash that the service decodes', () => {
  const files: RouteSpec[] = [{ on: '/files/**', id: 'files', reading: decode }];
  test.each([
    ['is forwarded as a slash', files, '/files/a%2fb', 'files /files/a/b'],
    ['is a border', files, '/files%2Fa', 'files /files/a'],
    ['stands in front', files, '/%2Ffiles%2Fa', 'files /files/a'],
    ['is merged with others', files, '/files/a%2F%2Fb', 'files /files/a/b'],
    [
      'is no way around a rule',
      [...files, { on: '/files/admin', access: 'deny', reading: decode }],
      '/files%2Fadmin',
      'access_denied',
    ],
    [
      'does not lead to a route that refuses it',
      [...files, { on: '/files/admin', id: 'admin' }],
      '/files%2Fadmin',
      'path_ambiguous',
    ],
    ['beside dots is refused', files, '/files/..%2fadmin', 'path_ambiguous'],
    ['escaped twice is another matter', files, '/files/a%252fb', 'path_ambiguous'],
    ['with something else that is not tolerated', files, '/files/a%2fb;c', 'path_ambiguous'],
    [
      'with something else that is tolerated',
      [{ on: '/files/**', id: 'files', reading: decode, tolerates: semicolon }],
      '/files/a%2fb;c',
      'files /files/a/b;c',
    ],
    ['and leads nowhere', files, '/other%2Fa', 'path_ambiguous'],
    [
      'where two routes read it in two ways',
      [
        { on: '/x/{a}', tolerates: encodedSlash },
        { on: '/x/{a}/{b}', reading: decode },
      ],
      '/x/a%2Fb',
      'path_ambiguous',
    ],
    [
      'where the route that would keep it has another method',
      [
        { on: '/x/{a}', tolerates: encodedSlash, methods: ['PUT'] },
        { on: '/x/{a}/{b}', id: 'two', reading: decode },
      ],
      '/x/a%2Fb',
      'two /x/a/b',
    ],
    [
      'after a prefix is taken off',
      [{ on: '/api/**', id: 'api', reading: decode, rewrite: { stripPrefix: '/api', addPrefix: '' } }],
      '/api%2Fx',
      'api /x',
    ],
  ] as const)('%s', (_name, specs, path, expected) => {
    expect(forwardedAs(specs, path)).toBe(expected);
  });
});

describe('slashes that are not merged', () => {
  const keys: RouteSpec = { on: '/keys/**', id: 'keys', reading: slashes };
  test.each([
    ['are forwarded where the rest takes them', [keys], '/keys/a//b', 'keys /keys/a//b'],
    ['right behind the literals', [keys], '/keys//a', 'keys /keys//a'],
    ['at the end', [keys], '/keys/a//', 'keys /keys/a//'],
    ['alone', [keys], '/keys///', 'keys /keys///'],
    ['never in front', [{ on: '/**', id: 'all', reading: slashes }], '//evil.test/a', 'path_ambiguous'],
    ['never before a literal', [keys], '//keys/a', 'path_ambiguous'],
    ['never for a parameter', [{ on: '/x/{id}/y', reading: slashes }], '/x//1/y', 'path_ambiguous'],
    ['nor where a pattern ends', [{ on: '/x', reading: slashes }], '/x//', 'path_ambiguous'],
    ['are merged for other routes', [keys, { on: '/keys/admin', id: 'admin' }], '/keys//admin', 'admin /keys/admin'],
    ['are no way around a rule', [keys, { on: '/keys/admin', access: 'deny' }], '/keys///admin', 'access_denied'],
    ['with dot segments', [keys], '/keys/a//../b', 'keys /keys/a/b'],
    [
      'with dot segments that lead to another route',
      [keys, { on: '/keys/a/admin', access: 'deny' }, { on: '/keys/admin', id: 'two' }],
      '/keys/a//../admin',
      'two /keys/admin',
    ],
    [
      'with dot segments that a service reads as another route',
      [keys, { on: '/keys/a/b', access: 'deny' }],
      '/keys/a//../b',
      'path_ambiguous',
    ],
    [
      'with dot segments before a slash that stays',
      [keys, { on: '/keys/a/b/c', access: 'deny' }],
      '/keys/a//../b//c',
      'path_ambiguous',
    ],
    ['a path without any', [keys], '/keys/a/b', 'keys /keys/a/b'],
    [
      'a prefix that leaves them in front',
      [{ ...keys, rewrite: { stripPrefix: '/keys', addPrefix: '' } }],
      '/keys//a',
      'path_ambiguous',
    ],
    [
      'a prefix that does not',
      [{ ...keys, rewrite: { stripPrefix: '/keys', addPrefix: '/s3' } }],
      '/keys//a',
      'keys /s3//a',
    ],
  ] as const)('%s', (_name, specs, path, expected) => {
    expect(forwardedAs(specs, path)).toBe(expected);
  });
});

describe('kept spellings whose other reading is a more specific route', () => {
  const all: RouteSpec = { on: '/**', id: 'all', tolerates: keepAll };
  const admin: RouteSpec = { on: '/admin/{x}', id: 'admin', access: 'deny' };
  test.each([
    ['escaped slash', '/admin%2Fx', 'path_ambiguous'],
    ['path parameter', '/admin;a/x', 'path_ambiguous'],
    ['escaped path parameter', '/admin%3Ba/x', 'path_ambiguous'],
    ['double escape', '/%2561dmin/x', 'path_ambiguous'],
    ['thrice escaped', '/%252561dmin/x', 'path_ambiguous'],
    ['double escape of a slash', '/admin%252Fx', 'path_ambiguous'],
    ['double escape of a parameter', '/admin%253Ba%252fx', 'path_ambiguous'],
    ['a parameter of nothing', '/;a/admin/x', 'path_ambiguous'],
    ['all of them', '/%2561dmin;a%2Fx', 'path_ambiguous'],
    ['double escape of dots', '/a/%252e%252e/admin/x', 'path_ambiguous'],
    ['double escape of a backslash', '/a%255cb', 'path_ambiguous'],
    ['double escape of NUL', '/a%2500', 'path_ambiguous'],
    ['so many escapes that nobody means them', `/%${'25'.repeat(40)}61`, 'path_ambiguous'],
    ['the other route in the same reading', '/admin/x;a', 'path_ambiguous'],
    ['nothing of the other route', '/public%2Fx;a%2562', 'all /public%2Fx;a%2562'],
  ])('%s', (_name, path, expected) => {
    expect(forwardedAs([all, admin], path)).toBe(expected);
  });

  test('a less specific route has no say: the catch-all behind a route for names with slashes', () => {
    const specs = [
      { on: '/projects/{id}', id: 'project', tolerates: keepAll },
      { on: '/**', id: 'all' },
    ];
    expect(forwardedAs(specs, '/projects/group%2Fname')).toBe('project /projects/group%2Fname');
  });

  test('a host goes before the path', () => {
    const specs = [
      { on: 'api.example.test/**', id: 'here', tolerates: keepAll },
      { on: '/admin/x', id: 'anywhere' },
    ];
    expect(forwardedAs(specs, '/admin%2Fx')).toBe('here /admin%2Fx');
  });
});

test.each([
  ['/a', []],
  ['/a%2Fb', ['/a/b']],
  ['/a;b/c', ['/a/c']],
  ['/a%2541', ['/aA']],
  ['/a%2F;x', ['/a/;x', '/a%2F', '/a/']],
  ['/%252e', null],
  ['/%255c', null],
] as const)('other readings of %s', (path, expected) => {
  const readings = otherReadings(path);
  if (expected === null) expect(readings).toBeNull();
  else expect(new Set(readings)).toEqual(new Set(expected));
});
