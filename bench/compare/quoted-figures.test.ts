/** Figures that pages quote from `npm run bench:compare` must match its last results. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { quotes, withQuote } from './quotes.ts';
import type { CaseResults, Conditions } from './report.ts';

const { conditions, results } = JSON.parse(readFileSync('bench/results/compare.json', 'utf8')) as {
  conditions: Conditions;
  results: CaseResults[];
};

const textOf = (path: string) => readFileSync(path, 'utf8').replaceAll(/\s+/g, ' ');

test.each(quotes(results, conditions.versions))('$path: $before$figure$after', ({ path, before, figure, after }) => {
  expect(textOf(path)).toContain(`${before}${figure}${after}`);
});

test('a figure is replaced wherever lines are broken', () => {
  const quote = { path: 'README.md', before: 'it is ', figure: '1.32', after: ' times nginx' };
  expect(withQuote('At 4,000 it\nis 1.92 times\n  nginx.', quote)).toBe('At 4,000 it\nis 1.32 times\n  nginx.');
  expect(withQuote('It is slower than nginx.', quote)).toBeNull();
});
