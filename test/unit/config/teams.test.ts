/** Teams: what the main file delegates to files of others, and what it refuses, with file, line and what the team would need. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load-config.ts';
import { delegatedKeys } from '../../../src/config/schema/teams.ts';

let folder = '';
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'rolegate-teams-')));
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
roles: { user: {}, admin: { inherits: [user] }, suspended: {} }
upstreams: { orders: { targets: ["http://orders:8080"] }, billing: { targets: ["http://billing:8080"] } }
`;
/** The team is on line 5. */
const orders = (what: string) => `teams: { orders: { include: routes/orders.yaml, ${what} } }\n`;
const allOfIt = 'upstreams: [orders], roles: [user]';

function main(teams: string, rest = 'routes: []\n'): string {
  return put('gateway.yaml', `${head}${teams}${rest}`);
}

const route = (id: string, path: string, { access = '[user]', upstream = 'orders', more = '' } = {}) =>
  `  - { id: ${id}, match: { path: "${path}" }, upstream: ${upstream}, access: ${access}${more} }\n`;
const hosted = (id: string, host: string, path: string) =>
  `  - { id: ${id}, match: { host: "${host}", path: "${path}" }, upstream: orders, access: [user] }\n`;

function problems(file: string): readonly string[] {
  const result = loadConfig(file, {});
  if (result.ok) return [];
  return result.problems.map(({ file: at, line, column, message, hint }) => {
    return `${at.slice(folder.length + 1)}:${line}:${column} ${message}${hint === null ? '' : `; ${hint}`}`;
  });
}

describe('places', () => {
  const ofOrders = orders(`paths: [/v1/orders], ${allOfIt}`);

  test.each([
    ['next to it', '/v1/bills/{id}'],
    ['a longer name', '/v1/orders-archive/**'],
    ['shorter', '/v1'],
    ['a parameter path that is shorter', '/{version}'],
    ['everything, denied', '/**'],
  ])('another file may have a route %s', (_name, path) => {
    put('routes/orders.yaml', `routes:\n${route('order', '/v1/orders/{id}')}`);
    const access = path === '/**' ? 'deny' : '[user]';
    expect(problems(main(ofOrders, `routes:\n${route('other', path, { access })}`))).toEqual([]);
    put('other.yaml', `routes:\n${route('other', path, { access })}`);
    expect(problems(main(ofOrders, 'include: [other.yaml]\nroutes: []\n'))).toEqual([]);
  });

  test.each([
    ['below', '/v1/orders/{id}/items'],
    ['the prefix itself', '/v1/orders'],
    ['by a parameter', '/v1/{what}/list'],
    ['a leading parameter', '/{version}/orders/**'],
    ['a wildcard rest', '/v1/**'],
    ['everything', '/**'],
    ['escaped', '/v1/%6Frders/x'],
  ])('no other file, nor the main one, may reach into it: %s', (_name, path) => {
    put('routes/orders.yaml', `routes:\n${route('order', '/v1/orders/{id}')}`);
    const message = 'this route reaches into what the team "orders" has (gateway.yaml line 5)';
    put('other.yaml', `routes:\n${route('other', path)}`);
    expect(problems(main(ofOrders, 'include: [other.yaml]\nroutes: []\n'))).toEqual([
      expect.stringContaining(`${message}; move it to a file of the team, or narrow it`),
    ]);
    expect(problems(main(ofOrders, `routes:\n${route('other', path)}`))).toEqual([
      expect.stringMatching(/^gateway\.yaml:7:/),
    ]);
  });

  test('another letter case does not lead around it where paths ignore case', () => {
    put('routes/orders.yaml', `routes:\n${route('order', '/v1/orders/{id}')}`);
    const other = (path: string, more = '') => problems(main(ofOrders, `routes:\n${route('other', path, { more })}`));
    const anyCase = ', path: { caseSensitive: false }';
    expect(other('/V1/Orders/{id}/items')).toEqual([]);
    expect(other('/V1/Orders/{id}/items', anyCase)).toHaveLength(1);
    expect(other('/V1/Order\u017f/{id}/items', anyCase)).toHaveLength(1);
  });

  test('a team may spell its own paths in another case where paths ignore case', () => {
    put('routes/orders.yaml', `routes:\n${route('order', '/V1/Orders/{id}')}`);
    expect(problems(main(ofOrders))).toHaveLength(1);
    const more = ', path: { caseSensitive: false }';
    put('routes/orders.yaml', `routes:\n${route('order', '/V1/Orders/{id}', { more })}`);
    expect(problems(main(orders(`paths: [/v1/orders], ${allOfIt}, may: [path]`)))).toEqual([]);
  });

  test.each([
    ['another path', '/v1/bills'],
    ['a parameter in the prefix', '/v1/{what}'],
    ['above', '/v1/**'],
  ])('a team may have no route elsewhere: %s', (_name, path) => {
    put('routes/orders.yaml', `routes:\n${route('order', path)}`);
    expect(problems(main(ofOrders))).toEqual([
      expect.stringMatching(
        /^routes\/orders\.yaml:2:\d+ this route is outside of what the team "orders" has; move the route, or widen "hosts" or "paths" of the team \(gateway\.yaml line 5\)$/,
      ),
    ]);
  });

  test.each([
    ['exact', 'shop.example.test', true],
    ['a subdomain of the wildcard', 'eu.pay.example.test', true],
    ['the wildcard itself', '*.pay.example.test', true],
    ['the parent domain of the wildcard', 'pay.example.test', false],
    ['another', 'example.test', false],
    ['a wider wildcard', '*.example.test', false],
  ])('hosts: %s', (_name, host, inside) => {
    put('routes/orders.yaml', `routes:\n${hosted('a', host, '/a')}`);
    const found = problems(main(orders(`hosts: [shop.example.test, "*.pay.example.test"], ${allOfIt}`)));
    expect(found).toHaveLength(inside ? 0 : 1);
  });

  test('paths on hosts do not affect other hosts or paths', () => {
    const ofShop = orders(`hosts: [shop.example.test], paths: [/v1], ${allOfIt}`);
    put('routes/orders.yaml', `routes:\n${hosted('a', 'shop.example.test', '/v1/a')}`);
    const rest = `routes:\n${hosted('b', 'shop.example.test', '/v2/a')}${hosted('c', 'other.example.test', '/v1/a')}`;
    expect(problems(main(ofShop, rest))).toEqual([]);
    const reaching = `routes:\n${route('b', '/v1/b')}${hosted('c', '*.example.test', '/v1/a')}`;
    expect(problems(main(ofShop, reaching))).toHaveLength(2);
  });

  test('two teams cannot have the same part', () => {
    put('a.yaml', 'routes: []\n');
    put('b.yaml', 'routes: []\n');
    const both =
      'teams:\n  a: { include: a.yaml, paths: [/v1/a, /v1/orders/x] }\n  b: { include: b.yaml, paths: [/v1/orders] }\n';
    expect(problems(main(both))).toEqual([
      'gateway.yaml:7:3 the team "a" has a part of this (line 6); each part belongs to one team',
    ]);
  });

  test.each([
    ['nothing', '', 'expected "hosts", "paths" or both'],
    ['no path', 'paths: []', 'an empty list gives the team nothing'],
    ['an invalid path', 'paths: [v1]', 'expected a path that starts with "/"'],
    ['an invalid host', 'hosts: ["*"]', 'expected a host name, such as api.example.test or *.example.test'],
    [
      'an unknown upstream',
      'paths: [/a], upstreams: [order]',
      '"order" is not declared under "upstreams"; did you mean "orders"?',
    ],
    ['an unknown role', 'paths: [/a], roles: [usr]', '"usr" is not declared under "roles"; did you mean "user"?'],
    ['a key that needs no permission', 'paths: [/a], may: [timeout]', 'expected public, '],
  ])('%s', (_name, what, message) => {
    put('routes/orders.yaml', 'routes: []\n');
    const found = problems(main(orders(what)));
    expect(found).toEqual([expect.stringMatching(/^gateway\.yaml:5:\d+ /)]);
    expect(found[0]).toContain(message);
  });
});

describe('rules', () => {
  const load = (entry: string, more = '') => {
    put('routes/orders.yaml', `routes:\n${entry}`);
    return problems(main(orders(`paths: [/v1/orders], ${allOfIt}${more}`)));
  };
  const path = '/v1/orders/{tenant}';

  test.each([
    [
      'a role that has more',
      route('a', path, { access: '[admin]' }),
      'roles: [user]',
      'roles: [user, admin]',
      '"admin" to "teams.orders.roles"',
    ],
    [
      'a role within an expression',
      route('a', path, { access: '{ DELETE: { all: [user, { any: [admin] }] } }' }),
      'roles: [user]',
      'roles: [user, admin]',
      '"admin" to "teams.orders.roles"',
    ],
    [
      'an upstream',
      route('a', path, { upstream: 'billing' }),
      'upstreams: [orders]',
      'upstreams: [orders, billing]',
      '"billing" to "teams.orders.upstreams"',
    ],
    [
      'the Auth API',
      route('a', path, { upstream: 'auth-api' }),
      'upstreams: [orders]',
      'upstreams: [orders, auth-api]',
      '"auth-api" to "teams.orders.upstreams"',
    ],
    ['an open route', route('a', path, { access: 'public' }), '', 'may: [public]', '"public" to "teams.orders.may"'],
    [
      'an open method',
      route('a', path, { access: '{ GET: optional, PUT: [user] }' }),
      '',
      'may: [public]',
      '"public" to "teams.orders.may"',
    ],
    [
      'cors',
      route('a', path, { more: ', cors: { origins: ["https://a.example.test"] }' }),
      '',
      'may: [cors]',
      '"cors" to "teams.orders.may"',
    ],
    [
      'a rewrite',
      route('a', path, { more: ', rewrite: { stripPrefix: /v1 }' }),
      '',
      'may: [rewrite]',
      '"rewrite" to "teams.orders.may"',
    ],
    [
      'credentials for the service',
      route('a', path, { more: ', forwardCredentials: true' }),
      '',
      'may: [forwardCredentials]',
      '"forwardCredentials" to "teams.orders.may"',
    ],
    [
      'an exemption',
      route('a', path, {
        more: ', when: [{ param: tenant, in: identity.groups, unless: [admin], reason: wrong_tenant }]',
      }),
      'may: [when], roles: [user]',
      'may: [when], roles: [user, admin]',
      '"admin" to "teams.orders.roles"',
    ],
  ])('a team needs permission for %s', (_name, entry, without, withIt, needed) => {
    const attempt = (what: string) => {
      put('routes/orders.yaml', `routes:\n${entry}`);
      const given = ['upstreams: [orders]', 'roles: [user]'].filter((list) => !what.includes(list.split(':')[0]!));
      return problems(main(orders(['paths: [/v1/orders]', ...given, what].filter((one) => one !== '').join(', '))));
    };
    expect(attempt(without)).toEqual([expect.stringMatching(/^routes\/orders\.yaml:2:\d+ the team "orders" may not /)]);
    expect(attempt(without)[0]).toContain(`; add ${needed} (gateway.yaml line 5)`);
    expect(attempt(withIt)).toEqual([]);
  });

  test('keys that loosen nothing, a narrower rule, denied requests and forbidden roles need none', () => {
    expect(
      load(route('a', path, { access: '{ all: [user], none: [suspended] }', more: ', timeout: 5s, maxBody: 1mb' })),
    ).toEqual([]);
    expect(load(route('a', path, { access: 'authenticated' }))).toEqual([]);
    expect(load(route('a', path, { access: 'deny' }))).toEqual([]);
  });

  test('every other key of a route needs permission, so that a new one does, too', () => {
    expect(delegatedKeys).toEqual(
      expect.arrayContaining(['credentials', 'when', 'evict', 'websocket', 'signIn', 'notBefore']),
    );
    expect(delegatedKeys).not.toEqual(expect.arrayContaining(['id']));
    for (const key of ['id', 'match', 'upstream', 'access', 'timeout']) expect(delegatedKeys).not.toContain(key);
  });

  test('an open default is no way around', () => {
    put('routes/orders.yaml', `routes:\n  - { id: a, match: { path: "${path}" }, upstream: orders }\n`);
    const open = 'defaults: { access: public }\nroutes: []\n';
    expect(problems(main(orders(`paths: [/v1/orders], ${allOfIt}`), open))).toEqual([
      expect.stringContaining('the team "orders" may not let requests through without a credential'),
    ]);
  });

  test('a file belongs to one team, or to none', () => {
    put('routes/orders.yaml', 'routes: []\n');
    const twice =
      'teams:\n  a: { include: routes/orders.yaml, paths: [/a] }\n  b: { include: "routes/*.yaml", paths: [/b] }\n';
    expect(problems(main(twice))).toEqual([
      'gateway.yaml:7:17 orders.yaml is also a file of the team "a"; each file is included once',
    ]);
    expect(problems(main(orders('paths: [/a]'), 'include: ["routes/*.yaml"]\nroutes: []\n'))).toEqual([
      expect.stringMatching(
        /^gateway\.yaml:5:\d+ orders\.yaml is also included without a team; each file is included once$/,
      ),
    ]);
  });

  test('a file of a team has routes and tests alone, and what it had before has another place', () => {
    put('routes/orders.yaml', 'roles: {}\nroutes: []\n');
    expect(problems(main(orders('paths: [/a]')))).toEqual([
      expect.stringContaining('routes/orders.yaml:1:1 unknown key "roles"'),
    ]);
    put('routes/orders.yaml', 'owns: { paths: [/a] }\nroutes: []\n');
    expect(problems(main(orders('paths: [/a]')))).toEqual([expect.stringContaining('in the main file" instead')]);
  });
});
