/** Conditions through `decide`: what each comparison lets pass, and that what is unclear never does. */
import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/core/decide.ts';
import type { Identity } from '../../../src/core/identity/identity.ts';
import type { Comparison, ConditionSource, CriterionSource, ValueSource } from '../../../src/core/policy/conditions.ts';
import { addressList } from '../../../src/core/policy/list-file.ts';
import { Ambiguity } from '../../../src/core/url/ambiguity.ts';
import { accept, makePolicy, view } from './make-policy.ts';

const tenant: ValueSource = { from: 'param', name: 'tenant' };
const page: ValueSource = { from: 'query', name: 'page' };
const userName: ValueSource = { from: 'query', name: 'user_name' };
const filter: ValueSource = { from: 'query', name: 'filter[name]' };
const region: ValueSource = { from: 'header', name: 'x-region' };
const groups: ValueSource = { from: 'identity', field: 'groups' };
const userId: ValueSource = { from: 'identity', field: 'userId' };
const sessionId: ValueSource = { from: 'identity', field: 'sessionId' };
const keyId: ValueSource = { from: 'identity', field: 'keyId' };

const compare = (subject: ValueSource, comparison: Comparison): ConditionSource => ({ subject, comparison });
const equals = (subject: ValueSource, literal: string) =>
  compare(subject, { operator: 'equals', operand: { literal } });
const same = (subject: ValueSource, source: ValueSource) =>
  compare(subject, { operator: 'equals', operand: { source } });
const begins = (subject: ValueSource, literal: string) =>
  compare(subject, { operator: 'startsWith', operand: { literal } });
const within = (subject: ValueSource, ...literals: string[]) =>
  compare(subject, { operator: 'in', operand: { literals: new Set(literals) } });
const withinField = (subject: ValueSource, source: ValueSource) =>
  compare(subject, { operator: 'in', operand: { source } });
const exists = (subject: ValueSource, wanted = true) => compare(subject, { operator: 'exists', wanted });
const not = (inner: ConditionSource): ConditionSource => ({ not: inner });
const ranges = (...list: string[]): ConditionSource => addressList(list);

interface Row {
  readonly on?: string;
  readonly target?: string;
  readonly headers?: readonly string[];
  readonly identity?: Partial<Identity>;
  readonly address?: string | null;
  readonly tolerates?: number;
  readonly unless?: readonly string[];
}

async function reasonOf(condition: ConditionSource, row: Row): Promise<string | null> {
  const when: CriterionSource[] = [{ word: 'wrong', unless: row.unless ?? [], condition }];
  const policy = makePolicy([
    { on: row.on ?? '/v1/{tenant}/{id}', access: 'authenticated', when, tolerates: row.tolerates ?? 0 },
  ]);
  const read = view(`GET ${row.target ?? '/v1/acme/7'}`, ['Authorization: Bearer t', ...(row.headers ?? [])]);
  const asked = { ...read, ...(row.address === undefined ? {} : { address: row.address }) };
  const decision = await decide(asked, policy, () => accept({ groups: ['acme', 'umbrella'], ...row.identity }));
  if (decision.outcome !== 'refuse') return null;
  expect(decision).toMatchObject({ reason: 'condition_failed', stage: 'authorize', condition: { word: 'wrong' } });
  return decision.condition?.word ?? null;
}

type Case = readonly [name: string, condition: ConditionSource, row: Row];

const met: readonly Case[] = [
  ['a parameter in the groups', withinField(tenant, groups), {}],
  ['one of the groups is the parameter', same(groups, tenant), {}],
  ['a parameter that is a literal', equals(tenant, 'acme'), {}],
  ['a parameter, its escape decoded', equals(tenant, 'a b'), { target: '/v1/a%20b/7' }],
  ['a parameter beyond ASCII', equals(tenant, 'café'), { target: '/v1/caf%C3%A9/7' }],
  ['a parameter with an escaped percent sign', equals(tenant, '100%'), { target: '/v1/100%25/7' }],
  ['a parameter of a list', within(tenant, 'x', 'acme'), {}],
  ['a parameter with a prefix', begins(tenant, 'ac'), {}],
  ['the path read canonically', equals(tenant, 'acme'), { target: '/v1/x/..//acme/7' }],
  ['a query parameter', equals(page, '2'), { target: '/v1/a/7?page=2' }],
  ['a query parameter among others', equals(page, '2'), { target: '/v1/a/7?x=1&&page=2&pages=3' }],
  ['a query parameter, name and value escaped', equals(page, 'a&b'), { target: '/v1/a/7?p%61ge=a%26b' }],
  ['the last that every service reads', equals(page, '2'), { target: `/v1/a/7?${'x=1&'.repeat(99)}page=2` }],
  ['one among very many', equals(page, '2'), { target: `/v1/a/7?page=2${'&x=1'.repeat(2000)}` }],
  ['none among very many', exists(page, false), { target: `/v1/a/7?${'x=1&'.repeat(2000)}` }],
  ['names that begin alike', equals(page, '2'), { target: '/v1/a/7?page=2&page_size=9&pages=3&[pages]=1&_=4&=5' }],
  ['a name without letters', equals({ from: 'query', name: '_' }, '2'), { target: '/v1/a/7?_=2&&page=1' }],
  ['a name with a dot', equals({ from: 'query', name: 'user.id' }, '2'), { target: '/v1/a/7?user.id=2&user.name=x' }],
  ['a name with brackets', equals(filter, 'a'), { target: '/v1/a/7?filter[name]=a&x[name]=b' }],
  ['an empty query parameter is there', exists(page), { target: '/v1/a/7?page' }],
  ['no query parameter', exists(page, false), { target: '/v1/a/7?other=1' }],
  ['no query at all', exists(page, false), {}],
  ['a header', equals(region, 'eu'), { headers: ['X-Region: eu'] }],
  ['no header', exists(region, false), {}],
  ['an identity field that is a parameter', same(userId, tenant), { target: '/v1/ann/7', identity: { userId: 'ann' } }],
  ['one of the groups', equals(groups, 'umbrella'), {}],
  ['one of the groups by prefix', begins(groups, 'umb'), {}],
  ['one of the groups in a list', within(groups, 'x', 'acme'), {}],
  ['no key', exists(keyId, false), {}],
  ['a session', exists(sessionId), {}],
  ['an address of a range', ranges('192.0.2.0/24'), { address: '192.0.2.9' }],
  ['an address of the second range', ranges('10.0.0.0/8', '2001:db8::/32'), { address: '2001:db8::1' }],
  ['IPv4 in IPv6', ranges('192.0.2.0/24'), { address: '::ffff:192.0.2.9' }],
  ['an exempt role', equals(tenant, 'other'), { unless: ['user'] }],
  [
    'a role that inherits the exempt one',
    equals(tenant, 'other'),
    { unless: ['user'], identity: { roles: ['admin'] } },
  ],
  ['not', not(equals(tenant, 'other')), {}],
  ['all', { all: [equals(tenant, 'acme'), exists(page, false)] }, {}],
  ['any, the second', { any: [equals(tenant, 'other'), equals(tenant, 'acme')] }, {}],
  ['any beside something unclear', { any: [equals(page, '2'), equals(tenant, 'acme')] }, {}],
];

test.each(met)('met: %s', async (_name, condition, row) => {
  expect(await reasonOf(condition, row)).toBeNull();
});

const unmet: readonly Case[] = [
  ['a parameter not in the groups', withinField(tenant, groups), { target: '/v1/other/7' }],
  ['nobody has a group', withinField(tenant, groups), { identity: { groups: [] } }],
  ['case matters', equals(tenant, 'acme'), { target: '/v1/ACME/7' }],
  ['a part of a group is none', withinField(tenant, groups), { target: '/v1/acm/7' }],
  ['a second decoding', equals(tenant, 'a b'), { target: '/v1/a%2520b/7', tolerates: Ambiguity.doubleEncoding }],
  ['another header', equals(region, 'eu'), { headers: ['X-Region: us'] }],
  ['an address of another range', ranges('10.0.0.0/8'), { address: '192.0.2.9' }],
  ['another role', equals(tenant, 'other'), { unless: ['admin'] }],
  ['not', not(equals(tenant, 'acme')), {}],
  ['all with one unmet', { all: [equals(tenant, 'acme'), equals(tenant, 'x')] }, {}],
  ['all, unmet beside unclear', { all: [equals(page, '2'), equals(tenant, 'x')] }, {}],
  ['any of none', { any: [equals(tenant, 'x'), equals(tenant, 'y')] }, {}],
  ['a prototype name', within(tenant, 'x'), { target: '/v1/constructor/7' }],
];

test.each(unmet)('unmet: %s', async (_name, condition, row) => {
  expect(await reasonOf(condition, row)).toBe('wrong');
});

/** Neither the condition nor its opposite lets these pass. */
const unclear: readonly Case[] = [
  ['no such query parameter', equals(page, '2'), {}],
  ['a repeated query parameter', equals(page, '2'), { target: '/v1/a/7?page=2&page=2' }],
  ['a query parameter repeated in brackets', equals(page, '2'), { target: '/v1/a/7?page=2&page[]=3' }],
  ['one repeated with escaped brackets', equals(page, '2'), { target: '/v1/a/7?page=2&page%5B0%5D=3' }],
  ['one repeated in another case', equals(page, '2'), { target: '/v1/a/7?page=2&Page=3' }],
  ['one repeated with an escaped name', equals(page, '2'), { target: '/v1/a/7?page=2&%70age=3' }],
  ['one repeated behind a blank', equals(page, '2'), { target: '/v1/a/7?page=2&+page=3' }],
  ['one cut off by NUL', equals(page, '2'), { target: '/v1/a/7?page=2&page%00x=3' }],
  ...['[page]=3', '[page][x]=3', 'page]=3', 'pa_ge=3', '!page=3', 'page%20=3', 'page.x=3', 'page.0=3'].flatMap(
    (written): readonly Case[] => [
      [`one that some services read in ${written}`, equals(page, '2'), { target: `/v1/a/7?page=2&${written}` }],
      [`only as ${written}`, exists(page), { target: `/v1/a/7?${written}` }],
    ],
  ),
  ...['%EF%BD%90age=3', 'pa%C2%ADge=3', 'page%E2%80%8B=3', '%C5%BFort=3', '?page=3'].map(
    (written): Case => [
      `only as ${written}, in characters that some drop or fit`,
      exists(written.includes('ort') ? { from: 'query', name: 'sort' } : page),
      { target: `/v1/a/7?${written}` },
    ],
  ),
  ['"_" that PHP makes of "["', equals(userName, 'ann'), { target: '/v1/a/7?user_name=ann&user[name=bob' }],
  ['"_" that PHP makes of a blank', equals(userName, 'ann'), { target: '/v1/a/7?user_name=ann&user+name=bob' }],
  ['one of a list', equals(filter, 'a'), { target: '/v1/a/7?filter[name]=a&filter=b' }],
  ['beyond what some services read', equals(page, '2'), { target: `/v1/a/7?${'x=1&'.repeat(100)}page=2` }],
  ['behind nothing, a hundred times', equals(page, '2'), { target: `/v1/a/7?${'&'.repeat(100)}page=2` }],
  ['only in another case', equals(page, '2'), { target: '/v1/a/7?PAGE=2' }],
  ['a semicolon in the query', equals(page, '2'), { target: '/v1/a/7?x=1;page=3&page=2' }],
  ['a plus sign', equals(page, 'a b'), { target: '/v1/a/7?page=a+b' }],
  ['a value that is no UTF-8', equals(page, '2'), { target: '/v1/a/7?page=%ff' }],
  ['a broken escape', equals(page, '2'), { target: '/v1/a/7?page=%2' }],
  ['a broken escape in another name', equals(page, '2'), { target: '/v1/a/7?page=2&%zz=1' }],
  ['a control character', equals(page, '2'), { target: '/v1/a/7?page=2%0d' }],
  ['an escape behind an escape', equals(page, '2'), { target: '/v1/a/7?page=%2532' }],
  ['exists, repeated', exists(page), { target: '/v1/a/7?page=2&page=3' }],
  ['no header', equals(region, 'eu'), {}],
  ['a repeated header', equals(region, 'eu'), { headers: ['X-Region: eu', 'x-region: eu'] }],
  ['a header with "_"', equals(region, 'eu'), { headers: ['X_Region: eu'] }],
  ...['X.Region', 'x~region', 'X!REGION', "x'region", 'x|region'].flatMap((name): readonly Case[] => [
    [`a header as ${name}`, equals(region, 'eu'), { headers: [`${name}: eu`] }],
    [`a header as ${name}, if it has to be there`, exists(region), { headers: [`${name}: eu`] }],
    [`a header as ${name} beside the other`, equals(region, 'eu'), { headers: ['X-Region: eu', `${name}: us`] }],
  ]),
  ['a header twice, once with "_"', equals(region, 'eu'), { headers: ['X-Region: eu', 'X_Region: us'] }],
  ['a list in a header', begins(region, 'eu'), { headers: ['X-Region: eu, us'] }],
  ['bytes beyond ASCII in a header', begins(region, 'eu'), { headers: ['X-Region: eu\xe9'] }],
  ['a header that Connection takes away', equals(region, 'eu'), { headers: ['X-Region: eu', 'Connection: x-region'] }],
  ['an escaped slash', begins(tenant, 'acme'), { target: '/v1/acme%2Fx/7', tolerates: Ambiguity.encodedSlash }],
  ['a path parameter', begins(tenant, 'acme'), { target: '/v1/acme;x=1/7', tolerates: Ambiguity.semicolon }],
  ['an escape left over', begins(tenant, 'a'), { target: '/v1/a%2541/7', tolerates: Ambiguity.doubleEncoding }],
  ['an identity field that is not there', equals(keyId, 'k'), {}],
  ['compared with a field that is not there', same(tenant, keyId), {}],
  ['compared with an empty value', same(tenant, page), { target: '/v1/acme/7?page=' }],
  [
    'beginning with an empty value',
    compare(tenant, { operator: 'startsWith', operand: { source: page } }),
    { target: '/v1/acme/7?page=' },
  ],
  ['no known address', ranges('10.0.0.0/8'), {}],
  ['an address that is none', ranges('10.0.0.0/8'), { address: 'unknown' }],
  ['all with something unclear', { all: [equals(tenant, 'acme'), equals(page, '2')] }, {}],
  ['any without anything met', { any: [equals(tenant, 'x'), equals(page, '2')] }, {}],
];

describe.each(unclear)('unclear: %s', (_name, condition, row) => {
  test('is refused, and so is its opposite', async () => {
    expect(await reasonOf(condition, row)).toBe('wrong');
    expect(await reasonOf(not(condition), row)).toBe('wrong');
  });
});

test('the first criterion that is not met gives the word, and roles come before', async () => {
  const when = ['first', 'second', 'third'].map((word, index) => ({
    word,
    unless: [],
    condition: equals(tenant, index === 0 ? 'acme' : 'other'),
  }));
  const policy = makePolicy([{ on: '/{tenant}', access: ['reporter'], when }]);
  const asked = view('GET /acme', ['Authorization: Bearer t']);
  expect(await decide(asked, policy, () => accept({ roles: ['reporter'] }))).toMatchObject({
    reason: 'condition_failed',
    condition: { word: 'second', message: 'A condition of this resource is not met: second' },
  });
  const missing = await decide(asked, policy, () => accept({ roles: ['user'] }));
  expect(missing).toMatchObject({ reason: 'role_missing', condition: null });
});

test('anonymous callers of public and optional routes are asked too', async () => {
  for (const access of ['public', 'optional'] as const) {
    const policy = makePolicy([
      { on: '/{tenant}', access, when: [{ word: 'wrong', unless: [], condition: equals(tenant, 'acme') }] },
    ]);
    const nobody = () => expect.fail('nobody is asked');
    expect(await decide(view('GET /acme'), policy, nobody)).toMatchObject({ outcome: 'allow', stage: 'authorize' });
    expect(await decide(view('GET /other'), policy, nobody)).toMatchObject({ reason: 'condition_failed' });
  }
});

test('a rejected credential of an optional route is anonymous to conditions', async () => {
  const when = [{ word: 'unknown_caller', unless: ['user'], condition: exists(userId) }];
  const policy = makePolicy([{ on: '/a', access: 'optional', when }]);
  const asked = view('GET /a', ['Authorization: Bearer t']);
  const rejected = { identity: null, reason: 'credential_rejected', retryAfterS: null, source: 'auth-api' } as const;
  expect(await decide(asked, policy, () => rejected)).toMatchObject({ reason: 'condition_failed', identity: null });
  expect(await decide(asked, policy, () => accept())).toMatchObject({ outcome: 'allow' });
});
