/** Patterns that `match` accepts, and those that loading refuses. */
import { describe, expect, test } from 'vitest';
import { compilePattern } from '../../../src/core/url/compile-pattern.ts';

const literal = (text: string) => ({ kind: 'literal', text });
const param = (name: string, form: object | null = null) => ({ kind: 'param', name, form });
const formed = (shape: object | null, before = '', after = '') => ({ before, after, shape });
const rest = { kind: 'rest' };

describe('paths', () => {
  test.each([
    ['/', [], []],
    ['/a', [literal('a')], []],
    ['/a/b-c/d.e', [literal('a'), literal('b-c'), literal('d.e')], []],
    ['/{id}', [param('id')], ['id']],
    ['/v1/orders/{tenant}/{id}', [literal('v1'), literal('orders'), param('tenant'), param('id')], ['tenant', 'id']],
    ['/**', [rest], []],
    ['/a/**', [literal('a'), rest], []],
    ['/a/{b}/**', [literal('a'), param('b'), rest], ['b']],
    ['/a/', [literal('a')], []],
    ['/a/**/', [literal('a'), rest], []],
    ['/**/', [rest], []],
    ['/{id}/', [param('id')], ['id']],
    ['/{id:uuid}', [param('id', formed({ kind: 'uuid' }))], ['id']],
    ['/v{n:int}', [param('n', formed({ kind: 'int' }, 'v'))], ['n']],
    ['/{id}.json', [param('id', formed(null, '', '.json'))], ['id']],
    ['/@{name:slug}:rename', [param('name', formed({ kind: 'slug' }, '@', ':rename'))], ['name']],
    ['/{kind:(a|b.c)}', [param('kind', formed({ kind: 'words', words: ['a', 'b.c'] }))], ['kind']],
  ])('%s', (path, segments, params) => {
    expect(compilePattern(null, path)).toEqual({ host: null, path, segments, params });
  });

  test.each([
    ['empty', ''],
    ['no leading slash', 'a/b'],
    ['rest in the middle', '/a/**/b'],
    ['two rests', '/a/**/**'],
    ['rest attached to a name', '/a**'],
    ['single star', '/a/*'],
    ['star within a name', '/a*b'],
    ['parameter without a name', '/{}'],
    ['unclosed parameter', '/{id'],
    ['unopened parameter', '/id}'],
    ['unknown shape', '/{id:uid}'],
    ['regular expression', '/{id:[0-9]+}'],
    ['empty shape', '/{id:}'],
    ['empty list of alternatives', '/{id:()}'],
    ['empty alternative', '/{id:(a|)}'],
    ['repeated alternative', '/{id:(a|b|a)}'],
    ['alternative with a trailing dot', '/{id:(a|b.)}'],
    ['alternative with a slash', '/{id:(a/b)}'],
    ['too many alternatives', `/{id:(${Array.from({ length: 65 }, (_, n) => n).join('|')})}`],
    ['unsupported text before a parameter', '/a;{id}'],
    ['star next to a parameter', '/{id}*'],
    ['dot after a parameter', '/{id}.'],
    ['escape next to a parameter', '/%41{id}'],
    ['two parameters with text between them', '/{a}-{b}'],
    ['two parameters in a segment', '/{a}{b}'],
    ['repeated parameter name', '/{id}/{id}'],
    ['invalid parameter name', '/{a b}'],
    ['query', '/a?b'],
    ['fragment', '/a#b'],
    ['dot segment', '/a/../b'],
    ['single dot segment', '/a/./b'],
    ['escaped dot segment', '/a/%2e%2e/b'],
    ['empty segment', '/a//b'],
    ['empty segment at the end', '/a//'],
    ['only an empty segment', '//'],
    ['only empty segments', '///'],
    ['leading empty segment', '//a'],
    ['backslash', '/a\\b'],
    ['broken escape', '/a%2'],
    ['control character', '/a\tb'],
    ['blank', '/a b'],
    ['URL', 'http://api.example.test/a'],
  ])('refuses %s', (_name, path) => {
    expect(() => compilePattern(null, path)).toThrow(RangeError);
  });
});

describe('hosts', () => {
  test.each(['api.example.test', '*.example.test', 'localhost', '127.0.0.1', '[::1]', 'API.Example.TEST'])(
    '%s',
    (host) => {
      expect(compilePattern(host, '/')).toMatchObject({ host: host.toLowerCase() });
    },
  );

  test.each([
    ['empty', ''],
    ['only a star', '*'],
    ['only a star and a dot', '*.'],
    ['star in the middle', 'api.*.test'],
    ['star attached to a name', '*api.example.test'],
    ['two stars', '*.*.test'],
    ['port', 'api.example.test:8080'],
    ['port after a wildcard', '*.example.test:80'],
    ['scheme', 'http://api.example.test'],
    ['path', 'api.example.test/a'],
    ['blank', 'api example.test'],
    ['user information', 'user@api.example.test'],
    ['host beyond ASCII', 'caf\u00e9.test'],
    ['empty label', 'api..test'],
  ])('refuses %s', (_name, host) => {
    expect(() => compilePattern(host, '/')).toThrow(RangeError);
  });

  test('the message quotes what the author wrote', () => {
    expect(() => compilePattern(null, '/a/**/b')).toThrow(/\*\*/);
    expect(() => compilePattern('api.example.test:8080', '/')).toThrow(/8080|port/);
  });
});
