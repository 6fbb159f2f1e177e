/** Parameters with a shape or literal text around them, in every tool. */
import { describe, expect, test } from 'vitest';
import { placedFindings } from '../../../src/app/place-findings.ts';
import { describeRoutes } from '../../../src/core/routing/describe-routes.ts';
import { TooManyFormsError } from '../../../src/core/url/form-texts.ts';
import { comparePolicies } from '../../../src/policy-tools/diff/compare-policies.ts';
import { policyOf } from '../../../src/policy-tools/run-cases.ts';
import { runTests } from '../../../src/policy-tools/test-report.ts';
import { explained, proposed } from '../../support/tool-results.ts';
import { policy, policyFile } from './policies.ts';

const route = (id: string, path: string, more: string) =>
  `  - { id: ${id}, match: { path: "${path}" }, upstream: orders, ${more} }\n`;
const rules = (...routes: readonly string[]) =>
  `roles: { user: {}, admin: { inherits: [user] } }\nroutes:\n${routes.join('')}`;

describe.each<[string, readonly string[], readonly string[]]>([
  [
    'alternatives',
    [route('r', '/{kind:(open|closed)}', 'access: [user]')],
    [
      'the parameter kind no longer accepts open',
      'the parameter kind no longer accepts closed',
      'the parameter kind accepts any text',
    ],
  ],
  [
    'text around a parameter with a shape',
    [route('r', '/v{n:int}.json', 'access: [user]'), route('rest', '/{x}', 'access: [admin]')],
    ['the parameter n accepts any text', 'v{n:int}.json loses the text around it'],
  ],
  [
    'a condition on a parameter with a shape',
    [
      route(
        'r',
        '/{s:slug}/{id:uuid}',
        'access: [user], when: [{ param: s, in: [acme, zeta], unless: [admin], reason: other }]',
      ),
      route('rest', '/{s}/{id}', 'access: deny'),
    ],
    ['the parameter s accepts any text', 'the parameter id accepts any text', 'the condition other is removed'],
  ],
  [
    'neighboring forms',
    [
      route('one', '/{k:(a|b)}', 'access: [user]'),
      route('two', '/{n:int}', 'access: [admin]'),
      route('three', '/{s:slug}', 'access: public'),
    ],
    ['the parameter s accepts any text', 'the parameter n accepts any text'],
  ],
])('mutants of %s', (_, routes, words) => {
  test('survive without tests, and a case is found for each', () => {
    const text = rules(...routes);
    const changes = runTests(policy(text), true).report.mutation?.survivors.map(({ change }) => change) ?? [];
    expect(changes).toEqual(expect.arrayContaining([...words]));
    const { proposals, text: cases } = proposed(policy(text));
    expect(proposals.notFound).toEqual([]);
    const { failed, coverage, mutation } = runTests(policy(text + cases), true).report;
    expect([failed, coverage.uncovered, mutation?.survivors]).toEqual([0, [], []]);
  });
});

test('explain shows which form is more specific, and why a text does not fit', () => {
  const config = policy(
    rules(
      route('id', '/{id:uuid}', 'access: public'),
      route('n', '/v{n:int}', 'access: public'),
      route('x', '/{x}', 'access: deny'),
    ),
  );
  const ask = (target: string) =>
    explained(config, { target }, null).candidates.map(({ route: name, why }) => `${name}: ${why}`);
  expect(ask('/v7')).toEqual([
    'n: the most specific pattern that matches',
    'x: matches, but n is more specific: in segment 1, v{n:int} takes precedence over {x}',
  ]);
  expect(ask('/v7/x')).toContainEqual('id: segment 1 is "v7", not {id:uuid}');
  expect(describeRoutes(config.routes).map(({ path }) => path)).toEqual(['/{id:uuid}', '/v{n:int}', '/{x}']);
});

describe('analysis', () => {
  const codes = (...routes: readonly string[]) => {
    const { config, places } = policyFile(rules(...routes));
    return placedFindings(config, places).map(({ code, subject }) => `${code}:${subject}`);
  };

  test('reports each alternative that literals already match', () => {
    const [a, b] = [route('a', '/a', 'access: [admin]'), route('b', '/b', 'access: [admin]')];
    const both = route('both', '/{k:(a|b)}', 'access: [user]');
    expect(codes(a, b, both)).toContain('route_unreachable:both');
    expect(codes(a, both)).not.toContain('route_unreachable:both');
    expect(codes(a, route('deeper', '/b/x', 'access: [admin]'), both)).not.toContain('route_unreachable:both');
  });

  test('reports a form that another one covers', () => {
    const words = route('words', '/{k:(v1|v2)}', 'access: [user]');
    expect(codes(words, route('v', '/v{n}', 'access: [admin]'))).toContain('route_unreachable:words');
    expect(codes(words, route('v', '/v{n:(1)}', 'access: [admin]'))).not.toContain('route_unreachable:words');
  });

  test('reports a condition that no text of the shape meets', () => {
    const when = (condition: string) => `access: [user], when: [{ param: id, ${condition}, reason: odd }]`;
    expect(codes(route('r', '/{id:int}', when('equals: abc')))).toContain('condition_unmeetable:r');
    expect(codes(route('r', '/{id:int}', when('equals: "12"')))).not.toContain('condition_unmeetable:r');
    expect(codes(route('r', '/{id:uuid}', when('startsWith: "ab-"')))).toContain('condition_unmeetable:r');
    expect(codes(route('r', '/{id:uuid}', when('startsWith: "ab12"')))).not.toContain('condition_unmeetable:r');
    expect(codes(route('r', '/{id:(a|b)}', when('in: [c, d]')))).toContain('condition_unmeetable:r');
  });

  test("a condition of a policy includes the text around a route's parameter", () => {
    const under = (condition: string) => {
      const guard = `  - { id: guard, match: { path: "/{all}/**" }, when: [{ param: all, ${condition}, reason: odd }] }\n`;
      return codes(`${route('r', '/{name:slug}.json', 'access: [user]')}policies:\n${guard}`);
    };
    for (const met of ['equals: identity.userId', 'in: [a.json]', 'startsWith: a'])
      expect(under(met)).not.toContain('condition_unmeetable:r');
    for (const unmet of ['equals: a', 'in: [a.xml]', 'equals: a_b.json'])
      expect(under(unmet)).toContain('condition_unmeetable:r');
  });
});

test.each([
  ['an added shape', '/{x}', '/{x:int}', 'newlyRefused'],
  ['a removed shape', '/{x:int}', '/{x}', 'newlyAllowed'],
  ['an added alternative', '/{k:(a|b)}', '/{k:(a|b|c)}', 'newlyAllowed'],
  ['a removed alternative', '/{k:(a|b)}', '/{k:(b)}', 'newlyRefused'],
  ['another name', '/{x:slug}.json', '/{y:slug}.json', null],
  ['alternatives in another order', '/{k:(a|b)}', '/{k:(b|a)}', null],
  ['text around it', '/{x}.json', '/{x}', 'newlyAllowed'],
])('diff handles %s, with a request', (_, before, after, kind) => {
  const of = (path: string) => policyOf(policy(rules(route('r', path, 'access: [user]'))));
  const differences = comparePolicies(of(before), of(after));
  expect([...new Set(differences.map((one) => one.kind))]).toEqual(kind === null ? [] : [kind]);
  for (const { possible } of differences) expect(possible).toBe(false);
});

test('diff shows a changed condition with a text of the shape', () => {
  const of = (word: string) =>
    policyOf(
      policy(
        rules(
          route('r', '/{id:uuid}/v{n:int}', `access: [user], when: [{ param: n, startsWith: "${word}", reason: w }]`),
        ),
      ),
    );
  const differences = comparePolicies(of('1'), of('12'));
  expect(differences.length).toBeGreaterThan(0);
  for (const { kind, witness } of differences) {
    expect(kind).toBe('newlyRefused');
    expect(witness?.request.target).toMatch(/^\/[0-9a-f-]{36}\/v1[013-9]?$/);
  }
});

describe('forms that are too many to compare', () => {
  const characters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-';
  const word = (first: number, step: number) =>
    Array.from({ length: 30 }, (_, at) => characters[(first + at * step) % characters.length]).join('');
  const many = (id: string, step: number, before = '') => {
    const words = [...characters].map((_, first) => word(first, step));
    return route(id, `/${before}{k:(${words.join('|')})}`, 'access: [user]');
  };
  const tooMany = rules(many('one', 1), many('two', 3, 'v'), many('three', 5, 'ww'));

  test('are a problem of the configuration if a tie cannot be determined', () => {
    expect(() => policy(rules(many('one', 1), many('two', 3)))).toThrow(
      /the parameters of this route and of "one" \(line 6\) have too many forms to determine whether both match one request/,
    );
  });

  test('are a finding, and everything other than routes is still analyzed', () => {
    const text = `${tooMany}server: { trustEveryPeer: true }\n`;
    const { config, places } = policyFile(text);
    const found = placedFindings(config, places).map(({ code, problem }) => `${code}:${problem.line}`);
    expect(found).toEqual(
      expect.arrayContaining(['routes_unanalyzed:6', expect.stringContaining('every_peer_trusted')]),
    );
  });

  test('are an error of diff, which does not report the routes as equal', () => {
    const of = () => policyOf(policy(tooMany));
    expect(() => comparePolicies(of(), of())).toThrow(TooManyFormsError);
  });
});
