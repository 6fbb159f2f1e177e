/** Laws of conditions for any condition and any request: they never throw, and three-valued logic holds. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Comparison, ConditionFacts, Truth, ValueSource } from '../../../src/core/policy/conditions.ts';
import { type ConditionSource, compileConditions } from '../../../src/core/policy/conditions.ts';
import { conditionInWords } from '../../../src/core/policy/describe-conditions.ts';
import { firstUnmet, truthOf } from '../../../src/core/policy/evaluate-conditions.ts';
import { explainConditions } from '../../../src/core/policy/explain-conditions.ts';
import { addressList } from '../../../src/core/policy/list-file.ts';
import { compilePattern } from '../../../src/core/url/compile-pattern.ts';
import { makeIdentity, roles } from './make-policy.ts';

const name = fc.constantFrom('a', 'b', 'c');
const value = fc.oneof(fc.constantFrom('', 'x', 'y', 'X', '%', '%41', '+', 'x,y', 'é'), fc.string({ maxLength: 5 }));

const source: fc.Arbitrary<ValueSource> = fc.oneof(
  name.map((param) => ({ from: 'param', name: param }) as const),
  name.map((query) => ({ from: 'query', name: query }) as const),
  name.map((header) => ({ from: 'header', name: `x-${header}` }) as const),
  fc
    .constantFrom('userId' as const, 'groups' as const, 'keyId' as const)
    .map((field) => ({ from: 'identity', field }) as const),
);

const comparison: fc.Arbitrary<Comparison> = fc.oneof(
  fc.record({
    operator: fc.constantFrom('equals' as const, 'startsWith' as const),
    operand: fc.oneof(
      value.map((literal) => ({ literal })),
      source.map((other) => ({ source: other })),
    ),
  }),
  fc.record({
    operator: fc.constant('in' as const),
    operand: fc.oneof(
      fc.array(value).map((literals) => ({ literals: new Set(literals) })),
      source.map((other) => ({ source: other })),
    ),
  }),
  fc.record({ operator: fc.constant('exists' as const), wanted: fc.boolean() }),
);

const leaf: fc.Arbitrary<ConditionSource> = fc.oneof(
  fc.record({ subject: source, comparison }),
  fc.constantFrom(addressList(['10.0.0.0/8']), addressList(['::1', '192.0.2.0/24'])),
);

const { condition } = fc.letrec<{ condition: ConditionSource }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    leaf,
    fc.array(tie('condition'), { minLength: 1, maxLength: 3 }).map((all) => ({ all })),
    fc.array(tie('condition'), { minLength: 1, maxLength: 3 }).map((any) => ({ any })),
    tie('condition').map((not) => ({ not })),
  ),
}));

const facts: fc.Arbitrary<ConditionFacts> = fc.record({
  request: fc.record({
    method: fc.constant('GET'),
    host: fc.constant('h'),
    authority: fc.constant('h'),
    path: fc.array(value, { maxLength: 4 }).map((parts) => `/${parts.join('/')}`),
    unmerged: fc.constant(null),
    query: fc
      .array(fc.tuple(name, value), { maxLength: 3 })
      .map((pairs) => `?${pairs.map((pair) => pair.join('=')).join('&')}`),
    ambiguities: fc.constant(0),
  }),
  pattern: fc.constantFrom('/{a}/{b}', '/{c}/**', '/**').map((path) => compilePattern(null, path)),
  ignoresCase: fc.boolean(),
  rawHeaders: fc
    .array(
      fc.tuple(
        name.map((header) => `X-${header}`),
        value,
      ),
      { maxLength: 3 },
    )
    .map((pairs) => pairs.flat()),
  address: fc.constantFrom(null, '10.0.0.1', '::1', '::ffff:192.0.2.1', 'garbage'),
  trusted: fc.boolean(),
  nowMs: fc.constant(null),
  identity: fc.option(
    fc.record({ userId: value, groups: fc.array(value, { maxLength: 3 }) }).map((part) => makeIdentity(part)),
  ),
});

function truth(source: ConditionSource, about: ConditionFacts): Truth {
  const [criterion] = compileConditions([{ word: 'w', unless: [], condition: source }], roles) ?? [];
  return truthOf(criterion!.steps, 0, about);
}

const opposite: Readonly<Record<Truth, Truth>> = { met: 'unmet', unmet: 'met', unclear: 'unclear' };
const runs = { numRuns: 2_000 };

test('evaluating, describing and explaining never throw, and agree', () => {
  fc.assert(
    fc.property(fc.array(condition, { minLength: 1, maxLength: 3 }), facts, (sources, about) => {
      const written = sources.map((inner, index) => ({
        word: `w${index}`,
        unless: index === 1 ? ['user'] : [],
        condition: inner,
      }));
      const criteria = compileConditions(written, roles)!;
      const reports = explainConditions(criteria, about);
      const refused = reports.find(({ passed }) => !passed)?.reason ?? null;
      expect(firstUnmet(criteria, about)?.word ?? null).toBe(refused);
      for (const [index, { steps }] of criteria.entries()) {
        expect(conditionInWords(steps, 0)).not.toBe('');
        expect(reports[index]!.steps).toHaveLength(steps.length);
        expect(reports[index]!.steps[0]!.truth).toBe(reports[index]!.truth);
      }
      expect(() => JSON.stringify(reports)).not.toThrow();
    }),
    runs,
  );
});

test('not swaps met and unmet and keeps unclear; applied twice, it changes nothing', () => {
  fc.assert(
    fc.property(condition, facts, (inner, about) => {
      const plain = truth(inner, about);
      expect(truth({ not: inner }, about)).toBe(opposite[plain]);
      expect(truth({ not: { not: inner } }, about)).toBe(plain);
    }),
    runs,
  );
});

test("all and any: a single condition is itself, order does not matter, and De Morgan's laws hold", () => {
  fc.assert(
    fc.property(condition, condition, facts, (a, b, about) => {
      expect(truth({ all: [a] }, about)).toBe(truth(a, about));
      expect(truth({ any: [a] }, about)).toBe(truth(a, about));
      expect(truth({ all: [a, b] }, about)).toBe(truth({ all: [b, a] }, about));
      expect(truth({ any: [a, b] }, about)).toBe(truth({ any: [b, a] }, about));
      expect(truth({ not: { all: [a, b] } }, about)).toBe(truth({ any: [{ not: a }, { not: b }] }, about));
    }),
    runs,
  );
});

test('an explanation contains no header value', () => {
  fc.assert(
    fc.property(condition, facts, (inner, about) => {
      const criteria = compileConditions([{ word: 'w', unless: [], condition: inner }], roles)!;
      const rawHeaders = ['X-a', 'top-secret-a', 'X-b', 'top-secret-b', 'X-c', 'top-secret-c'];
      expect(JSON.stringify(explainConditions(criteria, { ...about, rawHeaders }))).not.toContain('top-secret');
    }),
    runs,
  );
});
