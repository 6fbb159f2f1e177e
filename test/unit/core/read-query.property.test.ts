/** The parts of a query that bear on some parameters read the same as the whole of it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { partsOfQuery, readQuery } from '../../../src/core/policy/read-query.ts';

const names = ['page', 'a_b', 'Format'];
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
);
const value = fc.constantFrom('', '1', 'x%20y', 'a+b', '%zz', 'a=b', 'a;b', 'secret');
const query = fc
  .array(fc.tuple(written, value), { maxLength: 5 })
  .map((parts) => (parts.length === 0 ? '' : `?${parts.map(([name, text]) => `${name}=${text}`).join('&')}`));

test('each parameter reads as in the whole query', () => {
  fc.assert(
    fc.property(query, fc.subarray(names), (whole, kept) => {
      const parts = partsOfQuery(whole, kept);
      for (const name of kept) expect(readQuery(parts, name)).toEqual(readQuery(whole, name));
      expect(parts).not.toMatch(/other|token/);
    }),
    { numRuns: 5000 },
  );
});

test('without names nothing is kept', () => {
  expect(partsOfQuery('?page=1', [])).toBe('');
  expect(partsOfQuery('?', names)).toBe('');
});
