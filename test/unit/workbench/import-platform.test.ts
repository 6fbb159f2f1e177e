/** The platform's table of routes; and hostile files, which no format takes. */
import { describe, expect, test } from 'vitest';
import { readSource } from '../../../src/workbench/import/source-text.ts';
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
    ['a word for a truth', { public: 'yes' }, '/x {"GET":"deny"} -> http://svc'],
    ['roles that are none', { roles: 'a' }, '/x {"GET":"deny"} -> http://svc'],
    ['a role that is no name', { roles: ['a b'] }, '/x {"GET":"deny"} -> http://svc'],
    ['every method', { method: 'ANY', public: true }, '/x "public" -> http://svc'],
    [
      'parameters and a rest',
      { relativePath: '/a/:id/b/:id/*any' },
      '/a/{id}/b/{id_4}/** {"GET":"authenticated"} -> http://svc',
    ],
    [
      'a service below a path',
      { redirectTo: 'http://svc:81/in/' },
      '/x {"GET":"authenticated"} -> http://svc:81 {"addPrefix":"/in"}',
    ],
    ['no service', { redirectTo: 'svc', public: true }, '/x {"GET":"deny"} -> http://service.invalid:8080'],
    ['braces', { relativePath: '/{x}' }, undefined],
  ])('%s', (_, more, line) => {
    expect(read(row(more), row({ relativePath: '/last' })).routes.slice(0, -1)[0]).toBe(line);
  });

  test('of one path: methods in one route, whatever the order', () => {
    expect(read(row({ roles: ['a'] }), row({ method: 'DELETE', roles: ['b'] })).routes).toEqual([
      '/x {"GET":["a"],"DELETE":["b"]} -> http://svc',
    ]);
  });

  test('public and optional: no credential is read, and that is told', () => {
    const { routes, leftovers } = read(row({ public: true, optional: true }));
    expect(routes).toEqual(['/x {"GET":"public"} -> http://svc']);
    expect(leftovers).toEqual(['GET /x: it is public and optional: no credential is read']);
  });

  test('twice: only what both allow, and that is told', () => {
    const { routes, leftovers } = read(row({ public: true }), row({ roles: ['a'] }));
    expect(routes).toEqual(['/x {"GET":["a"]} -> http://svc']);
    expect(leftovers).toEqual([expect.stringContaining('only what all of them allow is allowed')]);
  });
});

describe('hostile and broken files', () => {
  const anchors = Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(', ')}]`);
  test.each<[string, string, RegExp]>([
    ['nothing', '', /^there is nothing in these files$/],
    ['no YAML', 'a: [', /^source:1: /],
    ['a template', 'a: {{ .Values.x }}\nb: }', /templates have to be rendered first|plain text/],
    ['something else', '{"a": 1}', /what these files are cannot be seen: name one with --from/],
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
    ['an alias in itself', '- &a { relativePath: *a }', /the alias \*a stands for nothing/],
    ['depth', '['.repeat(100) + ']'.repeat(100), /nested/],
    ['endless depth', '['.repeat(100_000), /nested|source/],
    ['rows that are none', '[{"relativePath": "/x"}, 3]', /a row of the table is a mapping/],
    ['no route at all', '[{"relativePath": "x"}]', /no rule of platform in these files can be carried over/],
  ])('%s', (_, text, message) => {
    expect(() => imported(text)).toThrow(message);
  });

  test('a file that is too large', () => {
    expect(() => readSource({ file: 'f', text: ' '.repeat(16 * 1024 * 1024 + 1) })).toThrow('f: larger than 16 MiB');
  });

  test('prototype keys are keys like others', () => {
    const { routes, leftovers } = imported(
      '[{"relativePath":"/x","method":"GET","redirectTo":"http://s","__proto__":{"public":true},"constructor":1}]',
    );
    expect(routes).toEqual(['/x {"GET":"authenticated"} -> http://s']);
    expect(leftovers).toContain('GET /x: its "__proto__"');
    expect(({} as { public?: boolean }).public).toBeUndefined();
  });

  test('text of the source stays on its line, and is no variable', () => {
    const description = 'a\nroutes: []\u001b[31m$' + '{HOME}';
    const { text } = read(row({ description, redirectTo: 'http://svc' }));
    expect(text).toContain('# a routes: [] [31m$' + '{HOME}');
  });
});
