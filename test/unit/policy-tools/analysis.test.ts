/** What the analysis of rules finds, and what it must not report. */
import { describe, expect, test } from 'vitest';
import { placedFindings } from '../../../src/app/place-findings.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';

const head = `version: 1
authApi: { url: "http://auth:8081" }
conditions: { headers: { x-region: any } }
upstreams: { s: { targets: ["http://s:8080"] } }
`;
const roles = 'roles: { user: {}, admin: { inherits: [user] } }\n';

function find(text: string) {
  const read = parseConfig(text, { file: 'gateway.yaml', env: {}, readSecret: () => '' });
  if (!read.ok) throw new Error(read.problems.map(({ line, message }) => `${line}: ${message}`).join('\n'));
  return placedFindings(read.config, read.places);
}

const route = (id: string, path: string, keys: string, host?: string) =>
  `  - { id: ${id}, match: { path: "${path}"${host === undefined ? '' : `, host: "${host}"`} }, upstream: s, ${keys} }\n`;

/** Codes and subjects, without those of roles that a table does not list. */
function codes(routes: string): string[] {
  return find(`${head}${roles}routes:\n${route('uses', '/uses', 'access: [user]')}${routes}`).map(
    ({ code, subject }) => `${code}:${subject}`,
  );
}

describe('routes that never match', () => {
  const user = 'access: [user]';
  test.each([
    ['an escaped slash', '/r%2Fb', '', true],
    ['an escaped slash that is decoded', '/r%2Fb', ', path: { encodedSlash: decode }', true],
    ['an escaped slash that is kept', '/r%2Fb', ', path: { encodedSlash: keep }', false],
    ['a semicolon', '/{x}/s;b', '', true],
    ['a semicolon that is kept', '/{x}/s;b', ', path: { semicolon: keep }', false],
    ['two escapes', '/a%252Fb/**', '', true],
    ['an escape that has one reading', '/caf%C3%A9/a%20b', '', false],
  ])('a literal that its own reading refuses: %s', (_, path, tolerated, never) => {
    const found = find(`${head}${roles}routes:\n${route('r', path, `${user}${tolerated}`)}`).filter(
      ({ code }) => code === 'route_unreachable',
    );
    expect(found.map(({ subject }) => subject)).toEqual(never ? ['r'] : []);
  });

  test.each([
    [
      'a rest whose every length is taken',
      [
        ['all', '/a/**'],
        ['none', '/a'],
        ['some', '/a/{x}/**'],
      ],
      ['route_unreachable:all'],
    ],
    [
      'a rest below a parameter',
      [
        ['all', '/{t}/**'],
        ['none', '/{t}'],
        ['one', '/{t}/{x}'],
        ['more', '/{t}/{x}/{y}/**'],
      ],
      ['route_unreachable:all'],
    ],
    [
      'one length remains',
      [
        ['all', '/a/**'],
        ['some', '/a/{x}/**'],
      ],
      [],
    ],
    [
      'a literal leaves other values',
      [
        ['all', '/a/{x}'],
        ['one', '/a/b'],
      ],
      [],
    ],
    [
      'depth matters',
      [
        ['all', '/a/**'],
        ['none', '/a'],
        ['one', '/a/{x}'],
        ['two', '/a/{x}/{y}'],
      ],
      [],
    ],
  ] as const)('%s', (_, routes, expected) => {
    expect(codes(routes.map(([id, path]) => route(id, path, user)).join(''))).toEqual(expected);
  });

  test.each([
    ['exact', 'a.test', 'a.test', true],
    ['exact for any', 'a.test', undefined, false],
    ['exact for wildcard', 'a.test', '*.test', false],
    ['longer wildcard for wildcard', '*.a.test', '*.test', false],
    ['wildcard', '*.test', '*.test', true],
    ['wildcard for any', '*.example', undefined, false],
  ] as const)('hosts: %s', (_, narrow, broad, never) => {
    const taken = route('none', '/a', user, narrow) + route('some', '/a/{x}/**', user, narrow);
    expect(codes(route('all', '/a/**', user, broad) + taken)).toEqual(never ? ['route_unreachable:all'] : []);
  });
});

test.each([
  [
    'a broader route lists it',
    route('rest', '/a/**', 'access: { GET: [user], POST: [admin] }') +
      route('one', '/a/{x}', 'access: { GET: [user] }'),
    ['method_unlisted:one'],
  ],
  [
    'denied by the broader one',
    route('rest', '/a/**', 'access: { GET: [user], POST: deny }') + route('one', '/a/{x}', 'access: { GET: [user] }'),
    [],
  ],
  [
    'marked as intended',
    route('rest', '/a/**', 'access: { GET: [user], POST: [admin] }') +
      route('one', '/a/{x}', 'access: { GET: [user], POST: deny }'),
    [],
  ],
  [
    'listed by a second route with the same pattern',
    route('rest', '/a/**', 'access: { GET: [user], POST: [admin] }') +
      '  - { id: one, match: { path: "/a/{x}", methods: [GET] }, upstream: s, access: [user] }\n' +
      '  - { id: two, match: { path: "/a/{x}", methods: [POST] }, upstream: s, access: [admin] }\n',
    [],
  ],
  [
    'all similar routes list it',
    ['a', 'b', 'c', 'd']
      .map((id) => route(id, `/v1/${id}/{x}`, `access: { GET: [user]${id === 'c' ? '' : ', DELETE: [admin]'} }`))
      .join(''),
    ['method_unlike_peers:c'],
  ],
  [
    'most similar routes list it',
    ['a', 'b', 'c', 'd']
      .map((id) => route(id, `/v1/${id}/{x}`, `access: { GET: [user]${'cd'.includes(id) ? '' : ', DELETE: [admin]'} }`))
      .join(''),
    [],
  ],
  [
    'a public route whose path names what ends',
    route('end', '/session/{id}', 'access: public, evict: { session: "{id}" }') +
      route('own', '/mine/{id}', 'access: [user, admin], evict: { session: "{id}" }'),
    ['evict_public:end'],
  ],
  [
    'public below a protected prefix',
    route('area', '/admin/**', 'access: [admin]') + route('hole', '/admin/health', 'access: public'),
    ['public_under_protected:hole'],
  ],
  [
    'open without an identity below a protected prefix',
    route('area', '/admin/**', 'access: [admin]') + route('hole', '/admin/health', 'access: { GET: optional }'),
    ['public_under_protected:hole'],
  ],
  [
    'public below a protected prefix, but unreachable: another letter case claims the same path',
    route('area', '/x/**', 'access: [admin], path: { caseSensitive: false }') +
      route('hole', '/x/a', 'access: public') +
      route('other', '/x/A', 'access: [user]'),
    ['route_unreachable:hole', 'route_unreachable:other'],
  ],
  [
    'two routes that differ only in letter case',
    route('one', '/Docs', 'access: [user]') + route('two', '/docs', 'access: [user]'),
    ['route_unreachable:one', 'route_unreachable:two'],
  ],
  [
    'two routes that differ only in letter case, where the service distinguishes it',
    route('one', '/Docs', 'access: [user], path: { caseSensitive: true }') +
      route('two', '/docs', 'access: [user], path: { caseSensitive: true }'),
    [],
  ],
  [
    'another letter case claims the same path, but for other methods',
    route('area', '/y', 'access: [admin], path: { caseSensitive: false }') +
      '  - { id: one, match: { path: /x/a, methods: [GET] }, upstream: s, access: [user] }\n' +
      route('other', '/x/A', 'access: [user]'),
    ['route_unreachable:one'],
  ],
  [
    'public below a closed prefix, or the whole of a host',
    route('closed', '/admin/**', 'access: deny') +
      route('health', '/admin/health', 'access: public') +
      route('all', '/**', 'access: [user]') +
      route('login', '/login', 'access: public'),
    [],
  ],
  [
    'open on one host, over a path protected on every host',
    route('area', '/admin/**', 'access: [admin]') + route('site', '/**', 'access: public', 'site.test'),
    ['public_over_protected:site'],
  ],
  [
    'open on a host below a wildcard',
    route('area', '/admin/{x}', 'access: { GET: [admin] }', '*.test') +
      route('site', '/**', 'access: { GET: optional, POST: deny }', '*.site.test'),
    ['public_over_protected:site'],
  ],
  [
    'open on a host where the path is also protected',
    route('area', '/admin/**', 'access: [admin]') +
      route('own', '/admin/**', 'access: [user]', 'site.test') +
      route('site', '/**', 'access: public', 'site.test') +
      route('used', '/uses', 'access: [user]', 'site.test') +
      route('other', '/x', 'access: public', 'other.test'),
    [],
  ],
] as const)('%s', (_, routes, expected) => {
  expect(codes(routes)).toEqual(expected);
});

describe('roles', () => {
  const of = (declared: string, routes: string) =>
    find(`${head}roles: ${declared}\nroutes:\n${routes}`).map(({ code, subject }) => `${code}:${subject}`);

  test.each([
    ['unused', '{ user: {}, guest: {} }', ['role_unused:guest']],
    ['grants a used one', '{ user: {}, boss: { inherits: [admin] }, admin: { inherits: [user] } }', []],
    ['only inherited', '{ base: {}, user: { inherits: [base] } }', ['role_unused:base']],
    ['misspelt', '{ user: {}, usre: {} }', ['role_misspelt:usre']],
  ] as const)('%s', (_, declared, expected) => {
    expect(of(declared, route('a', '/a', 'access: [user]'))).toEqual(expected);
  });

  test('exemptions count as use', () => {
    const keys = 'access: [user], when: [{ query: q, exists: true, unless: [root], reason: q_needed }]';
    expect(of('{ user: {}, root: {} }', route('a', '/a', keys))).toEqual([]);
  });

  test.each([
    ['requires what it forbids', '{ all: [admin], none: [user] }', true],
    ['one of several remains', '{ any: [admin, guest], none: [user] }', false],
    ['none of several remains', '{ any: [admin, boss], none: [user] }', true],
    ['forbids without requiring', '{ none: [user] }', false],
    ['the inheriting role is forbidden', '{ all: [user], none: [admin] }', false],
    ['two required roles, one of which inherits a forbidden one', '{ all: [guest, admin], none: [user] }', true],
  ] as const)('%s', (_, rule, bad) => {
    const declared = '{ user: {}, admin: { inherits: [user] }, boss: { inherits: [admin] }, guest: {} }';
    const found = of(declared, route('a', '/a', `access: ${rule}`) + route('b', '/b', 'access: [user, guest]'));
    expect(found).toEqual(bad ? ['rule_unmeetable:a'] : []);
  });

  test('includes roles that follow from another one', () => {
    const declared = '{ user: { from: { field: roles, equals: admin } }, admin: {} }';
    const routes = route('a', '/a', 'access: { all: [admin], none: [user] }');
    expect(of(declared, routes)).toEqual(['rule_unmeetable:a']);
  });

  test('finds an upstream without a route', () => {
    const text = `${head.replace('upstreams: {', 'upstreams: { old: { targets: ["http://o:1"] },')}${roles}routes:\n${route('a', '/a', 'access: [user]')}`;
    expect(find(text).map(({ code, subject }) => `${code}:${subject}`)).toEqual(['upstream_unused:old']);
  });
});

describe('conditions', () => {
  const impossible: readonly (readonly [name: string, when: string])[] = [
    ['two texts at once', '{ all: [{ param: p, equals: a }, { param: p, equals: b }], reason: w }'],
    ['a text that is not in a list', '{ all: [{ query: q, equals: a }, { query: q, in: [b, c] }], reason: w }'],
    ['a prefix that it lacks', '{ all: [{ query: q, equals: a }, { query: q, startsWith: b }], reason: w }'],
    ['present and absent', '{ all: [{ query: q, exists: true }, { query: q, exists: false }], reason: w }'],
    ['absent, and compared', '{ all: [{ query: q, exists: false }, { query: q, equals: a }], reason: w }'],
    ['a segment with a slash', '{ param: p, equals: "a/b", reason: w }'],
    ['a header with a comma', '{ header: x-region, equals: "eu,us", reason: w }'],
    ['a value and its negation', '{ all: [{ param: p, equals: a }, { not: { param: p, equals: a } }], reason: w }'],
    [
      'a bearer with the id of a key',
      '{ all: [{ identity: kind, equals: bearer }, { identity: keyId, exists: true }], reason: w }',
    ],
    [
      'two disjoint ranges',
      '{ all: [{ client: address, cidr: "10.0.0.0/8" }, { client: address, cidr: "192.168.0.0/16" }], reason: w }',
    ],
    [
      'the same value twice, once negated',
      '{ all: [{ param: p, equals: identity.userId }, { not: { param: p, equals: identity.userId } }], reason: w }',
    ],
  ];
  const possible: readonly (readonly [name: string, when: string])[] = [
    ['one of two texts', '{ any: [{ param: p, equals: a }, { param: p, equals: b }], reason: w }'],
    ['two groups at once', '{ all: [{ identity: groups, equals: a }, { identity: groups, equals: b }], reason: w }'],
    [
      'a group and not another',
      '{ all: [{ identity: groups, equals: a }, { not: { identity: groups, equals: b } }], reason: w }',
    ],
    ['not the caller', '{ not: { param: p, equals: identity.userId }, reason: w }'],
    ["the caller's group", '{ param: p, in: identity.groups, reason: w }'],
    [
      'a longer text',
      '{ all: [{ param: p, startsWith: identity.userId }, { not: { param: p, equals: identity.userId } }], reason: w }',
    ],
    [
      'a range in a range',
      '{ all: [{ client: address, cidr: "10.0.0.0/8" }, { not: { client: address, cidr: "10.0.0.0/16" } }], reason: w }',
    ],
    ['outside', '{ not: { client: address, cidr: ["10.0.0.0/8", "192.168.0.0/16"] }, reason: w }'],
    [
      'three that differ',
      '{ all: [{ not: { query: q, equals: param.p } }, { not: { query: r, equals: query.q } }, { not: { query: r, equals: param.p } }], reason: w }',
    ],
  ];
  const codesOf = (when: string) => codes(route('c', '/c/{p}', `access: [user], when: [${when}]`));

  test.each(impossible)('finds a condition that cannot be met: %s', (_, when) =>
    expect(codesOf(when)).toEqual(['condition_unmeetable:c']),
  );
  test.each(possible)('accepts a condition that can be met: %s', (_, when) => expect(codesOf(when)).toEqual([]));

  test('finds conditions that can each be met, but not together', () => {
    const [both] = find(
      `${head}${roles}routes:\n${route('c', '/c/{p}', 'access: [user], when: [{ param: p, equals: a, reason: one }, { param: p, equals: b, reason: two, unless: [admin] }]')}`,
    );
    expect(both).toMatchObject({ code: 'condition_unmeetable', example: 'GET http://any.example/c/anything' });
    expect(both?.message).toContain('exemption (admin)');
  });

  test.each([
    ['all allowed callers are exempt', 'access: [user]', 'user', true],
    ['all allowed callers inherit an exempt role', 'access: [admin]', 'user', true],
    ['some allowed callers are not exempt', 'access: [user]', 'admin', false],
    ['any identity is allowed', 'access: authenticated', 'user', false],
    ['a caller without a role is allowed', 'access: { none: [admin] }', 'user', false],
    ['for one method, some are not exempt', 'access: { GET: [user], DELETE: [admin] }', 'admin', false],
    ['for every method all are exempt', 'access: { GET: [user], DELETE: [admin], PUT: deny }', 'user', true],
    ['a caller without an identity is allowed', 'access: optional', 'user', false],
    ['no caller is allowed', 'access: deny', 'user', false],
  ])('exempt: %s', (_, access, exempt, idle) => {
    const when = `[{ param: p, equals: a, reason: one }, { query: q, equals: a, reason: two, unless: [${exempt}] }]`;
    const found = find(
      `${head}${roles}routes:\n${route('uses', '/uses', 'access: [user]')}${route('c', '/c/{p}', `${access}, when: ${when}`)}`,
    );
    expect(found.map(({ code, subject }) => `${code}:${subject}`)).toEqual(idle ? ['condition_idle:c'] : []);
    if (idle) expect(found[0]).toMatchObject({ example: 'GET http://any.example/c/anything', problem: { line: 8 } });
  });

  test.each([
    ['a value in a list', '{ not: { param: p, in: [identity.userId, x] }, reason: w }', true],
    ['another letter case', '{ param: p, equals: Identity.userId, reason: w }', true],
    ['another number', '{ any: [{ query: q, startsWith: params.p }, { query: q, equals: a }], reason: w }', true],
    ['a value', '{ param: p, equals: identity.userId, reason: w }', false],
    ['a text with a dot', '{ param: p, in: [index.html, identityx.y, "param."], reason: w }', false],
  ])('a text that looks like a value: %s', (_, when, suspect) => {
    const found = find(
      `${head}${roles}routes:\n${route('uses', '/u', 'access: [user]')}${route('c', '/c/{p}', `access: [user], when: [${when}]`)}`,
    );
    expect(found.map(({ code, subject }) => `${code}:${subject}`)).toEqual(suspect ? ['literal_like_value:c'] : []);
  });

  test('exempt through a role derived from another field', () => {
    const mapped = 'roles: { user: { from: { field: groups, equals: staff } }, root: { inherits: [user] } }\n';
    const when = 'when: [{ param: p, equals: a, reason: w, unless: [user] }]';
    const found = find(`${head}${mapped}routes:\n${route('c', '/c/{p}', `access: [user, root], ${when}`)}`);
    expect(found.map(({ code }) => code)).toEqual(['condition_idle']);
  });

  test('does not judge what would take too many attempts', () => {
    const many = Array.from({ length: 12 }, (_, n) => `{ query: q${n}, equals: a }`).join(', ');
    expect(codesOf(`{ all: [${many}, { param: p, equals: a }, { param: p, equals: b }], reason: w }`)).toEqual([]);
  });

  test('a message contains no value of a condition, not even from a variable', () => {
    const text = `${head}${roles}routes:\n${route('c', '/c/{p}', `access: [user], when: [{ all: [{ param: p, equals: "\${SECRET}" }, { param: p, equals: b }], reason: w }]`)}`;
    const read = parseConfig(text, { file: 'f', env: { SECRET: 'hush-hush' }, readSecret: () => '' });
    if (!read.ok) throw new Error('not read');
    const findings = placedFindings(read.config, read.places);
    expect(findings).toHaveLength(1);
    expect(JSON.stringify(findings)).not.toContain('hush');
  });
});

test('a finding is located at its cause, with a request that shows it', () => {
  const [found] = find(
    `${head}${roles}routes:\n${route('area', '/admin/**', 'access: [user]', 'api.test')}${route('hole', '/admin/health', 'access: public', 'api.test')}`,
  );
  expect(found).toMatchObject({
    example: 'GET http://api.test/admin/health',
    problem: { file: 'gateway.yaml', line: 8, column: 90 },
  });
  expect(found?.problem.frame).toContain('hole');
});

test('the example can be sent, even if only letters beyond ASCII fit no form', () => {
  const routes =
    route('slug', '/{name:slug}', 'access: [user], path: { caseSensitive: false }') +
    route('area', '/y/**', 'access: [admin]') +
    route('hole', '/y/{n:int}/**', 'access: public');
  const example = find(`${head}${roles}routes:\n${routes}`).find(({ subject }) => subject === 'hole')?.example;
  expect(example).toMatch(/^GET http:\/\/any\.example\/y\/\d+\/[!-~]+$/);
});

test('the message is singular for one missing method and plural for several', () => {
  const messageOf = (access: string) =>
    find(
      `${head}${roles}routes:\n${route('rest', '/a/**', `access: ${access}`)}${route('one', '/a/{x}', 'access: { GET: [user] }')}`,
    ).find(({ code }) => code === 'method_unlisted')?.problem.message;
  expect(messageOf('{ GET: [user], PUT: [admin] }')).toMatch(/^PUT gets 405 here, .* lists it \(/);
  expect(messageOf('{ GET: [user], "PUT,DELETE": [admin] }')).toMatch(/^PUT, DELETE get 405 here, .* lists them \(/);
});

describe('segments in the pattern syntax of another router', () => {
  const of = (path: string) => find(`${head}${roles}routes:\n${route('r', path, 'access: [user]')}`);
  test.each([
    ['/orders/:id', '{id}'],
    ['/orders/<id>/items', '{id}'],
    ['/orders/<int:id>', '{id}'],
    ['/orders/$id', '{id}'],
    ['/orders/[id]', '{id}'],
    ['/orders/[0-9]+', '{name}'],
    ['/orders/[^/]+', null],
    ['/orders/(a|b)', '{name}'],
    ['/^orders$', '{name}'],
    ['/orders/.+', '{name}'],
    ['/orders/v[0-9]+', '{name}'],
  ])('%s', (path, right) => {
    const found = of(path).filter(({ code }) => code === 'literal_like_pattern');
    expect(found.map(({ subject, hint }) => [subject, hint?.split(' ')[1]])).toEqual(
      right === null ? [] : [['r', right]],
    );
  });

  test.each([
    '/orders/v1.2',
    '/orders/a+b',
    '/orders/(draft)',
    '/orders/a:b',
    '/orders/$metadata',
    '/orders/$count',
    '/.well-known/x',
    '/users/@me',
  ])('%s is a literal', (path) => expect(of(path).map(({ code }) => code)).not.toContain('literal_like_pattern'));
});

describe('a parameter that one route does not compare', () => {
  const own = 'access: [user], when: [{ param: tenant, in: identity.groups, unless: [admin], reason: w }]';
  const order = route('order', '/v1/orders/{tenant}/{id}', own);
  const uncompared = (routes: string) =>
    find(`${head}${roles}routes:\n${routes}`)
      .filter(({ code }) => code === 'param_uncompared')
      .map(({ subject, message }) => `${subject}: ${message.split(' ')[0]}`);
  test.each([
    [
      'next to one that compares it',
      route('items', '/v1/orders/{tenant}/{id}/items', 'access: [user]'),
      ['items: "tenant"'],
    ],
    ['under another name', route('items', '/v1/orders/{t}/{id}/items', 'access: authenticated'), ['items: "t"']],
    ['compared by the route', route('items', '/v1/orders/{tenant}/{id}/items', own), []],
    ['where everyone is exempt', route('items', '/v1/orders/{tenant}/{id}/items', 'access: [admin]'), []],
    ['in another collection', route('items', '/v1/users/{tenant}/items', 'access: [user]'), []],
    ['on a public route', route('items', '/v1/orders/{tenant}/{id}/logo', 'access: public'), []],
    ['on a closed route', route('items', '/v1/orders/{tenant}/{id}/logo', 'access: deny'), []],
  ])('%s', (_, other, expected) => expect(uncompared(order + other)).toEqual(expected));
});

describe('hosts that differ by one letter', () => {
  const of = (...hosts: string[]) =>
    find(`${head}${roles}routes:\n${hosts.map((host, n) => route(`r${n}`, `/p${n}`, 'access: [user]', host)).join('')}`)
      .filter(({ code }) => code === 'hosts_alike')
      .map(({ subject, hint }) => `${subject} ${hint}`);
  test.each([
    ['another letter', ['shop.example.test', 'shop.example.test', 'shop.exampel.test']],
    ['a missing letter', ['shop.example.test', 'shop.example.test', 'shop.exmple.test']],
    ['an extra letter', ['shop.example.test', 'shop.example.test', 'shop.examplee.test']],
    ['in a wildcard', ['*.example.test', '*.example.test', '*.exxample.test']],
  ])('%s', (_, hosts) => expect(of(...hosts)).toEqual([`r2 did you mean "${hosts[0]}"?`]));
  test.each([
    ['numbered', ['node1.example.test', 'node2.example.test', 'node12.example.test']],
    ['short', ['eu.example.test', 'us.example.test', 'uk.example.test']],
    ['two of them', ['shop.example.test', 'ship.exampel.test']],
    ['different names', ['shop.example.test', 'store.example.test']],
  ])('not reported: %s', (_, hosts) => expect(of(...hosts)).toEqual([]));
});

describe('values in another spelling', () => {
  const guarded = (path: string, keys = 'access: [user]') => route('guarded', path, keys);
  const of = (...routes: string[]) => codes(routes.join('')).filter((code) => code.startsWith('shape_bypassed'));
  const wide = route('wide', '/o/**', 'access: public');
  test.each([
    ['a number beside a public rest', [guarded('/o/{id:int}'), wide], true],
    ['with text around', [guarded('/o/v{id:int}.json'), wide], true],
    ['within a longer path', [guarded('/o/{id:int}/items'), wide], true],
    ['a UUID', [guarded('/o/{id:uuid}'), wide], true],
    ['below an optional route', [guarded('/o/{id:int}'), route('wide', '/o/**', 'access: optional')], true],
    [
      'beside a route that asks for an identity',
      [guarded('/o/{id:int}'), route('wide', '/o/**', 'access: authenticated')],
      false,
    ],
    [
      'with the same rule for other values',
      [guarded('/o/{id:int}'), route('rest', '/o/{id}', 'access: [user]'), wide],
      false,
    ],
    ['a slug, which has one spelling', [guarded('/o/{id:slug}'), wide], false],
    ['no route for other values', [guarded('/o/{id:int}')], false],
    ['a public route itself', [guarded('/o/{id:int}', 'access: public'), wide], false],
  ])('%s', (_, routes, bypassed) => expect(of(...routes)).toEqual(bypassed ? ['shape_bypassed:guarded'] : []));
});

describe('paths in another letter case', () => {
  const guarded = route('guarded', '/o/Admin/**', 'access: [user]');
  const wide = (keys: string) => route('wide', '/o/**', keys);
  const of = (...routes: string[]) => codes(routes.join('')).filter((code) => code.startsWith('case_bypassed'));
  const exact = 'path: { caseSensitive: true }';
  test.each([
    ['beside a public route', [guarded, wide(`access: public, ${exact}`)], true],
    ['beside an optional one', [guarded, wide(`access: optional, ${exact}`)], true],
    ['beside a rule for every identity', [guarded, wide(`access: authenticated, ${exact}`)], true],
    ['beside another role', [guarded, wide(`access: [admin], ${exact}`)], false],
    ['beside a public route that refuses them', [guarded, wide('access: public')], false],
    [
      'of a route whose service ignores case',
      [
        route('guarded', '/o/Admin/**', 'access: [user], path: { caseSensitive: false }'),
        wide(`access: public, ${exact}`),
      ],
      false,
    ],
    [
      'with the same rule for the other case',
      [guarded, route('same', '/o/admin/**', `access: [user], ${exact}`), wide(`access: public, ${exact}`)],
      false,
    ],
    [
      'without letters in literals',
      [route('guarded', '/o/1/{name}', 'access: [user]'), wide(`access: public, ${exact}`)],
      false,
    ],
  ])('%s', (_, routes, bypassed) => expect(of(...routes)).toEqual(bypassed ? ['case_bypassed:guarded'] : []));
});

describe('routes without a rule', () => {
  const of = (routes: string, settings = '') =>
    find(`${head}${roles}${settings}routes:\n${route('uses', '/uses', 'access: [user]')}${routes}`)
      .filter(({ code }) => code === 'route_without_access')
      .map(({ subject }) => subject);
  const none = '  - { id: r, match: { paths: ["/r/**", "/r"] }, upstream: s }\n';
  const policy = 'policies: [{ id: p, match: { path: "/r/**" }, access: [user] }]\n';
  test.each([
    ['none', none, '', ['r']],
    ['none below a policy', none, policy, ['r']],
    ['a written deny', route('r', '/r', 'access: deny'), '', []],
    ['one for a method', route('r', '/r', 'access: { GET: [user] }'), '', []],
    ['one by default', none, 'defaults: { access: authenticated }\n', []],
    ['deny by default', none, 'defaults: { access: deny }\n', []],
  ])('%s', (_, routes, settings, expected) => expect(of(routes, settings)).toEqual(expected));
});

describe('settings that are probably mistakes', () => {
  const of = (settings: string, { authApi = '"http://auth:8081"', target = 'http://s:8080', when = '' } = {}) => {
    const text = `version: 1
authApi: { url: ${authApi} }
upstreams: { s: { targets: ["${target}"] } }
${roles}routes:
${route('r', '/r', `access: [user]${when}`)}${settings}`;
    const kinds = [
      'every_peer_trusted',
      'private_block_trusted',
      'admin_open',
      'auth_api_is_gateway',
      'port_zero',
      'condition_every_address',
    ];
    return find(text)
      .filter(({ code }) => kinds.includes(code))
      .map(({ code, subject, problem }) => `${code}:${subject} ${problem.line}`);
  };
  const whole = 'private_block_trusted:server.trustedProxies 7';
  test.each([
    ['nothing', '', []],
    ['every peer trusted', 'server: { trustEveryPeer: true }', ['every_peer_trusted:server.trustEveryPeer 7']],
    ['not every peer trusted', 'server: { trustEveryPeer: false }', []],
    ['a private block trusted', 'server: { trustedProxies: [10.0.0.0/8] }', [whole]],
    ['within a larger range', 'server: { trustedProxies: [128.0.0.0/1, "::1"] }', [whole]],
    ['in two halves', 'server: { trustedProxies: [172.16.0.0/13, 172.24.0.0/13] }', [whole]],
    ['unique local addresses', 'server: { trustedProxies: ["fc00::/7"] }', [whole]],
    ['a part of each', 'server: { trustedProxies: [10.0.0.0/9, 172.16.0.0/13, 192.168.1.0/24, "fd00::/9"] }', []],
    ['an admin port on every address', 'server: { admin: ":9090" }', ['admin_open:server.admin 7']],
    ['an admin port on an interface', 'server: { admin: "10.0.0.1:9090" }', ['admin_open:server.admin 7']],
    ['with a token', `server: { admin: ":9090", adminToken: ${'t'.repeat(40)} }`, []],
    ['on loopback', 'server: { admin: "[::1]:9090" }', []],
    ['on localhost', 'server: { admin: "localhost:9090" }', []],
    ['none', 'server: { admin: false }', []],
  ])('%s', (_, settings, expected) => expect(of(settings)).toEqual(expected));

  test('an Auth API that is the gateway itself', () => {
    const expected = ['auth_api_is_gateway:authApi.url 2'];
    expect(of('', { authApi: '"http://localhost:8080"' })).toEqual(expected);
    expect(of('server: { listen: "127.0.0.1:7000" }', { authApi: '["http://a:1", "http://127.0.0.1:7000"]' })).toEqual(
      expected,
    );
    expect(of('', { authApi: '"http://127.0.0.1:9090"' })).toEqual(expected);
    expect(of('', { authApi: '"http://127.0.0.1:8081"' })).toEqual([]);
  });

  test('port 0', () => {
    expect(of('', { target: 'http://s:0' })).toEqual(['port_zero:s 3']);
    expect(of('', { authApi: '"http://auth:0"' })).toEqual(['port_zero:authApi.url 2']);
  });

  describe('sources', () => {
    const jwt = (rest: string) => `kind: jwt, audience: [a], ${rest}`;
    const found = (sources: Record<string, string>, more = '') => {
      const lines = Object.entries(sources).map(([name, keys]) => `  ${name}: { ${keys} }\n`);
      const text = `version: 1
authApi: { url: "http://auth:8081" }
identityHeaders: { user-source: source }
sources:
${lines.join('')}upstreams: { s: { targets: ["http://s:8080"] } }
${roles}routes:
${route('r', '/r', 'access: [user]')}${more}`;
      return find(text)
        .filter(({ code }) => code === 'source_unused' || code === 'issuer_without_tls')
        .map(({ code, subject, problem }) => `${code}:${subject} ${problem.line}`);
    };
    const userinfo = 'kind: userinfo, url: "https://id.test/userinfo"';
    const opaque = 'kind: introspection, url: "https://id.test/introspect", client: { id: a, secret: b }';
    const issuer = jwt('issuer: "https://id.test"');

    test('that no credential reaches', () => {
      expect(found({ profile: userinfo })).toEqual(['source_unused:sources.profile 5']);
      expect(found({ profile: userinfo }, 'credentials: { bearer: { source: profile } }')).toEqual([]);
      expect(found({ issuer })).toEqual([]);
      expect(found({ issuer: `${issuer}, introspect: onMiss, introspection: opaque`, opaque })).toEqual([]);
      expect(found({ issuer, opaque })).toEqual(['source_unused:sources.opaque 6']);
    });

    test('a provider for signing in receives sessions', () => {
      const corp = 'corp: { issuer: "https://id.test", clientId: a, clientSecret: b }';
      expect(found({ issuer }, `signIn: { origin: "https://app.test", providers: { ${corp} } }`)).toEqual([]);
    });

    test('whose keys are fetched without TLS', () => {
      expect(found({ a: jwt('issuer: "http://id.test"') })).toEqual(['issuer_without_tls:sources.a.issuer 5']);
      const named = jwt('issuer: "https://id.test", jwks: "http://id.test/jwks"');
      expect(found({ a: named })).toEqual(['issuer_without_tls:sources.a.jwks 5']);
      expect(found({ a: jwt('issuer: "http://localhost:3000"') })).toEqual([]);
      expect(found({ a: jwt('issuer: "http://127.0.0.1:3000/realm"') })).toEqual([]);
    });
  });

  test('a condition that allows every address, where permitted', () => {
    const when = ', when: [{ client: address, cidr: ["0.0.0.0/1", "128.0.0.0/1"], reason: w }]';
    expect(of('conditions: { allowEveryAddress: true }', { when })).toEqual(['condition_every_address:r 6']);
  });
});
