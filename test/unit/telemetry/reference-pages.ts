/** Tables of the reference pages. */
import { readFileSync } from 'node:fs';

/** Rows of the tables on a page whose first cell is a single code word in the given form. */
export function rowsOf(page: string, first: RegExp): string[][] {
  const text = readFileSync(new URL(`../../../docs/reference/${page}`, import.meta.url), 'utf8');
  return text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.slice(2, -2).split(' | '))
    .map((cells) => cells.map((cell) => cell.trim()))
    .filter(([cell = '']) => first.test(cell));
}

/** Members that a request line can have. */
export function accessLogMembers(): string[] {
  return rowsOf('log.md', /^`[a-zA-Z]+`$/)
    .filter((cells) => cells.length === 2)
    .map(([name]) => name!.slice(1, -1));
}
