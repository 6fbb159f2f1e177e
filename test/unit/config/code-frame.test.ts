import { describe, expect, test } from 'vitest';
import { codeFrame } from '../../../src/config/yaml/code-frame.ts';
import { createLineIndex } from '../../../src/config/yaml/line-index.ts';
import { maskedSpans } from '../../../src/config/yaml/mask-secrets.ts';
import { cpuMs } from '../../support/cpu-time.ts';

function frame(text: string, at: string): string {
  return codeFrame(text, createLineIndex(text), text.indexOf(at), maskedSpans(text, null));
}

describe('positions', () => {
  test.each([
    [0, 1, 1],
    [2, 1, 3],
    [3, 2, 1],
    [5, 3, 1],
    [99, 3, 3],
    [-1, 1, 1],
  ])('offset %d is %d:%d', (offset, line, column) => {
    expect(createLineIndex('ab\n\r\ncd').position(offset)).toEqual({ line, column });
  });
});

test('shows the preceding line, the line, and a caret', () => {
  expect(frame('a: 1\nbcd: 2\n', '2')).toBe('    1 | a: 1\n  > 2 | bcd: 2\n      |      ^'.replaceAll(/^ {2}/gm, ''));
});

test('omits a blank preceding line', () => {
  expect(frame('a: 1\n\nb: 2', 'b')).toBe('> 3 | b: 2\n    | ^');
});

test('tabs and escape sequences take one column and never reach the terminal', () => {
  const [line = '', caret = ''] = frame('\ta: "\u001b[31m\u202e" x', 'x').split('\n');
  expect(line).toBe('> 1 |  a: "?[31m?" x');
  expect(line[caret.indexOf('^')]).toBe('x');
});

test('cuts a very long line around the caret', () => {
  const [line = '', caret = ''] = frame(`${'a'.repeat(500)}X${'b'.repeat(500)}`, 'X').split('\n');
  expect(line.length).toBeLessThan(150);
  expect(line[caret.indexOf('^')]).toBe('X');
});

describe('secrets are masked', () => {
  test.each([
    ['a plain value', 'secret: hunter2 and more', 'secret'],
    ['a quoted value', 'cache: { secret: "hunter2", accepted: 1 }', 'secret'],
    ['a single-quoted value', "secret: 'hunter2'", 'secret'],
    ['an escaped quote inside', 'secret: "a\\"hunter2"', 'secret'],
    ['a value on the next line', 'secret:\n  hunter2', 'hunter2'],
    ['a block scalar', 'secret: |\n  hunter2\n  more hunter2\nx: 1', 'more'],
    ['a folded scalar in a list', '- secret: >-\n    hunter2\n- x', 'hunter2'],
    ['a quoted value over several lines', 'secret: "one\n  hunter2\n"\nx: 1', 'hunter2'],
    ['a quoted value over several lines with an escaped quote', 'secret: "o\\"ne\n  hunter2\n"\nx: 1', 'hunter2'],
    ['an unclosed quote', 'secret: "one\n  hunter2\nx: hunter2', 'hunter2'],
    ['a quoted key', '{"secret":"hunter2"}', 'secret'],
    ['a misspelled key', 'secrte: hunter2', 'secrte'],
    ['an unknown key', 'redisPassword: hunter2', 'redis'],
    ['a default in a reference', `secret: \${X:-hunter2}`, 'secret'],
    ['a password in a URL', 'url: redis://ann:hunter2@redis', 'url'],
    ['a password with "/" and "@" in it', 'url: "redis://:a/hunter2@b@redis"', 'url'],
    ['a password in the query of a URL', 'url: postgres://db/x?user=a&password=hunter2', 'url'],
    ['a list below its key', 'previousSecrets:\n- hunter2\n- more hunter2\nx: 1', 'more'],
    ['a flow list', 'previousSecrets: [a, "hunter2"]', 'previous'],
    ['a password in a default', `url: "\${X:-redis://:hunter2@redis}"`, 'url'],
  ])('%s', (_, text, at) => {
    const shown = frame(text, at);
    expect(shown).not.toContain('hunter2');
    expect(shown).toContain('***');
  });

  test.each([
    ['a reference', `secret: \${CACHE_SECRET}`],
    ['a quoted reference', `cache: { secret: "\${CACHE_SECRET}", accepted: 1 }`],
    ['a file', 'secret: { file: /run/secrets/x }'],
    ['the name of a header', 'apiSecret: api-secret'],
    ['an ordinary URL', 'url: "http://auth:8081"'],
  ])('does not mask %s', (_, text) => {
    expect(frame(text, text)).toContain(text);
  });

  test('the caret stays aligned after a mask', () => {
    const [line = '', caret = ''] = frame('url: "redis://ann:hunter2@redis/?x=y"', 'x=y').split('\n');
    expect(line[caret.indexOf('^')]).toBe('x');
  });

  test.each([
    ['many keys in one line', 'secret: '.repeat(40_000)],
    ['many files in one line', 'secret: {file: '.repeat(20_000)],
    ['many URLs without userinfo', 'http://a '.repeat(50_000)],
    ['one endless URL', 'a://'.repeat(100_000)],
    ['blanks', `a${' '.repeat(200_000)}`.repeat(2)],
  ])('takes linear time: %s', (_, text) => {
    expect(cpuMs(() => maskedSpans(text, null))).toBeLessThan(2000);
  });
});
