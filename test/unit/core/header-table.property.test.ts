/** Comparing header names in place gives the same result as comparing their canonical forms. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { beginsWith, canonicalName, HeaderTable, hasUsualSpelling } from '../../../src/core/syntax/header-fields.ts';

const names = ['user-id', 'user-ids', 'userid', 'groups', 'x-user-1', 'te', 'host', 'via', 'x', '-', ''];
const latin1 = fc.nat({ max: 0xff }).map((code) => String.fromCharCode(code));
/** A name as a client may spell it to evade a comparison, or another one. */
const spelled = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(...names),
      fc.array(fc.constantFrom('keep', 'upper', '_', '.', '\xad', '-'), { minLength: 8, maxLength: 8 }),
    )
    .map(([name, ways]) => [...name].map((char, at) => respell(char, ways[at]!)).join('')),
  fc.string({ unit: latin1, maxLength: 9 }),
);

function respell(char: string, way: string): string {
  if (way === 'keep') return char;
  if (way === 'upper') return char.toUpperCase();
  return char === '-' ? way : char;
}

test('a table finds the value of the canonical name', () => {
  let found = 0;
  fc.assert(
    fc.property(spelled, fc.subarray(names), (name, kept) => {
      const entries = kept.map((entry) => [entry, `value of ${entry}`] as const);
      const value = new HeaderTable(entries).get(name);
      expect(value).toBe(new Map(entries).get(canonicalName(name)));
      if (value !== undefined) found += 1;
    }),
    { numRuns: 5_000 },
  );
  expect(found).toBeGreaterThan(200);
});

test('a beginning and the usual spelling are those of the canonical name', () => {
  fc.assert(
    fc.property(spelled, fc.constantFrom(...names), (name, start) => {
      expect(beginsWith(name, start)).toBe(canonicalName(name).startsWith(start));
      expect(hasUsualSpelling(name)).toBe(canonicalName(name) === name.toLowerCase());
    }),
    { numRuns: 5_000 },
  );
});
