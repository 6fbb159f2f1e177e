import { expect, test } from 'vitest';
import { formatProblems } from '../../../src/config/format-problems.ts';

const problem = {
  file: 'gateway.yaml',
  line: 3,
  column: 5,
  message: 'unknown key "acess"',
  hint: 'did you mean "access"?',
  frame: '  2 | log:\n> 3 |     acess: 1\n    |     ^',
};

test('formats place, message, frame, hint and count', () => {
  expect(formatProblems([problem, { ...problem, line: 9, hint: null, frame: '' }], { color: false })).toBe(
    [
      'gateway.yaml:3:5 unknown key "acess"',
      '    2 | log:',
      '  > 3 |     acess: 1',
      '      |     ^',
      '  hint: did you mean "access"?',
      '',
      'gateway.yaml:9:5 unknown key "acess"',
      '',
      '2 problems',
      '',
    ].join('\n'),
  );
});

test('uses the singular for one problem', () => {
  expect(formatProblems([problem], { color: false })).toMatch(/\n1 problem\n$/);
});

test('colors output only on request', () => {
  expect(formatProblems([problem], { color: true })).toContain('\u001b[');
  expect(formatProblems([problem], { color: false })).not.toContain('\u001b');
});

test('a file name cannot send escape sequences to the terminal', () => {
  expect(formatProblems([{ ...problem, file: '\u001b[2J.yaml' }], { color: false })).not.toContain('\u001b');
});
