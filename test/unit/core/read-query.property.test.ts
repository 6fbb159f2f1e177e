/** Reading only the parts of a query that concern some parameters gives the same values as reading all of it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { partsOfQuery, readQuery } from '../../../src/core/policy/read-query.ts';

const names = ['page', 'a_b', 'Format', '_', 'a[b]'];
const written = fc.constantFrom(
  'page',
  'PAGE',
  'page[]',
  'a.b',
  'a_b',
  'a%5Fb',
  'Format',
  'other',
  'token',
  '%zz',
  '',
  '+page',
  '[page]',
  'a[b',
  '!page',
  'page.x',
  '%EF%BD%90age',
  'p%C2%ADage',
);
const value = fc.constantFrom('', '1', 'x%20y', 'a+b', '%zz', 'a=b', 'a;b', 'secret');
/** Some come after as many others as services read. */
const query = fc
  .tuple(fc.array(fc.tuple(written, value), { maxLength: 5 }), fc.constantFrom(0, 0, 1, 97, 98, 99, 100, 101, 1000))
  .map(([parts, before]) =>
    parts.length === 0 ? '' : `?${'other&'.repeat(before)}${parts.map(([name, text]) => `${name}=${text}`).join('&')}`,
  );

test('each parameter has the same value as in the whole query', () => {
  fc.assert(
    fc.property(query, fc.subarray(names), (whole, kept) => {
      const parts = partsOfQuery(whole, kept);
      for (const name of kept) expect(readQuery(parts, name)).toEqual(readQuery(whole, name));
      expect(parts).not.toMatch(/other|token/);
      expect(parts.length).toBeLessThan(200);
    }),
    { numRuns: 5000 },
  );
});

test('keeps nothing without names', () => {
  expect(partsOfQuery('?page=1', [])).toBe('');
  expect(partsOfQuery('?', names)).toBe('');
});
