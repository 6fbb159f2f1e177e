/** Routes whose service ignores letter case: what is matched and forwarded, what ties, and what is still refused. */
import { describe, expect, test } from 'vitest';
import { compileRoutes } from '../../../src/core/routing/compile-routes.ts';
import { foldCase } from '../../../src/core/url/path-reading.ts';
import { forwardedAs } from './forwarded-as.ts';
import { makeRoute, type RouteSpec } from './make-policy.ts';

const anyCase = { caseSensitive: false } as const;

describe('letter case that the service ignores', () => {
  const admin: RouteSpec = { on: '/Admin/{id}/Edit', id: 'admin', reading: anyCase };
  test.each([
    ['literals are forwarded as configured', [admin], '/aDMIN/Xy/eDIT/', 'admin /Admin/Xy/Edit/'],
    ['escaped letters', [admin], '/%61dmin/1/edit', 'admin /Admin/1/Edit'],
    [
      'the stricter route wins',
      [
        { on: '/admin/**', access: 'deny', reading: anyCase },
        { on: '/**', id: 'all' },
      ],
      '/ADMIN/x',
      'access_denied',
    ],
    [
      'a long s is an s',
      [
        { on: '/sales', access: 'deny', reading: anyCase },
        { on: '/**', id: 'all' },
      ],
      '/%C5%BFales',
      'access_denied',
    ],
    [
      'a Kelvin sign is a k',
      [
        { on: '/kiosk', access: 'deny', reading: anyCase },
        { on: '/**', id: 'all' },
      ],
      '/%E2%84%AAiosk',
      'access_denied',
    ],
    [
      'a dotted capital is an i',
      [
        { on: '/it', access: 'deny', reading: anyCase },
        { on: '/**', id: 'all' },
      ],
      '/%C4%B0t',
      'access_denied',
    ],
    [
      'a literal deeper in the path',
      [
        { on: '/a/Secret', access: 'deny', reading: anyCase },
        { on: '/A/**', id: 'big' },
        { on: '/a/**', id: 'small' },
      ],
      '/a/SECRET',
      'access_denied',
    ],
    [
      'a literal that is case-sensitive',
      [
        { on: '/a/Secret', access: 'deny', reading: anyCase },
        { on: '/A/**', id: 'big' },
      ],
      '/A/secret',
      'access_denied',
    ],
    [
      'a case-sensitive route of the same service cannot be bypassed',
      [
        { on: '/files/**', id: 'files', reading: anyCase },
        { on: '/files/secret', access: 'deny' },
      ],
      '/files/SECRET',
      'path_ambiguous',
    ],
    [
      'a case-sensitive route cannot be bypassed from another one',
      [
        { on: '/files/**', id: 'files' },
        { on: '/files/secret', access: 'deny' },
        { on: '/x', reading: anyCase },
      ],
      '/files/SECRET',
      'path_ambiguous',
    ],
    [
      'other paths of the same route',
      [
        { on: '/files/**', id: 'files' },
        { on: '/files/secret', access: 'deny' },
        { on: '/x', reading: anyCase },
      ],
      '/files/Other',
      'files /files/Other',
    ],
    [
      'a method that the other route does not match',
      [
        { on: '/files/**', id: 'files', reading: anyCase },
        { on: '/files/secret', methods: ['PUT'] },
      ],
      '/files/SECRET',
      'path_ambiguous',
    ],
    [
      'a path with its prefix removed',
      [{ on: '/Api/**', id: 'api', reading: anyCase, rewrite: { stripPrefix: '/Api', addPrefix: '' } }],
      '/API/X',
      'api /X',
    ],
    ['escapes in the pattern', [{ on: '/caf%C3%A9', id: 'cafe', reading: anyCase }], '/CAF%C3%89', 'cafe /caf%C3%A9'],
    ['a path without a route', [admin], '/admin/1/other', 'route_not_found'],
  ] as const)('%s', (_name, specs, path, expected) => {
    expect(forwardedAs(specs, path)).toBe(expected);
  });

  test.each([
    [
      'two that ignore case',
      [
        { on: '/Admin', reading: anyCase },
        { on: '/admin', reading: anyCase },
      ],
      1,
    ],
    ['one that ignores case and one that does not', [{ on: '/Admin' }, { on: '/admin', reading: anyCase }], 1],
    ['in either order', [{ on: '/admin', reading: anyCase }, { on: '/Admin' }], 1],
    ['with parameters', [{ on: '/A/{x}/b', reading: anyCase }, { on: '/a/{y}/B' }], 1],
    [
      'reported once where they meet twice',
      [{ on: '/a/x', reading: anyCase }, { on: '/A/X', reading: anyCase }, { on: '/a/y' }, { on: '/A/y' }],
      1,
    ],
    ['none if both are case-sensitive', [{ on: '/Admin' }, { on: '/admin' }, { on: '/other', reading: anyCase }], 0],
    [
      'none with different methods',
      [
        { on: '/Admin', methods: ['GET'] },
        { on: '/admin', methods: ['PUT'], reading: anyCase },
      ],
      0,
    ],
  ] as [string, RouteSpec[], number][])('ties: %s', (_name, specs, count) => {
    const table = compileRoutes(specs.map(makeRoute));
    expect('ties' in table ? table.ties.map(({ first, second }) => first.index < second.index) : []).toEqual(
      Array.from({ length: count }, () => true),
    );
  });

  test('folding gives the same result for every case of a letter', () => {
    for (const [a, b] of [
      ['Stra\u00dfe', 'STRASSE'],
      ['Stra\u00dfe', 'STRA\u1e9eE'],
      ['\u00c9', '\u00e9'],
      ['\u03c3', '\u03c2'],
      ['\ufb01', 'FI'],
      ['I', '\u0131'],
    ] as const) {
      expect(foldCase(a)).toBe(foldCase(b));
    }
    expect(foldCase('a')).not.toBe(foldCase('b'));
  });

  test('folding does not depend on the case that a letter had', () => {
    const letters = Array.from({ length: 0x11_0000 }, (_, code) => code).filter(
      (code) => code < 0xd800 || code > 0xdfff,
    );
    const unlike = letters
      .map((code) => String.fromCodePoint(code))
      .filter((letter) => {
        const folded = foldCase(letter);
        return folded !== foldCase(letter.toLowerCase()) || folded !== foldCase(letter.toUpperCase());
      });
    expect(unlike).toEqual([]);
  });
});
