/** What a change of the rules means, in the words of the report. */
import { describe, expect, it, test } from 'vitest';
import { diffReport } from '../../../src/cli/diff/diff-report.ts';
import { comparePolicies } from '../../../src/workbench/diff/compare-policies.ts';
import { settingChanges } from '../../../src/workbench/diff/setting-changes.ts';
import { policyOf } from '../../../src/workbench/run-cases.ts';
import { policy } from './policies.ts';

const roles = 'roles: { user: {}, reporter: { inherits: [user] }, admin: { inherits: [reporter] } }\n';
const route = (more: string, id = 'one') => `  - { id: ${id}, upstream: orders, ${more} }\n`;
const rules = (...routes: string[]) => policy(`${roles}routes:\n${routes.join('')}`);

function diff(before: ReturnType<typeof rules>, after: ReturnType<typeof rules>) {
  return diffReport(comparePolicies(policyOf(before), policyOf(after)), settingChanges(before, after));
}

describe('one rule for every method', () => {
  const any = ['GET', 'HEAD', 'OPTIONS', 'any other'];
  it.each([
    ['a role more', '[admin]', '[admin, reporter]', 'newlyAllowed', ['role reporter']],
    ['a role less', '[admin, reporter]', '[admin]', 'newlyRefused', ['role reporter']],
    ['anybody with an identity', '[admin]', 'authenticated', 'newlyAllowed', ['any identity']],
    [
      'all in place of any',
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

test('a route that opens to the world is said so', () => {
  const report = diff(
    rules(route('match: { path: /x }, access: [user]')),
    rules(route('match: { path: /x }, access: public')),
  );
  expect(report.newlyAllowed[0]?.who).toEqual([
    'without a credential',
    'with two credentials at once, or while the Auth API is away',
    'any identity',
  ]);
});

test('a route that shadows another one is two changes in one place', () => {
  const wide = route('match: { path: "/a/**" }, access: [user]');
  const report = diff(rules(wide), rules(wide, route('match: { path: "/a/{b}" }, access: [admin]', 'two')));
  expect(report.newlyAllowed).toEqual([]);
  expect(
    report.newlyRefused.map(({ routeBefore, routeAfter, example, who }) => [routeBefore, routeAfter, example, who]),
  ).toEqual([['one', 'two', 'GET https://any.example/a/any', [expect.stringMatching(/role (user|reporter)/)]]]);
});

test('a method that is listed no more', () => {
  const report = diff(
    rules(route('match: { path: /x }, access: { GET: [user], PUT: [user] }')),
    rules(route('match: { path: /x }, access: { GET: [user] }')),
  );
  expect(report.newlyRefused.map(({ methods, reasons }) => [methods, reasons])).toEqual([
    [['PUT'], ['method_not_allowed']],
  ]);
});

test('a condition that is gone is newly allowed where it was not met', () => {
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
    'a role beside one that inherits it',
    rules(route('match: { path: /x }, access: [user]')),
    rules(route('match: { path: /x }, access: [user, admin]')),
  ],
  [
    'a parameter of another name',
    rules(route('match: { path: "/{a}" }, access: [user], when: [{ param: a, equals: x, reason: no }]')),
    rules(route('match: { path: "/{b}" }, access: [user], when: [{ param: b, equals: x, reason: no }]')),
  ],
])('%s changes nothing', (_name, before, after) => {
  expect(diff(before, after)).toMatchObject({ same: true, newlyAllowed: [], newlyRefused: [] });
});

describe('a condition in other words', () => {
  const address = (...ranges: string[]) => `client: address, cidr: ${JSON.stringify(ranges)}`;
  it.each([
    ['a range less', address('10.0.0.0/8', '192.168.0.0/16'), address('10.0.0.0/8'), 'newlyRefused'],
    ['a range in a range', address('10.0.0.0/16'), address('10.0.0.0/8'), 'newlyAllowed'],
    ['both halves of a range', address('10.0.0.0/9', '10.128.0.0/9'), address('10.0.0.0/8'), null],
    ['a text less', 'param: p, in: [a, b]', 'param: p, equals: a', 'newlyRefused'],
    ['a list of one', 'query: q, in: [a]', 'query: q, equals: a', null],
    [
      'a beginning of what it was',
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
    ['the kind that is left', 'identity: kind, equals: bearer', 'not: { identity: kind, equals: key_pair }', null],
  ])('%s', (_name, before, after, kind) => {
    const of = (when: string) => {
      const text = `match: { path: "/x/{p}" }, access: [user], when: [{ ${when}, reason: w }]`;
      return policy(`conditions: { headers: [x-region] }\n${roles}routes:\n${route(text)}`);
    };
    const { same, newlyAllowed, newlyRefused } = diff(of(before), of(after));
    const kinds = [newlyAllowed.length > 0 && 'newlyAllowed', newlyRefused.length > 0 && 'newlyRefused'];
    expect(kinds.filter((one) => one !== false)).toEqual(kind === null ? [] : [kind]);
    expect(same).toBe(kind === null);
  });
});

test('a parameter that is read in any letter case is unclear where it was not', () => {
  const of = (more: string) =>
    rules(
      route(`match: { path: "/x/{p}" }, access: [user], when: [{ not: { param: p, equals: a }, reason: w }]${more}`),
    );
  const { newlyAllowed } = diff(of(', path: { caseSensitive: false }'), of(''));
  expect(newlyAllowed).toMatchObject([{ routeBefore: 'one', routeAfter: 'one', reasons: ['w'] }]);
});

test('another upstream is a setting, and no verdict', () => {
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
    true,
    [
      {
        routeBefore: 'one',
        routeAfter: 'one',
        setting: 'forwardCredentials',
        before: 'false',
        after: 'true',
        bearsOnVerdicts: false,
      },
    ],
  ]);
});

test('a reading of paths of its own bears on verdicts', () => {
  const report = diff(
    rules(route('match: { path: "/x/**" }, access: [user]')),
    rules(route('match: { path: "/x/**" }, access: [user], path: { encodedSlash: keep }')),
  );
  expect([report.same, report.settings.map(({ setting, bearsOnVerdicts }) => [setting, bearsOnVerdicts])]).toEqual([
    false,
    [['path', true]],
  ]);
});

const reads = (path: string) => route(`match: { path: "/files/**" }, access: public, path: { ${path} }`);
const beside = (path: string) => route(`match: { path: ${path} }, access: public`, 'two');

test.each([
  ['an escaped slash that is kept', 'encodedSlash: keep', '/files/a/b', []],
  ['slashes that are kept', 'mergeSlashes: false', '/files/a/c', []],
  ['letter case that does not count', 'caseSensitive: false', '/files/x', ['GET https://any.example/FILES/x']],
])('a route beside one with %s is told: it refuses paths that it may claim', (_name, path, other, refused) => {
  const report = diff(rules(reads(path)), rules(reads(path), beside(other)));
  expect(report.same).toBe(false);
  expect(report.newlyRefused.map(({ example }) => example)).toEqual(refused);
  expect(diff(rules(reads(path)), rules(reads(path)))).toMatchObject({ same: true, settings: [] });
});

test.each([
  ['another id and another service', 'upstream: auth-api', ['upstream orders auth-api']],
  ['another id, and no WebSockets', 'upstream: orders', ['websocket true false']],
])('what a route has is compared with what the same requests had: %s', (_name, upstream, expected) => {
  const before = policy(
    `${roles}routes:\n${route(`match: { path: /x }, access: public, websocket: ${expected[0]!.startsWith('w')}`)}`,
  );
  const after = policy(`${roles}routes:\n  - { id: two, ${upstream}, match: { path: /x }, access: public }\n`);
  expect(diff(before, after).settings.map((one) => `${one.setting} ${one.before} ${one.after}`)).toEqual(expected);
});

test('a preflight that is answered no more is told, though no rule decides otherwise', () => {
  const all = route('match: { path: "/**" }, access: { GET: public }, cors: { origins: ["https://app.test"] }');
  const report = diff(rules(all), rules(all, route('match: { path: /x }, access: { GET: public }', 'two')));
  const told = report.settings.map(({ routeBefore, routeAfter, setting }) => [routeBefore, routeAfter, setting]);
  expect([report.same, told]).toEqual([false, [['one', 'two', 'cors']]]);
});

test('many conditions that stay the same are no change', () => {
  const any = Array.from('abcdefghijklmn', (letter) => `{ param: t, equals: ${letter} }`).join(', ');
  const config = rules(route(`match: { path: "/x/{t}" }, access: public, when: [{ any: [${any}], reason: w }]`));
  expect(diff(config, config)).toMatchObject({ same: true, newlyAllowed: [], newlyRefused: [] });
});

test('without an identity no condition on it is met', () => {
  const when = 'match: { path: "/x/{t}" }, when: [{ param: t, in: identity.groups, reason: w }]';
  const report = diff(rules(route(`${when}, access: [user]`)), rules(route(`${when}, access: optional`)));
  expect(report.newlyAllowed.flatMap(({ who }) => who)).toEqual(['any identity']);
});

test('with too many conditions to go through, a change is possible', () => {
  const when = (equals: string) =>
    `[${Array.from({ length: 14 }, (_, i) => `{ query: q${i}, equals: ${i === 0 ? equals : 'x'}, reason: no_${i} }`).join(', ')}]`;
  const report = diff(
    rules(route(`match: { path: /x }, access: [user], when: ${when('x')}`)),
    rules(route(`match: { path: /x }, access: [user], when: ${when('y')}`)),
  );
  expect([report.newlyAllowed[0]?.possible, report.newlyRefused[0]?.possible]).toEqual([true, true]);
});
