/** Routes with their own path readings: what is matched, what is forwarded, and what is still refused. */
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
    ['is a separator', files, '/files%2Fa', 'files /files/a'],
    ['comes first', files, '/%2Ffiles%2Fa', 'files /files/a'],
    ['is merged with others', files, '/files/a%2F%2Fb', 'files /files/a/b'],
    [
      'does not bypass a rule',
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
    ['is refused next to dots', files, '/files/..%2fadmin', 'path_ambiguous'],
    ['is refused when escaped twice', files, '/files/a%252fb', 'path_ambiguous'],
    ['with something else that is not tolerated', files, '/files/a%2fb;c', 'path_ambiguous'],
    [
      'with something else that is tolerated',
      [{ on: '/files/**', id: 'files', reading: decode, tolerates: semicolon }],
      '/files/a%2fb;c',
      'files /files/a/b;c',
    ],
    ['leads to no route', files, '/other%2Fa', 'path_ambiguous'],
    [
      'has two readings on two routes',
      [
        { on: '/x/{a}', tolerates: encodedSlash },
        { on: '/x/{a}/{b}', reading: decode },
      ],
      '/x/a%2Fb',
      'path_ambiguous',
    ],
    [
      'is kept only by a route with another method',
      [
        { on: '/x/{a}', tolerates: encodedSlash, methods: ['PUT'] },
        { on: '/x/{a}/{b}', id: 'two', reading: decode },
      ],
      '/x/a%2Fb',
      'two /x/a/b',
    ],
    [
      'follows a removed prefix',
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
    ['are forwarded where the rest matches them', [keys], '/keys/a//b', 'keys /keys/a//b'],
    ['follow the literals directly', [keys], '/keys//a', 'keys /keys//a'],
    ['come last', [keys], '/keys/a//', 'keys /keys/a//'],
    ['alone', [keys], '/keys///', 'keys /keys///'],
    ['never come first', [{ on: '/**', id: 'all', reading: slashes }], '//evil.test/a', 'path_ambiguous'],
    ['never precede a literal', [keys], '//keys/a', 'path_ambiguous'],
    ['never match a parameter', [{ on: '/x/{id}/y', reading: slashes }], '/x//1/y', 'path_ambiguous'],
    ['never end a pattern', [{ on: '/x', reading: slashes }], '/x//', 'path_ambiguous'],
    ['are merged for other routes', [keys, { on: '/keys/admin', id: 'admin' }], '/keys//admin', 'admin /keys/admin'],
    ['do not bypass a rule', [keys, { on: '/keys/admin', access: 'deny' }], '/keys///admin', 'access_denied'],
    ['occur with dot segments', [keys], '/keys/a//../b', 'keys /keys/a/b'],
    [
      'occur with dot segments that lead to another route',
      [keys, { on: '/keys/a/admin', access: 'deny' }, { on: '/keys/admin', id: 'two' }],
      '/keys/a//../admin',
      'two /keys/admin',
    ],
    [
      'occur with dot segments that a service reads as another route',
      [keys, { on: '/keys/a/b', access: 'deny' }],
      '/keys/a//../b',
      'path_ambiguous',
    ],
    [
      'occur with dot segments before a slash that stays',
      [keys, { on: '/keys/a/b/c', access: 'deny' }],
      '/keys/a//../b//c',
      'path_ambiguous',
    ],
    ['do not occur', [keys], '/keys/a/b', 'keys /keys/a/b'],
    [
      'come first after a prefix is removed',
      [{ ...keys, rewrite: { stripPrefix: '/keys', addPrefix: '' } }],
      '/keys//a',
      'path_ambiguous',
    ],
    [
      'do not come first after a prefix is replaced',
      [{ ...keys, rewrite: { stripPrefix: '/keys', addPrefix: '/s3' } }],
      '/keys//a',
      'keys /s3//a',
    ],
  ] as const)('%s', (_name, specs, path, expected) => {
    expect(forwardedAs(specs, path)).toBe(expected);
  });
});

describe('kept spellings that read as a more specific route', () => {
  const all: RouteSpec = { on: '/**', id: 'all', tolerates: keepAll };
  const admin: RouteSpec = { on: '/admin/{x}', id: 'admin', access: 'deny' };
  test.each([
    ['escaped slash', '/admin%2Fx', 'path_ambiguous'],
    ['path parameter', '/admin;a/x', 'path_ambiguous'],
    ['escaped path parameter', '/admin%3Ba/x', 'path_ambiguous'],
    ['double escape', '/%2561dmin/x', 'path_ambiguous'],
    ['triple escape', '/%252561dmin/x', 'path_ambiguous'],
    ['double escape of a slash', '/admin%252Fx', 'path_ambiguous'],
    ['double escape of a parameter', '/admin%253Ba%252fx', 'path_ambiguous'],
    ['a parameter on an empty segment', '/;a/admin/x', 'path_ambiguous'],
    ['all of them', '/%2561dmin;a%2Fx', 'path_ambiguous'],
    ['double escape of dots', '/a/%252e%252e/admin/x', 'path_ambiguous'],
    ['double escape of a backslash', '/a%255cb', 'path_ambiguous'],
    ['double escape of NUL', '/a%2500', 'path_ambiguous'],
    ['an absurd number of escapes', `/%${'25'.repeat(40)}61`, 'path_ambiguous'],
    ['the other route in the same reading', '/admin/x;a', 'path_ambiguous'],
    ['a spelling of neither route', '/public%2Fx;a%2562', 'all /public%2Fx;a%2562'],
  ])('%s', (_name, path, expected) => {
    expect(forwardedAs([all, admin], path)).toBe(expected);
  });

  test('a less specific route does not count: the catch-all next to a route for names with slashes', () => {
    const specs = [
      { on: '/projects/{id}', id: 'project', tolerates: keepAll },
      { on: '/**', id: 'all' },
    ];
    expect(forwardedAs(specs, '/projects/group%2Fname')).toBe('project /projects/group%2Fname');
  });

  test('the host decides before the path', () => {
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
