/**
 * Separate test files: found below the configuration or listed, merged with its own tests, with problems located in
 * them.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TestFiles } from '../../../src/config/config-files.ts';
import { loadConfig } from '../../../src/config/load-config.ts';

let folder = '';
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'rolegate-tests-')));
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(name: string, text: string): string {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

const config = `version: 1
authApi: { url: "http://auth:8081" }
roles: { user: {}, admin: { inherits: [user] } }
upstreams: { orders: { targets: ["http://orders:8080"] } }
routes:
  - { id: order, match: { path: "/orders/{id}" }, upstream: orders, access: [user] }
tests:
  identities: { ann: { roles: [user] } }
  cases: [{ as: ann, request: GET /orders/1, expect: allow }]
`;
const one = (name: string, as = 'ann') =>
  `cases: [{ name: ${name}, as: ${as}, request: GET /orders/2, expect: allow }]\n`;

function load(tests: TestFiles, file = put('gateway.yaml', config), env: Readonly<Record<string, string>> = {}) {
  const result = loadConfig(file, env, tests);
  const problems = result.ok
    ? []
    : result.problems.map(
        ({ file: at, line, column, message }) => `${at.slice(folder.length + 1)}:${line}:${column} ${message}`,
      );
  return { names: result.ok ? result.config.tests.cases.map(({ name }) => name) : [], problems, result };
}

test('a test file reads only the variables that the configuration lists', () => {
  const env = { ADMIN_TOKEN: 't'.repeat(40), TENANT: 'acme' };
  const request = (name: string) => `cases: [{ as: ann, request: "GET /orders/\${${name}}", expect: allow }]\n`;
  put('a.test.yaml', request('TENANT'));
  const message = 'a.test.yaml:1:29 only the main file may read the environment variable TENANT';
  expect(load('found', undefined, env).problems).toEqual([message]);
  const listing = put('gateway.yaml', `${config}includedVariables: [TENANT]\n`);
  expect(load('found', listing, env).problems).toEqual([]);
  put('a.test.yaml', request('ADMIN_TOKEN'));
  expect(load('found', listing, env).problems).toHaveLength(1);
});

describe('finding files', () => {
  test('finds them in the folder and below, ordered by name, after the tests of the configuration', () => {
    put('b.test.yaml', one('b'));
    put('a.test.yml', one('a'));
    put('deep/er/c.test.yaml', `version: 1\nidentities: { bob: { roles: [admin] } }\n${one('c', 'bob')}`);
    expect(load('found')).toMatchObject({ names: ['GET /orders/1 as ann', 'a', 'b', 'c'], problems: [] });
  });

  test('a serving gateway reads none of them', () => {
    put('a.test.yaml', 'nonsense: [');
    expect(load('none')).toMatchObject({ names: ['GET /orders/1 as ann'], problems: [] });
  });

  test('skips hidden files, those of packages, those too deep, and other files', () => {
    put('.hidden.test.yaml', 'nonsense');
    put('.folder/a.test.yaml', 'nonsense');
    put('node_modules/x/a.test.yaml', 'nonsense');
    put('1/2/3/4/5/6/7/8/9/a.test.yaml', 'nonsense');
    put('a.test.txt', 'nonsense');
    put('test.yaml', 'nonsense');
    expect(load('found')).toMatchObject({ names: ['GET /orders/1 as ann'], problems: [] });
  });

  test('a file named after another configuration in the folder belongs to that configuration', () => {
    put('other.yaml', config);
    put('other.test.yaml', 'nonsense');
    put('gateway.test.yaml', one('own'));
    expect(load('found')).toMatchObject({ names: ['GET /orders/1 as ann', 'own'], problems: [] });
  });

  test('a file next to an included file belongs to all', () => {
    put('routes/more.yaml', 'routes:\n  - { id: more, match: { path: /more }, upstream: orders, access: public }\n');
    put('routes/more.test.yaml', 'cases: [{ request: GET /more, expect: allow, route: more }]\n');
    const file = put('gateway.yaml', `include: ["routes/*.yaml"]\n${config}`);
    expect(load('found', file)).toMatchObject({
      names: ['GET /orders/1 as ann', 'GET /more without a credential'],
      problems: [],
    });
  });
});

describe('listed files', () => {
  test('reads only those, from any folder', () => {
    put('found.test.yaml', 'nonsense');
    expect(load([put('elsewhere/any-name.yaml', one('named'))]).names).toEqual(['GET /orders/1 as ann', 'named']);
  });

  test('reports a missing one', () => {
    expect(load([join(folder, 'nowhere.test.yaml')]).problems[0]).toMatch(/^gateway\.yaml:1:1 there is no file /);
  });
});

test('locates problems in their own files, with the surrounding lines', () => {
  put(
    'a.test.yaml',
    'identities: { ann: { roles: [usr] } }\ncases:\n  - { as: bob, request: GET /orders/1, expect: allow }\n',
  );
  put('b.test.yaml', 'tests: { cases: [] }\n');
  expect(load('found').problems).toEqual(['b.test.yaml:1:1 unknown key "tests"']);
  put('b.test.yaml', 'cases: []\n');
  const { problems, result } = load('found');
  expect(problems).toEqual([
    'a.test.yaml:1:15 the identity "ann" is declared in another file (gateway.yaml line 8)',
    'a.test.yaml:1:30 the role "usr" is not declared under "roles"',
    'a.test.yaml:3:11 there is no identity "bob"',
  ]);
  expect(!result.ok && result.problems[1]).toMatchObject({
    hint: 'did you mean "user"?',
    frame: expect.stringContaining('[usr]'),
  });
});
