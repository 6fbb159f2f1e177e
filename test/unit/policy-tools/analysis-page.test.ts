/** The page lists exactly what the analysis looks for. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { findingKinds } from '../../../src/policy-tools/analysis/finding.ts';

test('docs/reference/analysis.md', () => {
  const page = readFileSync(new URL('../../../docs/reference/analysis.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `([a-z]+_[a-z_]+)` \| (\w+) \| (.+) \|$/gm)].map(([, ...cells]) => cells);
  expect(rows).toEqual(Object.entries(findingKinds).map(([code, { severity, meaning }]) => [code, severity, meaning]));
});
