/** An application that uses Rolegate as a library loads no command line with it, whatever it loads later. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { buildProgram } from '../support/built-program.ts';

/** Files loaded from there on, at once or later. */
function reachedFrom(file: string, reached = new Set<string>()): ReadonlySet<string> {
  if (reached.has(file)) return reached;
  reached.add(file);
  const text = readFileSync(file, 'utf8');
  for (const [, path] of text.matchAll(/(?:\bfrom |^import |\bimport\()"(\.[^"]+\.js)"/gm)) {
    reachedFrom(join(dirname(file), path!), reached);
  }
  return reached;
}

test('the library and the command line', { timeout: 120_000 }, () => {
  const folder = dirname(buildProgram('library'));
  const commandLine = (start: string) =>
    [...reachedFrom(join(folder, start))].filter((file) =>
      /\bCommanderError = class\b/.test(readFileSync(file, 'utf8')),
    );
  expect(commandLine('main.js')).toHaveLength(1);
  expect(commandLine('index.js')).toEqual([]);
});
