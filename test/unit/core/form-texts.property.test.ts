/** Representative texts: one for every set of forms, found by trying every short text. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { commonText, noForm, textsFor } from '../../../src/core/url/form-texts.ts';
import { foldedForm, type ParamForm, type Shape, type Taker, takes } from '../../../src/core/url/param-form.ts';

const around = fc.constantFrom('', '', 'a', 'ab', '-', '1');
const shape: fc.Arbitrary<Shape | null> = fc.constantFrom(
  null,
  { kind: 'int' },
  { kind: 'slug' },
  { kind: 'words', words: ['a', '1'] },
  { kind: 'words', words: ['ab', 'B', '-'] },
);
const form: fc.Arbitrary<ParamForm> = fc
  .record({ before: around, after: around, shape })
  .filter(({ before, after, shape: own }) => before + after !== '' || own !== null);
const taker: fc.Arbitrary<Taker> = fc
  .tuple(form, fc.boolean())
  .map(([own, anyCase]) => ({ form: anyCase ? foldedForm(own) : own, anyCase }));

/** Every text of up to five of these characters. */
const everyText: string[] = [];
for (let level = [''], length = 1; length <= 5; length += 1) {
  level = level.flatMap((text) => ['a', 'b', 'B', '1', '0', '-', 'X'].map((char) => text + char));
  everyText.push(...level);
}

const setOf = (takers: readonly Taker[], text: string) => takers.map((one) => (takes(one, text) ? 1 : 0)).join('');

test('every set of forms that a short text fits has a text, and the text fits the set', () => {
  fc.assert(
    fc.property(fc.array(taker, { minLength: 1, maxLength: 3 }), (takers) => {
      const found = new Set(textsFor(takers).map((text) => setOf(takers, text)));
      for (const text of everyText) {
        const set = setOf(takers, text);
        if (set.includes('1') && !found.has(set)) expect.fail(`no text for ${JSON.stringify({ takers, text })}`);
      }
      const free = noForm(takers, () => false);
      expect(setOf(takers, free)).not.toContain('1');
    }),
    { numRuns: 60 },
  );
});

test('replaces an avoided text where another one exists', () => {
  fc.assert(
    fc.property(
      fc.array(taker, { minLength: 1, maxLength: 2 }),
      fc.subarray(everyText.slice(0, 60)),
      (takers, avoided) => {
        const found = new Set(textsFor(takers, avoided).map((text) => setOf(takers, text)));
        for (const text of textsFor(takers, avoided)) expect(avoided).not.toContain(text);
        for (const text of everyText) {
          const set = setOf(takers, text);
          if (!set.includes('1') || avoided.includes(text)) continue;
          if (!found.has(set)) expect.fail(`no text for ${JSON.stringify({ takers, text, avoided })}`);
        }
      },
    ),
    { numRuns: 40 },
  );
});

test('a UUID and an order number share texts with the forms that accept them', () => {
  const of = (own: Partial<ParamForm>): Taker => ({
    form: { before: '', after: '', shape: null, ...own },
    anyCase: false,
  });
  const uuid = of({ shape: { kind: 'uuid' } });
  expect(commonText(uuid, of({ shape: { kind: 'slug' } }))).toMatch(/^[0-9a-f-]{36}$/);
  expect(commonText(uuid, of({ shape: { kind: 'int' } }))).toBeNull();
  expect(commonText(of({ after: '.json' }), of({ before: 'a' }))).toBe('a.json');
  expect(commonText(of({ before: 'a' }), of({ before: 'b' }))).toBeNull();
});

test('compares forms however many literals are avoided', () => {
  const of = (own: Partial<ParamForm>): Taker => ({
    form: { before: '', after: '', shape: null, ...own },
    anyCase: false,
  });
  const kinds = ['uuid', 'int', 'slug'] as const;
  const takers = [...kinds.map((kind) => of({ shape: { kind } })), of({ after: '.json' })];
  const literals = Array.from({ length: 500 }, (_, n) => `resource-${n}`);
  expect(textsFor(takers, literals)).toHaveLength(textsFor(takers).length);
});
