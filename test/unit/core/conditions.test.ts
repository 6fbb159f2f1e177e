/** Conditions through `decide`: what each comparison allows, and that an unclear condition never allows. */
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
  ['a parameter that equals a literal', equals(tenant, 'acme'), {}],
  ['a parameter, its escape decoded', equals(tenant, 'a b'), { target: '/v1/a%20b/7' }],
  ['a parameter beyond ASCII', equals(tenant, 'café'), { target: '/v1/caf%C3%A9/7' }],
  ['a parameter with an escaped percent sign', equals(tenant, '100%'), { target: '/v1/100%25/7' }],
  ['a parameter in a list', within(tenant, 'x', 'acme'), {}],
  ['a parameter with a prefix', begins(tenant, 'ac'), {}],
  ['the canonical path', equals(tenant, 'acme'), { target: '/v1/x/..//acme/7' }],
  ['a query parameter', equals(page, '2'), { target: '/v1/a/7?page=2' }],
  ['a query parameter among others', equals(page, '2'), { target: '/v1/a/7?x=1&&page=2&pages=3' }],
  ['a bracket in a value', equals(page, '[2]'), { target: '/v1/a/7?page=[2]' }],
  ['a comma in a value', equals(page, 'a,b'), { target: '/v1/a/7?page=a,b' }],
  ['a query parameter, name and value escaped', equals(page, 'a&b'), { target: '/v1/a/7?p%61ge=a%26b' }],
  ['the last parameter that every service reads', equals(page, '2'), { target: `/v1/a/7?${'x=1&'.repeat(99)}page=2` }],
  ['one parameter among very many', equals(page, '2'), { target: `/v1/a/7?page=2${'&x=1'.repeat(2000)}` }],
  ['no such parameter among very many', exists(page, false), { target: `/v1/a/7?${'x=1&'.repeat(2000)}` }],
  ['names with a common prefix', equals(page, '2'), { target: '/v1/a/7?page=2&page_size=9&pages=3&[pages]=1&_=4&=5' }],
  ['a name without letters', equals({ from: 'query', name: '_' }, '2'), { target: '/v1/a/7?_=2&&page=1' }],
  ['a name with a dot', equals({ from: 'query', name: 'user.id' }, '2'), { target: '/v1/a/7?user.id=2&user.name=x' }],
  ['a name with brackets', equals(filter, 'a'), { target: '/v1/a/7?filter[name]=a&x[name]=b' }],
  ['an empty query parameter exists', exists(page), { target: '/v1/a/7?page' }],
  ['no query parameter', exists(page, false), { target: '/v1/a/7?other=1' }],
  ['no query', exists(page, false), {}],
  ['a header', equals(region, 'eu'), { headers: ['X-Region: eu'] }],
  ['no header', exists(region, false), {}],
  [
    'an identity field that equals a parameter',
    same(userId, tenant),
    { target: '/v1/ann/7', identity: { userId: 'ann' } },
  ],
  ['one of the groups', equals(groups, 'umbrella'), {}],
  ['one of the groups by prefix', begins(groups, 'umb'), {}],
  ['one of the groups in a list', within(groups, 'x', 'acme'), {}],
  ['no key id', exists(keyId, false), {}],
  ['a session', exists(sessionId), {}],
  ['an address in a range', ranges('192.0.2.0/24'), { address: '192.0.2.9' }],
  ['an address in the second range', ranges('10.0.0.0/8', '2001:db8::/32'), { address: '2001:db8::1' }],
  ['an IPv4-mapped IPv6 address', ranges('192.0.2.0/24'), { address: '::ffff:192.0.2.9' }],
  ['an exempt role', equals(tenant, 'other'), { unless: ['user'] }],
  [
    'a role that inherits the exempt one',
    equals(tenant, 'other'),
    { unless: ['user'], identity: { roles: ['admin'] } },
  ],
  ['not', not(equals(tenant, 'other')), {}],
  ['all', { all: [equals(tenant, 'acme'), exists(page, false)] }, {}],
  ['any, met by the second', { any: [equals(tenant, 'other'), equals(tenant, 'acme')] }, {}],
  ['any with an unclear condition', { any: [equals(page, '2'), equals(tenant, 'acme')] }, {}],
];

test.each(met)('met: %s', async (_name, condition, row) => {
  expect(await reasonOf(condition, row)).toBeNull();
});

const unmet: readonly Case[] = [
  ['a parameter not in the groups', withinField(tenant, groups), { target: '/v1/other/7' }],
  ['an identity without groups', withinField(tenant, groups), { identity: { groups: [] } }],
  ['a part of a group name', withinField(tenant, groups), { target: '/v1/acm/7' }],
  ['another letter', equals(tenant, 'acme'), { target: '/v1/akme/7' }],
  ['beyond ASCII', within(tenant, 'cafe', 'acme'), { target: '/v1/%D1%81afe/7' }],
  ['a dot within', equals(tenant, 'acme'), { target: '/v1/ac.me/7' }],
  ['a value of the identity in another case', equals(groups, 'ACME'), {}],
  ['a second decoding', equals(tenant, 'a b'), { target: '/v1/a%2520b/7', tolerates: Ambiguity.doubleEncoding }],
  ['another header value', equals(region, 'eu'), { headers: ['X-Region: us'] }],
  ['an address outside the range', ranges('10.0.0.0/8'), { address: '192.0.2.9' }],
  ['another role', equals(tenant, 'other'), { unless: ['admin'] }],
  ['not', not(equals(tenant, 'acme')), {}],
  ['all with one unmet', { all: [equals(tenant, 'acme'), equals(tenant, 'x')] }, {}],
  ['all, unmet next to unclear', { all: [equals(page, '2'), equals(tenant, 'x')] }, {}],
  ['any, all unmet', { any: [equals(tenant, 'x'), equals(tenant, 'y')] }, {}],
  ['a prototype name', within(tenant, 'x'), { target: '/v1/constructor/7' }],
];

test.each(unmet)('unmet: %s', async (_name, condition, row) => {
  expect(await reasonOf(condition, row)).toBe('wrong');
});

/** Neither the condition nor its negation allows these. */
const unclear: readonly Case[] = [
  ['no such query parameter', equals(page, '2'), {}],
  ['a repeated query parameter', equals(page, '2'), { target: '/v1/a/7?page=2&page=2' }],
  ['a query parameter repeated in brackets', equals(page, '2'), { target: '/v1/a/7?page=2&page[]=3' }],
  ['a query parameter repeated with escaped brackets', equals(page, '2'), { target: '/v1/a/7?page=2&page%5B0%5D=3' }],
  ['a query parameter repeated in another case', equals(page, '2'), { target: '/v1/a/7?page=2&Page=3' }],
  ['a query parameter repeated with an escaped name', equals(page, '2'), { target: '/v1/a/7?page=2&%70age=3' }],
  ['a query parameter repeated after a space', equals(page, '2'), { target: '/v1/a/7?page=2&+page=3' }],
  ['a query parameter repeated with a NUL in its name', equals(page, '2'), { target: '/v1/a/7?page=2&page%00x=3' }],
  ...['[page]=3', '[page][x]=3', 'page]=3', 'pa_ge=3', '!page=3', 'page%20=3', 'page.x=3', 'page.0=3'].flatMap(
    (written): readonly Case[] => [
      [
        `a query parameter that some services read from ${written}`,
        equals(page, '2'),
        { target: `/v1/a/7?page=2&${written}` },
      ],
      [`a query parameter present only as ${written}`, exists(page), { target: `/v1/a/7?${written}` }],
    ],
  ),
  ...['%EF%BD%90age=3', 'pa%C2%ADge=3', 'page%E2%80%8B=3', '%C5%BFort=3', '?page=3'].map(
    (written): Case => [
      `a query parameter present only as ${written}, with characters that some services drop or best-fit`,
      exists(written.includes('ort') ? { from: 'query', name: 'sort' } : page),
      { target: `/v1/a/7?${written}` },
    ],
  ),
  ['"_" that PHP makes of "["', equals(userName, 'ann'), { target: '/v1/a/7?user_name=ann&user[name=bob' }],
  ['"_" that PHP makes of a space', equals(userName, 'ann'), { target: '/v1/a/7?user_name=ann&user+name=bob' }],
  ['one value of a list', equals(filter, 'a'), { target: '/v1/a/7?filter[name]=a&filter=b' }],
  [
    'a parameter beyond the number that some services read',
    equals(page, '2'),
    { target: `/v1/a/7?${'x=1&'.repeat(100)}page=2` },
  ],
  ['a value in which qs sees a longer name', begins(page, '2'), { target: '/v1/a/7?page=2x[y]=1' }],
  ['the same with an escaped bracket', exists(page), { target: '/v1/a/7?page=2%5d=1' }],
  ['a parameter after a hundred empty ones', equals(page, '2'), { target: `/v1/a/7?${'&'.repeat(100)}page=2` }],
  ['a query parameter present only in another case', equals(page, '2'), { target: '/v1/a/7?PAGE=2' }],
  ['a semicolon in the query', equals(page, '2'), { target: '/v1/a/7?x=1;page=3&page=2' }],
  ['a plus sign', equals(page, 'a b'), { target: '/v1/a/7?page=a+b' }],
  ['a value that is not UTF-8', equals(page, '2'), { target: '/v1/a/7?page=%ff' }],
  ['a broken escape', equals(page, '2'), { target: '/v1/a/7?page=%2' }],
  ['a broken escape in another name', equals(page, '2'), { target: '/v1/a/7?page=2&%zz=1' }],
  ['a control character', equals(page, '2'), { target: '/v1/a/7?page=2%0d' }],
  ['a double escape', equals(page, '2'), { target: '/v1/a/7?page=%2532' }],
  ['exists, repeated', exists(page), { target: '/v1/a/7?page=2&page=3' }],
  ['no header', equals(region, 'eu'), {}],
  ['a repeated header', equals(region, 'eu'), { headers: ['X-Region: eu', 'x-region: eu'] }],
  ['a header with "_"', equals(region, 'eu'), { headers: ['X_Region: eu'] }],
  ...['X.Region', 'x~region', 'X!REGION', "x'region", 'x|region'].flatMap((name): readonly Case[] => [
    [`a header as ${name}`, equals(region, 'eu'), { headers: [`${name}: eu`] }],
    [`a header as ${name}, compared with exists`, exists(region), { headers: [`${name}: eu`] }],
    [`a header as ${name} next to the proper one`, equals(region, 'eu'), { headers: ['X-Region: eu', `${name}: us`] }],
  ]),
  ['a header twice, once with "_"', equals(region, 'eu'), { headers: ['X-Region: eu', 'X_Region: us'] }],
  ['a list in a header', begins(region, 'eu'), { headers: ['X-Region: eu, us'] }],
  ['bytes beyond ASCII in a header', begins(region, 'eu'), { headers: ['X-Region: eu\xe9'] }],
  ['a header that Connection removes', equals(region, 'eu'), { headers: ['X-Region: eu', 'Connection: x-region'] }],
  ['an escaped slash', begins(tenant, 'acme'), { target: '/v1/acme%2Fx/7', tolerates: Ambiguity.encodedSlash }],
  ['a path parameter', begins(tenant, 'acme'), { target: '/v1/acme;x=1/7', tolerates: Ambiguity.semicolon }],
  ['a remaining escape', begins(tenant, 'a'), { target: '/v1/a%2541/7', tolerates: Ambiguity.doubleEncoding }],
  ...[
    'ACME',
    'acme.',
    'acme..',
    'acme%20',
    '%20acme',
    'acme%C2%A0.',
    'acme+',
    '%EF%BD%81cme',
    'a%C2%ADcme',
    'acm%C3%A9',
    'acm%CC%81e',
    'acme%3Fx',
    'acme%23',
    'Acme%E2%80%8B',
  ].flatMap((segment): readonly Case[] => [
    [`${segment} may equal the literal`, equals(tenant, 'acme'), { target: `/v1/${segment}/7` }],
    [`${segment} may equal one of a list`, within(tenant, 'x', 'acme'), { target: `/v1/${segment}/7` }],
    [`${segment} may equal a group`, withinField(tenant, groups), { target: `/v1/${segment}/7` }],
    [`${segment} may equal one of the groups`, same(groups, tenant), { target: `/v1/${segment}/7` }],
  ]),
  ...['ACME', '%20acme', 'a%C2%ADcme', '%EF%BD%81cmes', '%C3%81cme'].map(
    (segment): Case => [`${segment} may have the prefix`, begins(tenant, 'acm'), { target: `/v1/${segment}/7` }],
  ),
  ['a plain value for a list with an unusual item', within(tenant, 'x', 'ACME.'), {}],
  ['a plain value for an unusual literal', equals(tenant, 'Acmé '), {}],
  ['a prefix in another case', begins(tenant, 'AC'), {}],
  ['a query value in another case', equals(page, 'no'), { target: '/v1/a/7?page=No' }],
  ['a query value with a trailing space', equals(page, 'no'), { target: '/v1/a/7?page=no%20' }],
  ['a header in another case', equals(region, 'eu'), { headers: ['X-Region: EU'] }],
  ['an absent identity field', equals(keyId, 'k'), {}],
  ['a comparison with an absent field', same(tenant, keyId), {}],
  ['a comparison with an empty value', same(tenant, page), { target: '/v1/acme/7?page=' }],
  [
    'a prefix comparison with an empty value',
    compare(tenant, { operator: 'startsWith', operand: { source: page } }),
    { target: '/v1/acme/7?page=' },
  ],
  ['an unknown address', ranges('10.0.0.0/8'), {}],
  ['an invalid address', ranges('10.0.0.0/8'), { address: 'unknown' }],
  ['all with something unclear', { all: [equals(tenant, 'acme'), equals(page, '2')] }, {}],
  ['any, none met and one unclear', { any: [equals(tenant, 'x'), equals(page, '2')] }, {}],
];

describe.each(unclear)('unclear: %s', (_name, condition, row) => {
  test('is refused, and so is its negation', async () => {
    expect(await reasonOf(condition, row)).toBe('wrong');
    expect(await reasonOf(not(condition), row)).toBe('wrong');
  });
});

test('the refusal carries the word of the first unmet criterion, and roles are checked first', async () => {
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

test('conditions apply to anonymous callers of public and optional routes', async () => {
  for (const access of ['public', 'optional'] as const) {
    const policy = makePolicy([
      { on: '/{tenant}', access, when: [{ word: 'wrong', unless: [], condition: equals(tenant, 'acme') }] },
    ]);
    const nobody = () => expect.fail('the resolver was called');
    expect(await decide(view('GET /acme'), policy, nobody)).toMatchObject({ outcome: 'allow', stage: 'authorize' });
    expect(await decide(view('GET /other'), policy, nobody)).toMatchObject({ reason: 'condition_failed' });
  }
});

test('conditions see a rejected credential on an optional route as anonymous', async () => {
  const when = [{ word: 'unknown_caller', unless: ['user'], condition: exists(userId) }];
  const policy = makePolicy([{ on: '/a', access: 'optional', when }]);
  const asked = view('GET /a', ['Authorization: Bearer t']);
  const rejected = { identity: null, reason: 'credential_rejected', retryAfterS: null, source: 'auth-api' } as const;
  expect(await decide(asked, policy, () => rejected)).toMatchObject({ reason: 'condition_failed', identity: null });
  expect(await decide(asked, policy, () => accept())).toMatchObject({ outcome: 'allow' });
});
