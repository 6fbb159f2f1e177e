/** Included files: found by pattern, confined to the folder, with problems located in them. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load-config.ts';

let folder = '';
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'rolegate-include-')));
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(name: string, text: string): string {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

const head = `version: 1
authApi: { url: "http://auth:8081" }
roles: { user: {}, admin: { inherits: [user] } }
upstreams: { orders: { targets: ["http://orders:8080"] } }
`;

function main(include = '["routes/*.yaml"]', rest = 'routes: []\n'): string {
  return put('gateway.yaml', `${head}include: ${include}\n${rest}`);
}

const route = (id: string, path: string, access = '[user]') =>
  `  - { id: ${id}, match: { path: "${path}" }, upstream: orders, access: ${access} }\n`;

function load(file: string, env: Readonly<Record<string, string>> = {}) {
  const result = loadConfig(file, env);
  const problems = result.ok
    ? []
    : result.problems.map(
        ({ file: at, line, column, message }) => `${at.slice(folder.length + 1)}:${line}:${column} ${message}`,
      );
  return { ids: result.ok ? result.config.routes.routes.map(({ id }) => id) : [], problems, result };
}

describe('finding files', () => {
  test('merges the routes of all files: the main file first, then by name', () => {
    put('routes/b.yaml', `routes:\n${route('b', '/b')}`);
    put('routes/a.yaml', `version: 1\nroutes:\n${route('a', '/a')}`);
    const { ids, problems, result } = load(main(undefined, `routes:\n${route('own', '/own')}`));
    expect(problems).toEqual([]);
    expect(ids).toEqual(['own', 'a', 'b']);
    expect(result.ok && result.config.routes.routes.map(({ index }) => index)).toEqual([0, 1, 2]);
  });

  test('skips hidden files, test files and the main file itself, and reads each file once', () => {
    put('a.yaml', `routes:\n${route('a', '/a')}`);
    put('.hidden.yaml', 'nonsense');
    put('a.test.yaml', 'nonsense');
    expect(load(main('["*.yaml", a.yaml, "./a.yaml"]'))).toMatchObject({ ids: ['a'], problems: [] });
  });

  test('finds files in subfolders at any depth', () => {
    put('teams/x/routes.yaml', `routes:\n${route('x', '/x')}`);
    put('teams/y/z/routes.yaml', `routes:\n${route('z', '/z')}`);
    expect(load(main('["teams/**/routes.yaml"]'))).toMatchObject({ ids: ['x', 'z'], problems: [] });
  });

  test.each([
    ['nothing matches', '["none/*.yaml"]', 'gateway.yaml:5:11 no file matches this'],
    ['a missing file', '[routes/a.yaml]', 'gateway.yaml:5:11 no file matches this'],
  ])('%s', (_name, include, expected) => {
    expect(load(main(include)).problems).toEqual([expected]);
  });

  test('reports a folder named like a file, and bytes that are not text', () => {
    put('routes/a.yaml/x', '');
    expect(load(main()).problems).toEqual(['gateway.yaml:5:11 routes/a.yaml is not a file']);
    put('other/b.yaml', '');
    writeFileSync(join(folder, 'other/b.yaml'), Uint8Array.of(0x76, 0xe9));
    expect(load(main('["other/*.yaml"]')).problems).toEqual([
      'gateway.yaml:5:11 other/b.yaml cannot be read as UTF-8 text',
    ]);
  });

  test('follows links inside the folder, which mounted files use, but not links that leave it', () => {
    put('..2026/a.yaml', `routes:\n${route('a', '/a')}`);
    mkdirSync(join(folder, 'routes'));
    symlinkSync('../..2026/a.yaml', join(folder, 'routes/a.yaml'));
    expect(load(main())).toMatchObject({ ids: ['a'], problems: [] });

    const outside = mkdtempSync(join(tmpdir(), 'rolegate-outside-'));
    writeFileSync(join(outside, 'b.yaml'), `routes:\n${route('b', '/b')}`);
    symlinkSync(join(outside, 'b.yaml'), join(folder, 'routes/b.yaml'));
    const expected = 'gateway.yaml:5:11 routes/b.yaml is a link that leads out of the folder of this file';
    expect(load(main()).problems).toEqual([expected]);
    rmSync(join(folder, 'routes'), { recursive: true });
    symlinkSync(outside, join(folder, 'routes'));
    expect(load(main()).problems).toEqual([expected]);
    rmSync(outside, { recursive: true });
  });

  test('bounds the number of files', () => {
    for (let i = 0; i < 1001; i += 1) put(`routes/${i}.yaml`, 'routes: []');
    expect(load(main()).problems).toEqual(['gateway.yaml:5:11 more than 1000 files match this']);
  });
});

describe('problems', () => {
  test('points each problem at its own file, line and column, with context from that file, the main file first', () => {
    put('routes/a.yaml', `routes:\n${route('a', '/a', '[usr]')}${route('a2', '/a//b')}`);
    put('routes/b.yaml', 'routes:\n  - { id: b, match: { path: /b }, upstream: odrers, access: [user] }\nroles: {}\n');
    put('routes/c.yaml', 'routes: [\n');
    expect(load(main(undefined, 'rotues: []\nroutes: []\n')).problems).toEqual([
      'gateway.yaml:6:1 unknown key "rotues"',
      'routes/b.yaml:3:1 unknown key "roles"',
      expect.stringMatching(/^routes\/c\.yaml:2:1 YAML syntax/),
    ]);
    put('routes/b.yaml', 'routes:\n  - { id: b, match: { path: /b }, upstream: odrers, access: [user] }\n');
    put('routes/c.yaml', 'routes: []\n');
    const { problems, result } = load(main());
    expect(problems).toEqual([
      expect.stringMatching(/^routes\/a\.yaml:2:\d+ the role "usr" is not declared under "roles"$/),
      expect.stringMatching(/^routes\/a\.yaml:3:\d+ a path pattern has no empty segment/),
      'routes/b.yaml:2:45 there is no upstream "odrers"',
    ]);
    expect(!result.ok && result.problems[2]?.frame).toContain(
      '> 2 |   - { id: b, match: { path: /b }, upstream: odrers',
    );
  });

  test('names the other file in a collision', () => {
    put('routes/a.yaml', `routes:\n${route('x', '/x')}`);
    put('routes/b.yaml', `routes:\n${route('x', '/y')}${route('z', '/x')}`);
    expect(load(main()).problems).toEqual([
      'routes/b.yaml:2:11 the id "x" is taken by the route of a.yaml line 2',
      expect.stringMatching(
        /^routes\/b\.yaml:3:\d+ this route and "x" \(a\.yaml line 2\) both match GET http:\/\/any\.example\/x$/,
      ),
    ]);
  });

  test("an included file cannot include others, and the main file's defaults apply to it", () => {
    put('routes/a.yaml', 'include: [b.yaml]\nroutes:\n  - { id: a, match: { path: /a }, upstream: orders }\n');
    expect(load(main()).problems).toEqual(['routes/a.yaml:1:1 unknown key "include"']);
    put('routes/a.yaml', 'routes:\n  - { id: a, match: { path: /a }, upstream: orders }\n');
    const { result } = load(main(undefined, 'defaults: { access: authenticated }\nroutes: []\n'));
    expect(result.ok && result.config.routes.routes[0]?.access.every).toEqual({ kind: 'authenticated' });
  });
});

describe('environment variables', () => {
  const env = { ADMIN_TOKEN: 't'.repeat(40), REGION: 'eu' };
  const withHeader = (value: string) =>
    `routes:\n${route('a', '/a').replace(' }\n', () => `, responseHeaders: { set: { x-a: "${value}" } } }\n`)}`;

  test.each([
    ['a variable that is set', `\${ADMIN_TOKEN}`, 'ADMIN_TOKEN'],
    ['a variable that is set, within a text', `token=\${ADMIN_TOKEN}`, 'ADMIN_TOKEN'],
    ['a variable that is set, with a default', `\${ADMIN_TOKEN:-none}`, 'ADMIN_TOKEN'],
    ['a variable that is not set', `\${OTHER}`, 'OTHER'],
    ['a variable that is not set, with a default', `\${OTHER:-none}`, 'OTHER'],
  ])('an included file cannot read a variable: %s', (_name, value, name) => {
    put('routes/a.yaml', withHeader(value));
    const { problems, result } = load(main(), env);
    expect(problems).toEqual([
      expect.stringMatching(
        new RegExp(`^routes/a\\.yaml:2:\\d+ only the main file may read the environment variable ${name}$`),
      ),
    ]);
    expect(!result.ok && result.problems[0]?.hint).toBe(`name it there: "includedVariables: [${name}]"`);
    expect(JSON.stringify(result)).not.toContain(env.ADMIN_TOKEN);
  });

  test('an included file reads variables that the main file lists, and text that only looks like one', () => {
    put('routes/a.yaml', withHeader(`\${REGION} $\${ADMIN_TOKEN}`));
    const listed = main(undefined, 'includedVariables: [REGION]\nroutes: []\n');
    expect(load(listed, env).problems).toEqual([]);
    const { result } = load(listed, env);
    expect(result.ok && result.config.routes.routes[0]?.response?.added).toEqual([['x-a', `eu \${ADMIN_TOKEN}`]]);
    put('routes/a.yaml', withHeader(`\${REGION} \${ADMIN_TOKEN}`));
    expect(load(listed, env).problems).toHaveLength(1);
  });

  test('the main file reads every variable, and its list contains only names', () => {
    put('routes/a.yaml', `routes:\n${route('a', '/a')}`);
    expect(load(main(undefined, `routes:\n${route('own', `/\${REGION}`)}`), env).ids).toEqual(['own', 'a']);
    expect(load(main(undefined, 'includedVariables: ["*", "A-B"]\nroutes: []\n'), env).problems).toEqual([
      'gateway.yaml:6:21 expected the name of an environment variable, such as ORDERS_HOST',
      'gateway.yaml:6:26 expected the name of an environment variable, such as ORDERS_HOST',
    ]);
  });
});
