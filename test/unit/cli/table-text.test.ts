import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { tableText } from '../../../src/cli/table-text.ts';

const plain = (heads: readonly string[], rows: readonly (readonly string[])[]) =>
  stripVTControlCharacters(tableText(heads, rows)).split('\n');

test('a column is as wide as the widest line in it', () => {
  const rows = [
    ['1', 'one'],
    ['22', 'two\nand a half'],
    ['', ''],
  ];
  expect(plain(['id', 'what'], rows)).toEqual([
    '┌────┬────────────┐',
    '│ id │ what       │',
    '│ 1  │ one        │',
    '│ 22 │ two        │',
    '│    │ and a half │',
    '│    │            │',
    '└────┴────────────┘',
  ]);
});

test('a character that takes two columns counts as two', () => {
  expect(plain(['path'], [['/日本'], ['/é']])).toEqual([
    '┌───────┐',
    '│ path  │',
    '│ /日本 │',
    '│ /é    │',
    '└───────┘',
  ]);
});

test('no rows', () => {
  expect(plain(['a'], [])).toEqual(['┌───┐', '│ a │', '└───┘']);
});
