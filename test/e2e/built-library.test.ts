/** Programs load what they use: a library no command line, whatever it loads later, and a short command no gateway. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { buildProgram } from '../support/built-program.ts';

const atOnce = /(?:\bfrom |^import )"(\.[^"]+\.js)"/gm;
const atOnceOrLater = /(?:\bfrom |^import |\bimport\()"(\.[^"]+\.js)"/gm;

/** Files loaded from there on. */
function reachedFrom(file: string, imports: RegExp, reached = new Set<string>()): ReadonlySet<string> {
  if (reached.has(file)) return reached;
  reached.add(file);
  const text = readFileSync(file, 'utf8');
  for (const [, path] of text.matchAll(imports)) reachedFrom(join(dirname(file), path!), imports, reached);
  return reached;
}

test('the library and the command line', { timeout: 120_000 }, () => {
  const folder = dirname(buildProgram('library'));
  const commandLine = (start: string) =>
    [...reachedFrom(join(folder, start), atOnceOrLater)].filter((file) =>
      /\bCommanderError = class\b/.test(readFileSync(file, 'utf8')),
    );
  expect(commandLine('main.js')).toHaveLength(1);
  expect(commandLine('index.js')).toEqual([]);
});

test('commands that need no gateway load none', { timeout: 120_000 }, () => {
  const folder = join(dirname(buildProgram('commands')), 'chunks');
  const loadsGateway = (command: string) =>
    [...reachedFrom(join(folder, `${command}.js`), atOnce)].some((file) =>
      readFileSync(file, 'utf8').includes('async function serve('),
    );
  expect(loadsGateway('serve')).toBe(true);
  const commands = [
    'run',
    'healthcheck',
    'validate',
    'test',
    'explain',
    'diff',
    'ci',
    'prove',
    'proxy-config',
    'routes',
  ];
  expect(commands.filter(loadsGateway)).toEqual([]);
});
