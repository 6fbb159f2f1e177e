/** The platform's route table, and hostile files, which every importer refuses. */
import { describe, expect, test } from 'vitest';
import { readSource } from '../../../src/policy-tools/import/source-text.ts';
import { imported } from './imported.ts';

const row = (more: object) => ({ method: 'GET', relativePath: '/x', redirectTo: 'http://svc', ...more });
const read = (...rows: readonly object[]) => imported(JSON.stringify(rows), 'platform');

describe('a row', () => {
  test.each<[string, object, string | undefined]>([
    ['public', { public: true }, '/x {"GET":"public"} -> http://svc'],
    ['optional', { optional: true }, '/x {"GET":"optional"} -> http://svc'],
    ['neither', {}, '/x {"GET":"authenticated"} -> http://svc'],
    ['roles', { roles: ['a', 'b'] }, '/x {"GET":["a","b"]} -> http://svc'],
    ['no roles', { roles: null, public: false }, '/x {"GET":"authenticated"} -> http://svc'],
    ['public with roles', { public: true, roles: ['a'] }, '/x {"GET":"deny"} -> http://svc'],
    ['not enabled', { public: true, enabled: false }, '/x {"GET":"deny"} -> http://svc'],
    ['a word instead of a boolean', { public: 'yes' }, '/x {"GET":"deny"} -> http://svc'],
    ['invalid roles', { roles: 'a' }, '/x {"GET":"deny"} -> http://svc'],
    ['an invalid role name', { roles: ['a b'] }, '/x {"GET":"deny"} -> http://svc'],
    ['every method', { method: 'ANY', public: true }, '/x "public" -> http://svc'],
    [
      'parameters and a rest',
      { relativePath: '/a/:id/b/:id/*any' },
      '/a/{id}/b/{id_3}/** {"GET":"authenticated"} -> http://svc',
    ],
    [
      'a service below a path',
      { redirectTo: 'http://svc:81/in/' },
      '/x {"GET":"authenticated"} -> http://svc:81 {"addPrefix":"/in"}',
    ],
    ['no service', { redirectTo: 'svc', public: true }, '/x {"GET":"deny"} -> http://service.invalid:8080'],
    ['braces', { relativePath: '/{x}' }, '/%7Bx%7D {"GET":"authenticated"} -> http://svc'],
    ['a parameter within a segment', { relativePath: '/v:x' }, '/{part} {"GET":"deny"} -> http://svc'],
    ['an unknown column', { allowedFrom: '10.0.0.0/8' }, '/x {"GET":"deny"} -> http://svc'],
  ])('%s', (_, more, line) => {
    expect(read(row(more), row({ relativePath: '/last' })).routes.slice(0, -1)[0]).toBe(line);
  });

  test('merges methods of one path into one route, in any order', () => {
    expect(read(row({ roles: ['a'] }), row({ method: 'DELETE', roles: ['b'] })).routes).toEqual([
      '/x {"GET":["a"],"DELETE":["b"]} -> http://svc',
    ]);
  });

  test('denies public with optional, and duplicates', () => {
    expect(read(row({ public: true, optional: true })).leftovers).toEqual([
      'denied: get-x (GET /x): it is public and optional',
    ]);
    const { routes, leftovers } = read(row({ public: true }), row({ roles: ['a'] }));
    expect(routes).toEqual(['/x {"GET":"deny"} -> http://svc']);
    expect(leftovers).toEqual([expect.stringContaining('which has other requirements')]);
  });

  test('denies a trailing slash or HEAD that a wider row may match', () => {
    const wide = row({ method: 'ANY', relativePath: '/*any', roles: ['a'] });
    const lines = (...rows: readonly object[]) => read(...rows).routes.map((line) => line.split(' ->')[0]);
    expect(lines(row({ public: true }), wide)).toEqual(['/x {"GET":"deny"}', '/** ["a"]']);
    expect(lines(row({ relativePath: '/x/*any', public: true }), wide)).toEqual(['/x/** {"GET":"deny"}', '/** ["a"]']);
    expect(lines(row({ public: true }), { ...wide, relativePath: '/:id' })).toEqual([
      '/x {"GET":"public","HEAD":"deny"}',
      '/{id} ["a"]',
    ]);
  });
});

describe('hostile and broken files', () => {
  const anchors = Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(', ')}]`);
  test.each<[string, string, RegExp]>([
    ['nothing', '', /^these files are empty$/],
    ['invalid YAML', 'a: [', /^source:1: /],
    ['a template', 'a: {{ .Values.x }}\nb: }', /templates must be rendered first|plain text/],
    ['something else', '{"a": 1}', /the format of these files is unknown: choose one with --from/],
    [
      'a repeated key',
      '[{"relativePath": "/x", "relativePath": "/y"}]',
      /^source:1: the key "relativePath" is repeated$/,
    ],
    [
      'aliases that grow',
      ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]', ...anchors].join('\n'),
      /more than 1000000 values|nested/,
    ],
    ['an alias that contains itself', '- &a { relativePath: *a }', /the alias \*a has no anchor/],
    ['depth', '['.repeat(100) + ']'.repeat(100), /nested/],
    ['endless depth', '['.repeat(100_000), /nested|source/],
    ['invalid rows', '[{"relativePath": "/x"}, 3]', /a row of the table must be a mapping/],
    ['no valid route', '[{"relativePath": "x"}]', /these files contain no platform rules/],
  ])('%s', (_, text, message) => {
    expect(() => imported(text)).toThrow(message);
  });

  test('refuses a file that is too large', () => {
    expect(() => readSource({ file: 'f', text: ' '.repeat(16 * 1024 * 1024 + 1) })).toThrow('f: larger than 16 MiB');
  });

  test('treats prototype keys as ordinary keys', () => {
    const { routes, leftovers } = imported(
      '[{"relativePath":"/x","method":"GET","redirectTo":"http://s","__proto__":{"public":true},"constructor":1}]',
    );
    expect(routes).toEqual(['/x {"GET":"deny"} -> http://s']);
    expect(leftovers).toEqual(['denied: get-x (GET /x): the meaning of "__proto__" is unknown']);
    expect(({} as { public?: boolean }).public).toBeUndefined();
  });

  test('text of the source stays on its line, and is never a variable', () => {
    const description = 'a\nroutes: []\u001b[31m$' + '{HOME}';
    const { text } = read(row({ description, redirectTo: 'http://svc' }));
    expect(text).toContain('# a routes: [] [31m$' + '{HOME}');
  });
});
