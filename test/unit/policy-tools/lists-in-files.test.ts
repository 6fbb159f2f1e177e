/**
 * Lists in files: how they are parsed and compared, what problems say, and that no tool scans a long one repeatedly.
 */
import { expect, test } from 'vitest';
import { explanationText } from '../../../src/cli/explain/explanation-text.ts';
import type { Config } from '../../../src/config/config.ts';
import type { FileReaders } from '../../../src/config/config-files.ts';
import { type ConfigResult, parseConfig } from '../../../src/config/parse-config.ts';
import { Problem } from '../../../src/config/problem.ts';
import type { Identity } from '../../../src/core/identity/identity.ts';
import { sampleIdentity } from '../../../src/policy-model/samples/sample-identity.ts';
import type { SimulatedRequest } from '../../../src/policy-model/simulate.ts';
import { comparePolicies } from '../../../src/policy-tools/diff/compare-policies.ts';
import { mutationScore } from '../../../src/policy-tools/mutation-score.ts';
import { policyOf } from '../../../src/policy-tools/run-cases.ts';
import { runTests } from '../../../src/policy-tools/test-report.ts';
import { explained, findingsOf, proposed } from '../../support/tool-results.ts';

type Files = Readonly<Record<string, string>>;

const head = `version: 1
authApi: { url: "http://127.0.0.1:9" }
upstreams: { orders: { targets: ["http://127.0.0.1:9"] } }
identity: { claims: { plan: { field: plan, type: string }, level: { field: level, type: number } } }
routes:
`;
const routeWith = (when: string, access = 'authenticated') =>
  `  - { id: one, match: { path: "/{t}" }, upstream: orders, access: ${access}, when: [${when}] }\n`;

const listsIn =
  (files: Files): NonNullable<FileReaders['readList']> =>
  (name) =>
    Object.hasOwn(files, name)
      ? { file: `/etc/${name}`, text: files[name]! }
      : new Problem(`the file ${name} does not exist`);

function read(when: string, files: Files, access?: string): ConfigResult {
  return parseConfig(head + routeWith(when, access), {
    ...{ file: 'gateway.yaml', env: {}, readSecret: () => '', readList: listsIn(files) },
  });
}

function config(when: string, files: Files, access?: string): Config {
  const result = read(when, files, access);
  if (!result.ok)
    throw new Error(result.problems.map(({ file, line, message }) => `${file}:${line} ${message}`).join('\n'));
  return result.config;
}

function problemsOf(when: string, files: Files): readonly string[] {
  const result = read(when, files);
  return result.ok ? [] : result.problems.map(({ file, line, message }) => `${file}:${line} ${message}`);
}

const reasonOf = (of: Config, request: Partial<SimulatedRequest>, identity: Partial<Identity> = {}) => {
  const { reason, condition } = explained(of, { target: '/x', ...request }, { ...sampleIdentity, ...identity });
  return condition ?? reason;
};

const plans = '{ identity: claims.plan, in: { file: plans.txt }, reason: plan }';
const blocked = '{ not: { client: address, cidr: { file: blocked.txt } }, reason: blocked }';

test('entries are texts, one per line, without comments, surrounding spaces and Windows line ends', () => {
  const of = config(plans, { 'plans.txt': '# plans\r\n  gold \r\n\r\nsilver#2\n#bronze\nplatinum' });
  for (const plan of ['gold', 'silver#2', 'platinum']) expect(reasonOf(of, {}, { claims: { plan } })).toBeNull();
  for (const plan of ['bronze', '#bronze', 'silver', ' gold ', 'Gold']) {
    expect([plan, reasonOf(of, {}, { claims: { plan } })]).toEqual([plan, 'plan']);
  }
  expect(reasonOf(of, {})).toBe('plan');
});

test('numbers are compared as numbers', () => {
  const of = config('{ identity: claims.level, in: { file: levels.txt }, reason: level }', { 'levels.txt': '2.0\n7' });
  expect(reasonOf(of, {}, { claims: { level: 2 } })).toBeNull();
  expect(reasonOf(of, {}, { claims: { level: 3 } })).toBe('level');
});

test('accepts addresses and ranges in any order, overlapping, with trailing comments', () => {
  const of = config(blocked, {
    'blocked.txt': '# bad\n203.0.113.0/24\n10.2.0.0/16 # inside the next\n10.0.0.0/8\n2001:db8::/32\n192.0.2.7\n',
  });
  for (const client of ['203.0.113.9', '10.2.3.4', '10.255.255.255', '2001:db8::1', '192.0.2.7', '::ffff:192.0.2.7']) {
    expect([client, reasonOf(of, { client })]).toEqual([client, 'blocked']);
  }
  for (const client of ['203.0.114.0', '9.255.255.255', '11.0.0.0', '192.0.2.8', '2001:db9::']) {
    expect([client, reasonOf(of, { client })]).toEqual([client, null]);
  }
  expect(reasonOf(of, { client: null })).toBe('blocked');
});

test('an empty list contains nothing', () => {
  expect(reasonOf(config(plans, { 'plans.txt': '# none\n' }), {}, { claims: { plan: '' } })).toBe('plan');
  expect(reasonOf(config(blocked, { 'blocked.txt': '' }), { client: '10.0.0.1' })).toBeNull();
});

test('reports file and line of all problems at once', () => {
  const files = {
    'plans.txt': 'gold\nsil\u0007ver\n',
    'blocked.txt': '10.0.0.1/8\n# no\nhost\n192.0.2.1\n',
    'levels.txt': 'two\n',
  };
  const level = '{ identity: claims.level, in: { file: levels.txt }, reason: level }';
  expect(problemsOf(`${plans}, ${blocked}, ${level}`, files)).toEqual([
    '/etc/plans.txt:2 no value contains a control character',
    '/etc/blocked.txt:1 expected an address or a range such as 10.0.0.0/8',
    '/etc/blocked.txt:3 expected an address or a range such as 10.0.0.0/8',
    '/etc/levels.txt:1 expected a number',
  ]);
  expect(problemsOf(plans, {})).toEqual(['gateway.yaml:6 the file plans.txt does not exist']);
  expect(
    problemsOf('{ client: address, cidr: { file: all.txt }, reason: all }', { 'all.txt': '0.0.0.0/1\n128.0.0.0/1' }),
  ).toEqual(['gateway.yaml:6 these ranges contain every address, so the condition has no effect']);
  expect(
    problemsOf('{ identity: kind, in: { file: kinds.txt }, reason: kind }', { 'kinds.txt': 'bearer\nkey' }),
  ).toEqual(['/etc/kinds.txt:2 expected bearer, keyPair, apiKey, session or certificate']);
  const many = problemsOf(blocked, { 'blocked.txt': 'x\n'.repeat(250) });
  expect(many).toHaveLength(101);
  expect(many.at(-1)).toBe('/etc/blocked.txt:1 150 further lines of this list have problems');
});

test('lists are bounded', () => {
  const entries = (count: number) => Array.from({ length: count }, (_, n) => `plan-${n}`).join('\n');
  expect(problemsOf(plans, { 'plans.txt': entries(100_000) })).toEqual([]);
  expect(problemsOf(plans, { 'plans.txt': entries(100_002) })).toEqual([
    '/etc/plans.txt:100001 more than 100,000 entries',
  ]);
  expect(problemsOf(plans, { 'plans.txt': 'x'.repeat(1025) })).toEqual([
    '/etc/plans.txt:1 an entry has at most 1024 characters',
  ]);
  expect(problemsOf(plans, { 'plans.txt': 'x'.repeat(100_000) })).toEqual([
    '/etc/plans.txt:1 an entry has at most 1024 characters',
  ]);
});

test('without a reader of files, no list can be read', () => {
  const result = parseConfig(head + routeWith(plans), { file: 'gateway.yaml', env: {}, readSecret: () => '' });
  expect(result).toMatchObject({ ok: false, problems: [{ message: 'no list can be read here' }] });
});

test('reports a repeated line as a note', () => {
  const of = config(`${plans}, ${plans.replace('reason: plan', 'reason: again')}`, {
    'plans.txt': 'gold\nsilver\n\ngold\ngold',
  });
  const found = findingsOf(of).filter(({ code }) => code === 'list_line_repeated');
  expect(found).toMatchObject([
    {
      message: 'line 4 of "plans.txt" repeats line 1, line 5 of "plans.txt" repeats line 1',
      place: { kind: 'route', index: 0, key: ['when', 0] },
    },
  ]);
});

test('explanations show the file and the line', () => {
  const of = config(`${plans}, ${blocked}`, { 'plans.txt': '# x\ngold\nsilver\n', 'blocked.txt': '10.0.0.0/8\n' });
  const text = explanationText(
    explained(of, { target: '/x', client: '10.1.1.1' }, { ...sampleIdentity, claims: { plan: 'silver' } }),
    false,
  );
  expect(text).toContain(
    'true  identity claims.plan in file plans.txt  identity claims.plan = "silver", file plans.txt = "line 3"',
  );
  expect(text).toContain(
    'true  client address in file blocked.txt  client address = "10.1.1.1", file blocked.txt = "line 1"',
  );
  const other = explanationText(explained(of, { target: '/x' }, { ...sampleIdentity, claims: { plan: 'x' } }), false);
  expect(other).toContain('identity claims.plan = "x", file plans.txt does not list it');
});

test.each([
  [plans, 'authenticated'],
  [blocked, 'public'],
  ['{ not: { param: t, in: { file: plans.txt } }, reason: plan }', 'public'],
  ['{ query: q, in: { file: plans.txt }, reason: plan }', 'public'],
  ['{ identity: groups, in: { file: plans.txt }, reason: plan }', 'authenticated'],
  ['{ identity: userId, in: { file: plans.txt }, reason: plan }', 'authenticated'],
])('proposes cases that detect every change: %s', (when, access) => {
  const files = { 'plans.txt': 'gold\nsilver\n', 'blocked.txt': '10.0.0.0/8\n192.0.2.0/24\n' };
  const of = config(when, files, access);
  const { proposals } = proposed(of);
  expect(proposals.notFound).toEqual([]);
  const { survivors, mutants } = mutationScore(of, proposals.cases);
  expect(survivors.map(({ words }) => words)).toEqual([]);
  expect(mutants).toBeGreaterThan(2);
});

test('reports a change that only an empty list would reveal', () => {
  const tests = 'tests: { cases: [{ request: GET /x, client: 192.0.2.9, expect: allow }] }\n';
  const result = parseConfig(head + routeWith(blocked, 'public') + tests, {
    ...{ file: 'gateway.yaml', env: {}, readSecret: () => '', readList: listsIn({ 'blocked.txt': '10.0.0.0/8' }) },
  });
  if (!result.ok) throw new Error('a problem');
  const { survivors } = mutationScore(
    result.config,
    runTests(result.config, false).results.map(({ prepared }) => prepared),
  );
  expect(survivors.map(({ words }) => words)).toContain(
    'the condition blocked has an empty list instead of file blocked.txt',
  );
});

test('different lists are differences, also when compared with lists in the configuration', () => {
  const kinds = (before: Config, after: Config) => [
    ...new Set(
      comparePolicies(policyOf(before), policyOf(after)).map(({ kind, possible }) => `${kind}${possible ? '?' : ''}`),
    ),
  ];
  const plan = (text: string) => config(plans, { 'plans.txt': text });
  expect(kinds(plan('gold\nsilver'), plan('silver\n# x\ngold'))).toEqual([]);
  expect(kinds(plan('gold\nsilver'), plan('gold\nsilver\nbronze'))).toEqual(['newlyAllowed']);
  expect(kinds(plan('gold\nsilver'), plan('gold\nbronze')).sort()).toEqual(['newlyAllowed', 'newlyRefused']);
  expect(
    kinds(plan('gold\nsilver'), config('{ identity: claims.plan, in: [silver, gold], reason: plan }', {})),
  ).toEqual([]);
  expect(kinds(plan('gold\nsilver'), config('{ identity: claims.plan, in: [gold], reason: plan }', {}))).toEqual([
    'newlyRefused',
  ]);
  const address = (text: string) => config(blocked, { 'blocked.txt': text });
  expect(kinds(address('10.0.0.0/9\n10.128.0.0/9'), address('10.0.0.0/8'))).toEqual([]);
  expect(kinds(address('10.0.0.0/8'), address('10.0.0.0/8\n192.0.2.7'))).toEqual(['newlyRefused']);
  expect(kinds(address('10.0.0.0/8\n192.0.2.7'), address('192.0.2.7'))).toEqual(['newlyAllowed']);
});

test('finds one more entry among 100,000, and scans each file only a few times', () => {
  const ids = Array.from({ length: 99_999 }, (_, n) => `client-${n}`);
  const addresses = Array.from({ length: 50_000 }, (_, n) => `10.${n >> 8}.${n & 255}.0/25`);
  const of = (further: string) =>
    config(`{ not: { query: id, in: { file: ids.txt } }, reason: id }, ${blocked}`, {
      'ids.txt': [...ids, further].join('\n'),
      'blocked.txt': addresses.join('\n'),
    });
  const [before, after] = [of('client-x'), of('client-y')];
  const differences = comparePolicies(policyOf(before), policyOf(after));
  expect([...new Set(differences.map(({ kind }) => kind))].sort()).toEqual(['newlyAllowed', 'newlyRefused']);
  expect(differences.map(({ witness }) => witness?.request.target.split('?')[1])).toContain('id=client-x');
  expect(findingsOf(before).filter(({ code }) => code.startsWith('condition'))).toEqual([]);
  const { proposals } = proposed(before);
  expect(proposals.notFound).toEqual([]);
  expect(reasonOf(before, { target: '/x?id=client-99998', client: '192.0.2.1' })).toBe('id');
  expect(reasonOf(before, { target: '/x?id=client-y', client: '10.195.79.127' })).toBe('blocked');
  expect(reasonOf(before, { target: '/x?id=client-y', client: '10.195.79.128' })).toBeNull();
});

test('conditions on the same file share its list', () => {
  const of = config(`${plans}, ${plans.replace('reason: plan', 'reason: again')}`, { 'plans.txt': 'gold' });
  const lists = of.routes.routes.flatMap(({ conditions }) =>
    conditions!.flatMap(({ steps: [step] }) =>
      step?.kind === 'compare' && 'operand' in step.comparison ? [step.comparison.operand] : [],
    ),
  );
  expect(lists).toHaveLength(2);
  expect(new Set(lists.map((operand) => ('literals' in operand ? operand.literals : null))).size).toBe(1);
});

/** Lists that contain the values that the tools try first for this kind, and more. */
const upTo = (count: number, of: (n: number) => string | number) =>
  Array.from({ length: count }, (_, n) => of(n)).join('\n');
const hex = (n: number) => n.toString(16).padStart(12, '0');
test.each<[kind: string, path: string, condition: Record<string, unknown>, list: string]>([
  ['any text', '/{t}', { param: 't' }, 'other\nunknown\nelse\nzzz\nq\nw\nj\n7\nx\naother\nbother\nanything\n1'],
  ['a slug', '/{t:slug}', { param: 't' }, '1\na\nx\nother\nanything\n0\n2'],
  ['a number', '/{t:int}', { param: 't' }, upTo(500, (n) => n)],
  ['a number within bounds', '/{t:int}', { param: 't', with: { param: 't', lte: 501 } }, upTo(500, (n) => n)],
  [
    'an id',
    '/{t:uuid}',
    { param: 't' },
    upTo(300, (n) => `11111111-1111-1111-1111-${hex(n)}\n11111111-1111-1111-1111-${'1'.repeat(12)}`),
  ],
  [
    'a text with a prefix',
    '/{t}',
    { param: 't', with: { param: 't', startsWith: 'ab' } },
    'ab\nabother\nabx\nabq1\nother',
  ],
  ['a query parameter', '/x', { query: 'q' }, 'other\nx\naother'],
  ['a claim', '/x', { identity: 'claims.plan' }, 'other\nx\naother\nunknown'],
  ['a numeric claim', '/x', { identity: 'claims.level' }, upTo(40, (n) => n)],
])('finds a value outside a list: %s', (_, path, { with: second, ...value }, list) => {
  const ofRoute = (access: string) => {
    const entries = [
      { not: { ...value, in: { file: 'ids.txt' } }, reason: 'listed' },
      ...(second === undefined ? [] : [{ ...(second as object), reason: 'second' }]),
    ];
    const route = {
      id: 'one',
      match: { path },
      upstream: 'orders',
      access,
      ...(access === 'deny' ? {} : { when: entries }),
    };
    const result = parseConfig(`${head}  - ${JSON.stringify(route)}\n`, {
      file: 'gateway.yaml',
      env: {},
      readSecret: () => '',
      readList: listsIn({ 'ids.txt': list }),
    });
    if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
    return result.config;
  };
  const open = ofRoute('authenticated');
  const differences = comparePolicies(policyOf(open), policyOf(ofRoute('deny')));
  expect(differences.map(({ kind, possible }) => [kind, possible])).toContainEqual(['newlyRefused', false]);
  expect(
    findingsOf(open)
      .map(({ code }) => code)
      .filter((code) => code.startsWith('condition_')),
  ).toEqual([]);
  // Some case is allowed.
  expect(proposed(open).text).toContain('expect: allow');
});

test('control: where a list contains every text of the shape, no caller is allowed and nothing can become different', () => {
  const result = (access: string) =>
    parseConfig(
      `${head}  - { id: one, match: { path: "/{t:(a|b)}" }, upstream: orders, access: ${access}${access === 'deny' ? '' : ', when: [{ not: { param: t, in: { file: ids.txt } }, reason: listed }]'} }\n`,
      { file: 'gateway.yaml', env: {}, readSecret: () => '', readList: listsIn({ 'ids.txt': 'a\nb' }) },
    );
  const [open, closed] = [result('authenticated'), result('deny')];
  if (!open.ok || !closed.ok) throw new Error('not read');
  expect(comparePolicies(policyOf(open.config), policyOf(closed.config))).toEqual([]);
});
