/** Whatever values the conditions take for a request, the enumeration contains that combination. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Identity } from '../../../src/core/identity/identity.ts';
import { isIdentifier, isNameList } from '../../../src/core/identity/identity-fields.ts';
import type {
  Comparison,
  ConditionFacts,
  ConditionSource,
  Truth,
  ValueSource,
} from '../../../src/core/policy/conditions.ts';
import { truthOf } from '../../../src/core/policy/evaluate-conditions.ts';
import { addressList } from '../../../src/core/policy/list-file.ts';
import type { Route } from '../../../src/core/routing/route.ts';
import { truthsOf } from '../../../src/policy-model/caller-classes.ts';
import { blank } from '../../../src/policy-model/samples/sample-identity.ts';
import { atomsOf } from '../../../src/policy-model/statements.ts';
import { makeRoute } from '../core/make-policy.ts';

const text = fc.constantFrom('a', 'ab', 'abc', 'b', 'A', '~', 'a~', 'a~~', 'a\u007f', 'bearer', 'keyPair', '10');
const subject: fc.Arbitrary<ValueSource> = fc.oneof(
  fc.constantFrom<ValueSource>(
    { from: 'param', name: 'p' },
    { from: 'query', name: 'q' },
    { from: 'header', name: 'x-h' },
  ),
  fc
    .constantFrom('userId' as const, 'groups' as const, 'groups' as const, 'sessionId' as const, 'kind' as const)
    .map((field) => ({ from: 'identity', field }) as const),
);
const comparison: fc.Arbitrary<Comparison> = fc.oneof(
  fc.record({
    operator: fc.constantFrom('equals' as const, 'startsWith' as const),
    operand: fc.oneof(
      { weight: 5, arbitrary: text.map((literal) => ({ literal })) },
      { weight: 1, arbitrary: subject.map((source) => ({ source })) },
    ),
  }),
  fc.record({
    operator: fc.constant('in' as const),
    operand: fc.array(text, { minLength: 1, maxLength: 3 }).map((literals) => ({ literals: new Set(literals) })),
  }),
  fc.record({ operator: fc.constant('exists' as const), wanted: fc.boolean() }),
);
const range = fc.constantFrom(
  '10.0.0.0/8',
  '10.0.0.0/16',
  '10.255.0.0/16',
  '0.0.0.0/0',
  '255.255.255.255',
  '::/0',
  '2001:db8::/32',
  'ffff::/16',
);
const statement: fc.Arbitrary<ConditionSource> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ subject, comparison }) },
  { weight: 1, arbitrary: fc.array(range, { minLength: 1, maxLength: 2 }).map((ranges) => addressList(ranges)) },
);

const value = fc.oneof(
  text,
  text.map((begun) => `${begun}z`),
  fc.constantFrom('', '%2541', 'é', 'aB', 'ABc', 'a.', 'aBcz', 'Az', 'A b'),
);
const asked = fc.record({
  param: value,
  query: fc.oneof(
    value.map((one) => `?q=${encodeURIComponent(one)}`),
    fc.constantFrom('', '?q=a&q=b', '?q=a+b', '?q'),
  ),
  rawHeaders: fc.oneof(
    value.map((one) => ['x-h', one]),
    fc.constantFrom([], ['x-h', 'a', 'X-H', 'b'], ['x_h', 'a']),
  ),
  address: fc.oneof(
    fc.constantFrom(null, '10.0.0.1', '10.1.0.0', '10.255.255.255', '11.0.0.0', '0.0.0.0', '255.255.255.255'),
    fc.constantFrom('::1', '::ffff:10.0.0.1', '2001:db8::1', 'ffff::'),
  ),
  identity: fc.record({
    kind: fc.constantFrom<Identity['kind']>('bearer', 'keyPair'),
    // As a source can return them.
    userId: text.filter(isIdentifier),
    groups: fc.array(value).filter(isNameList),
    sessionId: fc.oneof(text.filter(isIdentifier), fc.constant(null)),
  }),
});

function factsOf(
  { param, query, identity, ...rest }: typeof asked extends fc.Arbitrary<infer T> ? T : never,
  { pattern, reading }: Route,
): ConditionFacts {
  const request = { method: 'GET', host: 'h', authority: 'h', unmerged: null, ambiguities: 0, query };
  return {
    request: { ...request, path: `/x/${encodeURIComponent(param)}` },
    pattern,
    ignoresCase: reading?.literals != null,
    trusted: false,
    nowMs: null,
    identity: { ...blank, ...identity },
    ...rest,
  };
}

const any = { places: [], optional: true };
const none = { roles: any, expireAt: null, tokenId: null, issuedAt: null, alias: null, fullName: null, claims: [] };
const users = { source: 'authApi', prefix: '', foreignPrefixes: [], roles: null };
const fields = {
  ...none,
  assumeVerifiedEmail: false,
  userId: any,
  groups: any,
  sessionId: any,
  keyId: any,
  authenticatedAt: any,
};
/** Identities with every field. */
const authentications = (['bearer', 'keyPair'] as const).map((kind) => {
  return { kind, acceptedBy: 'authApi', users, fields };
});

test('omits no combination', () => {
  let fewer = 0;
  fc.assert(
    fc.property(
      fc.array(statement, { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      fc.array(asked, { minLength: 8, maxLength: 8 }),
      (all, caseSensitive, requests) => {
        const route = makeRoute({
          on: '/x/{p}',
          reading: { caseSensitive },
          when: [{ word: 'w', unless: [], condition: { all } }],
        });
        const atoms = atomsOf(route);
        const ways = truthsOf(atoms, 100_000, authentications);
        if (ways === null) throw new Error('more combinations than so few conditions have');
        if (ways.length < 3 ** atoms.size) fewer += 1;
        const known = new Set(ways.map((way) => JSON.stringify([...atoms.keys()].map((key) => way.get(key)))));
        for (const one of requests) {
          const truths = [...atoms.values()].map(
            ({ step }): Truth => truthOf([{ ...step, end: 0 }], 0, factsOf(one, route)),
          );
          if (!known.has(JSON.stringify(truths)))
            expect.fail(`${JSON.stringify(truths)} of ${[...atoms.keys()]} for ${JSON.stringify(one)}`);
        }
      },
    ),
    { numRuns: 3_000 },
  );
  expect(fewer).toBeGreaterThan(1_000);
});

test('is bounded', () => {
  const all = Array.from(
    { length: 14 },
    (_, n): ConditionSource => ({
      subject: { from: 'identity', field: 'groups' },
      comparison: { operator: 'equals', operand: { literal: `group-${n}` } },
    }),
  );
  const route = makeRoute({ on: '/x', when: [{ word: 'w', unless: [], condition: { all } }] });
  expect(truthsOf(atomsOf(route), 10_000, authentications)).toBeNull();
  expect(truthsOf(atomsOf(route), 20_000, authentications)).toHaveLength(2 ** 14);
});
