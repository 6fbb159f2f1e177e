/** What a change of the rules means, in the wording of the report. */
import stringWidth from 'string-width';
import { describe, expect, it, test } from 'vitest';
import { diffMarkdown } from '../../../src/cli/diff/diff-markdown.ts';
import { diffReport } from '../../../src/cli/diff/diff-report.ts';
import { diffText } from '../../../src/cli/diff/diff-text.ts';
import { comparePolicies } from '../../../src/policy-tools/diff/compare-policies.ts';
import { settingChanges } from '../../../src/policy-tools/diff/setting-changes.ts';
import { policyOf } from '../../../src/policy-tools/run-cases.ts';
import { policyFile as policy } from './policies.ts';

const roles = 'roles: { user: {}, reporter: { inherits: [user] }, admin: { inherits: [reporter] } }\n';
const route = (more: string, id = 'one') => `  - { id: ${id}, upstream: orders, ${more} }\n`;
const rules = (...routes: string[]) => policy(`${roles}routes:\n${routes.join('')}`);

function diff(before: ReturnType<typeof rules>, after: ReturnType<typeof rules>) {
  const differences = comparePolicies(policyOf(before.config), policyOf(after.config));
  return diffReport(differences, settingChanges(before, after));
}

describe('one rule for every method', () => {
  const any = ['GET', 'HEAD', 'OPTIONS', 'any other'];
  it.each([
    ['an added role', '[admin]', '[admin, reporter]', 'newlyAllowed', ['role reporter']],
    ['a removed role', '[admin, reporter]', '[admin]', 'newlyRefused', ['role reporter']],
    ['any identity', '[admin]', 'authenticated', 'newlyAllowed', ['any identity']],
    [
      'all instead of any',
      '{ any: [user, admin] }',
      '{ all: [user, admin] }',
      'newlyRefused',
      ['role reporter or role user'],
    ],
    [
      'a forbidden role',
      '[user]',
      '{ any: [user], none: [reporter] }',
      'newlyRefused',
      ['role reporter or role admin'],
    ],
  ])('%s', (_name, before, after, kind, who) => {
    const report = diff(
      rules(route(`match: { path: /x }, access: ${before}`)),
      rules(route(`match: { path: /x }, access: ${after}`)),
    );
    const [own, other] =
      kind === 'newlyAllowed' ? [report.newlyAllowed, report.newlyRefused] : [report.newlyRefused, report.newlyAllowed];
    expect(other).toEqual([]);
    expect(
      own.map(({ methods, who: whom }) => [methods, whom.map((words) => words.split(' or ').sort().join(' or '))]),
    ).toEqual([[any, who.map((words) => words.split(' or ').sort().join(' or '))]]);
  });
});

test('reports a route that becomes public', () => {
  const report = diff(
    rules(route('match: { path: /x }, access: [user]')),
    rules(route('match: { path: /x }, access: public')),
  );
  expect(report.newlyAllowed[0]?.who).toEqual(['anyone']);
});

test('a route that shadows another one is reported as two changes in one place', () => {
  const wide = route('match: { path: "/a/**" }, access: [user]');
  const report = diff(rules(wide), rules(wide, route('match: { path: "/a/{b}" }, access: [admin]', 'two')));
  expect(report.newlyAllowed).toEqual([]);
  expect(
    report.newlyRefused.map(({ routeBefore, routeAfter, example, who }) => [routeBefore, routeAfter, example, who]),
  ).toEqual([['one', 'two', 'GET https://any.example/a/any', [expect.stringMatching(/role (user|reporter)/)]]]);
});

test('reports a method that is no longer listed', () => {
  const report = diff(
    rules(route('match: { path: /x }, access: { GET: [user], PUT: [user] }')),
    rules(route('match: { path: /x }, access: { GET: [user] }')),
  );
  expect(report.newlyRefused.map(({ methods, reasons }) => [methods, reasons])).toEqual([
    [['PUT'], ['method_not_allowed']],
  ]);
});

test('a removed condition is newly allowed where it was not met', () => {
  const before = route(
    'match: { path: "/{t}" }, access: [user], when: [{ param: t, in: identity.groups, reason: wrong }]',
  );
  const report = diff(rules(before), rules(route('match: { path: "/{t}" }, access: [user]')));
  expect(report.newlyRefused).toEqual([]);
  expect(report.newlyAllowed[0]).toMatchObject({
    reasons: ['wrong'],
    conditions: ['param t in identity groups'],
    possible: false,
  });
});

test.each([
  [
    'the order of routes',
    rules(route('match: { path: /x }, access: [user]'), route('match: { path: /y }, access: [admin]', 'two')),
    rules(route('match: { path: /y }, access: [admin]', 'two'), route('match: { path: /x }, access: [user]')),
  ],
  [
    'a role next to one that inherits it',
    rules(route('match: { path: /x }, access: [user]')),
    rules(route('match: { path: /x }, access: [user, admin]')),
  ],
  [
    'another parameter name',
    rules(route('match: { path: "/{a}" }, access: [user], when: [{ param: a, equals: x, reason: no }]')),
    rules(route('match: { path: "/{b}" }, access: [user], when: [{ param: b, equals: x, reason: no }]')),
  ],
])('%s changes nothing', (_name, before, after) => {
  expect(diff(before, after)).toMatchObject({ same: true, newlyAllowed: [], newlyRefused: [] });
});

describe('a condition in another form', () => {
  const address = (...ranges: string[]) => `client: address, cidr: ${JSON.stringify(ranges)}`;
  it.each([
    ['one range fewer', address('10.0.0.0/8', '192.168.0.0/16'), address('10.0.0.0/8'), 'newlyRefused'],
    ['a range within a range', address('10.0.0.0/16'), address('10.0.0.0/8'), 'newlyAllowed'],
    ['both halves of a range', address('10.0.0.0/9', '10.128.0.0/9'), address('10.0.0.0/8'), null],
    ['one text fewer', 'param: p, in: [a, b]', 'param: p, equals: a', 'newlyRefused'],
    ['a list of one item', 'query: q, in: [a]', 'query: q, equals: a', null],
    [
      'a prefix of the old values',
      'header: x-region, in: [eu, eu-1]',
      'header: x-region, startsWith: eu',
      'newlyAllowed',
    ],
    [
      'in a list, or each by itself',
      'identity: groups, in: [a, b]',
      'any: [{ identity: groups, equals: a }, { identity: groups, equals: b }]',
      null,
    ],
    ['the remaining kind', 'identity: kind, equals: bearer', 'not: { identity: kind, equals: keyPair }', null],
  ])('%s', (_name, before, after, kind) => {
    const of = (when: string) => {
      const text = `match: { path: "/x/{p}" }, access: [user], when: [{ ${when}, reason: w }]`;
      return policy(`conditions: { headers: { x-region: any } }\n${roles}routes:\n${route(text)}`);
    };
    const { same, newlyAllowed, newlyRefused } = diff(of(before), of(after));
    const kinds = [newlyAllowed.length > 0 && 'newlyAllowed', newlyRefused.length > 0 && 'newlyRefused'];
    expect(kinds.filter((one) => one !== false)).toEqual(kind === null ? [] : [kind]);
    expect(same).toBe(kind === null);
  });
});

test('a parameter read in any letter case is newly unclear', () => {
  const of = (more: string) =>
    rules(
      route(`match: { path: "/x/{p}" }, access: [user], when: [{ not: { param: p, equals: a }, reason: w }]${more}`),
    );
  const { newlyAllowed } = diff(of(', path: { caseSensitive: false }'), of(''));
  expect(newlyAllowed).toMatchObject([{ routeBefore: 'one', routeAfter: 'one', reasons: ['w'] }]);
});

test('forwarding credentials changes no decision but is a difference', () => {
  const more = (name: string) =>
    policy(
      `${roles}routes:\n${route('match: { path: /x }, access: [user]')}`
        .replace('upstream: orders', `upstream: ${name}`)
        .replace('routes:', 'routes:'),
    );
  const [before, after] = [
    more('orders'),
    policy(`${roles}routes:\n${route('match: { path: /x }, access: [user], forwardCredentials: true')}`),
  ];
  const report = diff(before, after);
  expect([report.same, report.settings]).toEqual([
    false,
    [
      {
        routeBefore: 'one',
        routeAfter: 'one',
        setting: 'forwardCredentials',
        before: 'false',
        after: 'true',
        class: 'exposes',
      },
    ],
  ]);
});

test('a change of path reading affects decisions', () => {
  const report = diff(
    rules(route('match: { path: "/x/**" }, access: [user]')),
    rules(route('match: { path: "/x/**" }, access: [user], path: { encodedSlash: keep }')),
  );
  expect([report.same, report.settings.map((one) => [one.setting, one.class])]).toEqual([false, [['path', 'decides']]]);
});

const reads = (path: string) => route(`match: { path: "/files/**" }, access: public, path: { ${path} }`);
const beside = (path: string) => route(`match: { path: ${path} }, access: public`, 'two');

test.each([
  ['an escaped slash that is kept', 'encodedSlash: keep', '/files/a/b', ['GET https://any.example/files/A/b']],
  ['slashes that are kept', 'mergeSlashes: false', '/files/a/c', ['GET https://any.example/files/A/c']],
  ['paths that ignore letter case', 'caseSensitive: false', '/files/x', ['GET https://any.example/FILES/x']],
])('reports a route next to one with %s: it refuses paths that it may claim', (_name, path, other, refused) => {
  const report = diff(rules(reads(path)), rules(reads(path), beside(other)));
  expect(report.same).toBe(false);
  expect(report.newlyRefused.map(({ example }) => example)).toEqual(refused);
  expect(diff(rules(reads(path)), rules(reads(path)))).toMatchObject({ same: true, settings: [] });
});

const tenants = (more = '') => route(`match: { path: "/t/{tenant}" }, access: [user]${more}`);
const alone = (path: string) => route(`match: { path: ${path} }, access: [user]`, 'two');

test.each([
  ['without letters', tenants(), alone('/t/123'), '/t/123.'],
  ['in the middle', route('match: { path: "/t/{tenant}/1" }, access: [user]'), alone('/t/2/1'), '/t/2./1'],
  ['whose case counts', tenants(', path: { caseSensitive: true }'), alone('/t/acme'), '/t/acme.'],
])('reports which other spellings a removed literal %s opens', (_name, wide, narrow, path) => {
  const [both, one] = [rules(wide, narrow), rules(wide)];
  const example = `GET https://any.example${path}`;
  expect(diff(both, one).newlyAllowed.map((difference) => difference.example)).toEqual([example]);
  expect(diff(one, both).newlyRefused.map((difference) => difference.example)).toEqual([example]);
});

test('a removed literal that no wider route takes opens no other spelling', () => {
  const other = route('match: { path: /x }, access: [user]');
  expect(diff(rules(other, alone('/t/123')), rules(other)).newlyAllowed).toEqual([]);
});

test.each([
  ['another id and another service', 'upstream: auth-api', ['upstream orders auth-api']],
  ['another id, and no WebSockets', 'upstream: orders', ['websocket true false']],
])("compares a route's settings with those that applied to the same requests: %s", (_name, upstream, expected) => {
  const before = policy(
    `${roles}routes:\n${route(`match: { path: /x }, access: public, websocket: ${expected[0]!.startsWith('w')}`)}`,
  );
  const after = policy(`${roles}routes:\n  - { id: two, ${upstream}, match: { path: /x }, access: public }\n`);
  expect(diff(before, after).settings.map((one) => `${one.setting} ${one.before} ${one.after}`)).toEqual(expected);
});

test('reports a preflight that is no longer handled, although no rule decides differently', () => {
  const all = route('match: { path: "/**" }, access: { GET: public }, cors: { origins: ["https://app.test"] }');
  const report = diff(rules(all), rules(all, route('match: { path: /x }, access: { GET: public }', 'two')));
  const told = report.settings.map(({ routeBefore, routeAfter, setting }) => [routeBefore, routeAfter, setting]);
  // In another letter case, the new route refuses it.
  const expected = [
    ['one', null, 'cors'],
    ['one', 'two', 'cors'],
  ];
  expect([report.same, told]).toEqual([false, expected]);
});

test('reports which paths a promise about letter case opens', () => {
  const admin = route('match: { path: "/admin/**" }, access: [admin]', 'two');
  const before = rules(route('match: { path: "/**" }, access: public'), admin);
  const after = rules(route('match: { path: "/**" }, access: public, path: { caseSensitive: true }'), admin);
  const report = diff(before, after);
  expect(report.newlyAllowed.map(({ example }) => example)).toEqual(['GET https://any.example/ADMIN']);
  expect(report.settings.map((one) => `${one.setting} ${one.before} ${one.after}`)).toEqual([
    'path none caseSensitive: true',
  ]);
});

test('many unchanged conditions are not a change', () => {
  const any = Array.from('abcdefghijklmn', (letter) => `{ param: t, equals: ${letter} }`).join(', ');
  const config = rules(route(`match: { path: "/x/{t}" }, access: public, when: [{ any: [${any}], reason: w }]`));
  expect(diff(config, config)).toMatchObject({ same: true, newlyAllowed: [], newlyRefused: [] });
});

test('without an identity, no condition on it is met', () => {
  const when = 'match: { path: "/x/{t}" }, when: [{ param: t, in: identity.groups, reason: w }]';
  const report = diff(rules(route(`${when}, access: [user]`)), rules(route(`${when}, access: optional`)));
  expect(report.newlyAllowed.flatMap(({ who }) => who)).toEqual(['any identity']);
});

test('conditions on different values cost their sum, not their product', () => {
  const when = (equals: string) =>
    `[${Array.from({ length: 30 }, (_, i) => `{ query: q${i}, equals: ${i === 0 ? equals : 'x'}, reason: no_${i} }`).join(', ')}]`;
  const report = diff(
    rules(route(`match: { path: /x }, access: [user], when: ${when('x')}`)),
    rules(route(`match: { path: /x }, access: [user], when: ${when('y')}`)),
  );
  expect(report.newlyAllowed).toMatchObject([{ possible: false, example: expect.stringContaining('q0=y') }]);
  expect(report.newlyRefused).toMatchObject([{ possible: false, example: expect.stringContaining('q0=x') }]);
});

test.each(['', ':int', ':slug', ':uuid', ':(a|b)'])(
  'a condition on the wrong parameter is reported with a request that shows it: {tenant%s}',
  (shape) => {
    const of = (param: string) => {
      const when = `[{ param: ${param}, in: identity.groups, reason: wrong_tenant }]`;
      return rules(route(`match: { path: "/{tenant${shape}}/docs/{doc${shape}}" }, access: [user], when: ${when}`));
    };
    const report = diff(of('tenant'), of('doc'));
    const example = expect.stringMatching(/^GET https:..[^/]+\/[^/]+\/docs\/[^/]+$/) as string;
    expect(report.newlyAllowed).toMatchObject([{ possible: false, example }]);
    expect(report.newlyRefused).toMatchObject([{ possible: false, example }]);
  },
);

test('with too many classes to examine, reports a possible change', () => {
  const compared = Array.from({ length: 14 }, (_, i) => `{ query: a${i}, equals: query.b${i} }`).join(', ');
  const of = (more: string) =>
    rules(
      route(
        `match: { path: /x }, access: [user], when: [{ all: [{ not: { any: [${compared}] } }${more}], reason: w }]`,
      ),
    );
  const { newlyAllowed, newlyRefused, same } = diff(of(''), of(`, { any: [${compared}] }`));
  expect(same).toBe(false);
  const unknown = [{ routeBefore: 'one', routeAfter: 'one', possible: true, more: true, example: null, who: [] }];
  expect([newlyAllowed, newlyRefused]).toMatchObject([unknown, unknown]);
});

describe('every example was evaluated against both policies', () => {
  const of = (more: string, head = '') =>
    policy(
      `${head}conditions: { headers: { x-region: any } }\n${roles}routes:\n${route(`match: { path: "/x/{p}" }, ${more}`)}`,
    );
  it.each([
    ['a role', 'access: [admin]', 'access: [user]', 'GET https://any.example/x/any', 'by anyone with role user'],
    [
      'a role that requires another one',
      'access: { any: [user], none: [admin] }',
      'access: [user]',
      'GET https://any.example/x/any',
      'by anyone with role admin',
    ],
    [
      'a value of the path',
      'access: [user], when: [{ param: p, equals: a, reason: w }]',
      'access: [user], when: [{ param: p, in: [a, b], reason: w }]',
      'GET https://any.example/x/b',
      'by anyone with role user',
    ],
    [
      'a header',
      'access: public, when: [{ header: x-region, equals: eu, reason: w }]',
      'access: public, when: [{ header: x-region, in: [eu, us], reason: w }]',
      'GET https://any.example/x/any',
      'without a credential, x-region: us',
    ],
    [
      'an address',
      'access: public, when: [{ client: address, cidr: 10.0.0.0/8, reason: w }]',
      'access: public, when: [{ client: address, cidr: [10.0.0.0/8, 192.168.0.0/16], reason: w }]',
      'GET https://any.example/x/any',
      'without a credential, from 192.168.0.0',
    ],
    [
      'a value of the identity',
      'access: [user], when: [{ param: p, equals: identity.userId, reason: w }]',
      'access: [user]',
      'GET https://any.example/x/any',
      'by anyone with role user',
    ],
    [
      'two equal values',
      'access: deny',
      'access: [user], when: [{ param: p, in: identity.groups, reason: w }]',
      'GET https://any.example/x/any',
      'by anyone with role user and group any',
    ],
    [
      'a kind of credential',
      'access: deny',
      'access: authenticated, when: [{ identity: kind, equals: keyPair, reason: w }]',
      'GET https://any.example/x/any',
      'by anyone by key pair',
    ],
  ])('%s', (_name, before, after, example, exampleBy) => {
    const { newlyAllowed, newlyRefused } = diff(of(before), of(after));
    expect(newlyAllowed).toMatchObject([{ example, exampleBy, possible: false }]);
    expect(newlyRefused).toEqual([]);
    expect(diff(of(after), of(before)).newlyRefused).toMatchObject([{ example, exampleBy, possible: false }]);
  });

  it('methods that no configuration lists', () => {
    const listed = (methods: string) => rules(route(`match: { path: /x, methods: [GET, ${methods}] }, access: public`));
    const { newlyRefused } = diff(rules(route('match: { path: /x }, access: public')), listed('LOCK, REPORT'));
    const other = newlyRefused.find(({ methods }) => methods.includes('any other'));
    expect(other).toMatchObject({ possible: false, reasons: ['method_not_allowed'] });
    expect(other?.example).not.toMatch(/^(GET|LOCK|REPORT) /);
  });
});

test.each([22, 31, 64, 200])('%i roles required together do not double the time with each', (count) => {
  const names = Array.from({ length: count }, (_, index) => `r${index}`);
  const of = (all: readonly string[]) =>
    policy(
      `roles: { ${names.map((name) => `${name}: {}`).join(', ')} }\nroutes:\n${route(`match: { path: /x }, access: { all: [${all.join(', ')}] }`)}`,
    );
  const { newlyAllowed, newlyRefused } = diff(of(names), of(names.slice(1)));
  expect(newlyRefused).toEqual([]);
  expect(newlyAllowed).toMatchObject([
    { who: [`roles ${names.slice(1).join(', ')} together`], more: false, possible: false, reasons: ['role_missing'] },
  ]);
});

test('with many combinations of roles, lists some and reports that there are more', () => {
  const groups = Array.from(
    { length: 12 },
    (_, n) => `g${n}: {}, a${n}: { inherits: [g${n}] }, b${n}: { inherits: [g${n}] }`,
  );
  const of = (access: string) =>
    policy(`roles: { ${groups.join(', ')} }\nroutes:\n${route(`match: { path: /x }, access: ${access}`)}`);
  const each = (letter: string) => groups.map((_, n) => `${letter}${n}`).join(', ');
  // Roles a and b both grant g. No rule forbids both together, but `none` distinguishes each pair.
  const { newlyAllowed } = diff(of(`{ all: [${each('g')}], none: [${each('a')}] }`), of(`{ all: [${each('g')}] }`));
  expect(newlyAllowed).toMatchObject([{ possible: false, more: true, reasons: ['role_forbidden'] }]);
  expect(newlyAllowed[0]!.who.length).toBeLessThan(30);
});

describe('text output', () => {
  const names = Array.from({ length: 40 }, (_, index) => `section-${index}`);
  const one = (id: string, access: string) => route(`match: { path: /${id} }, access: ${access}`, id);
  const before = rules(...names.map((id) => one(id, '[admin]')));
  const asked = (index: number) => `[user], when: [{ query: q, equals: "${index}", reason: no_${index} }]`;
  const apart = rules(...names.map((id, index) => one(id, asked(index))));
  const alike = rules(...names.map((id) => one(id, '[user]')));
  const text = (after: typeof before, all = false, width = 80) =>
    diffText(diff(before, after), { color: false, width, all });

  it('begins with the number of differences, by route and by role', () => {
    const [head, , byRoute] = text(alike).split('\n');
    expect([head, byRoute?.slice(0, 8)]).toEqual(['40 newly allowed', 'By route']);
    expect(text(alike)).toMatch(/\nBy role .*\n {2}role user, role reporter {2,}section-0 and 39 more\n/);
  });

  it('lists the same change of many routes once', () => {
    expect(text(alike).match(/^ {2}\+ /gm)).toHaveLength(1);
    expect(diff(before, alike).newlyAllowed).toHaveLength(40);
  });

  it('lists the first changes, and all of them with --all', () => {
    expect(text(apart).match(/^ {2}\+ /gm)).toHaveLength(10);
    expect(text(apart)).toContain('  and 30 more (--all)\n');
    expect(text(apart, true).match(/^ {2}\+ /gm)).toHaveLength(40);
    expect(text(apart, true)).not.toContain('--all');
    const rows = (all: boolean) => diffMarkdown(diff(before, apart), all).match(/^\|.*`GET .*\|$/gm)?.length;
    expect([rows(false), rows(true)]).toEqual([2 * 10, 2 * 40]);
  });

  it.each([60, 80, 100])('fits %i columns', (width) => {
    for (const after of [alike, apart]) {
      const lines = text(after, false, width).split('\n');
      expect(lines.filter((line) => stringWidth(line) > width)).toEqual([]);
    }
  });
});
