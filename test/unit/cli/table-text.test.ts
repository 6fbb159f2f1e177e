import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { tableText } from '../../../src/cli/table-text.ts';

const plain = (heads: readonly string[], rows: readonly (readonly string[])[], columns?: number) =>
  stripVTControlCharacters(tableText(heads, rows, columns)).split('\n');

test('a column is as wide as its widest line', () => {
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

test('a double-width character counts as two', () => {
  expect(plain(['path'], [['/日本'], ['/é']])).toEqual([
    '┌───────┐',
    '│ path  │',
    '│ /日本 │',
    '│ /é    │',
    '└───────┘',
  ]);
});

test('renders no rows', () => {
  expect(plain(['a'], [])).toEqual(['┌───┐', '│ a │', '└───┘']);
});

test('wraps the widest columns in a narrow terminal', () => {
  const rows = [['order', '/tenants/{tenant}/orders/{order}', 'any of user, reporter']];
  expect(plain(['route', 'path', 'who may'], rows, 40)).toEqual([
    '┌───────┬──────────────┬──────────────┐',
    '│ route │ path         │ who may      │',
    '│ order │ /tenants/    │ any of user, │',
    '│       │ {tenant}/    │ reporter     │',
    '│       │ orders/      │              │',
    '│       │ {order}      │              │',
    '└───────┴──────────────┴──────────────┘',
  ]);
});

test('breaks a text without break points anywhere, with columns of at least eight characters', () => {
  expect(plain(['a'], [['日本日本日本'], ['0123456789']], 5)).toEqual([
    '┌──────────┐',
    '│ a        │',
    '│ 日本日本 │',
    '│ 日本     │',
    '│ 01234567 │',
    '│ 89       │',
    '└──────────┘',
  ]);
});
