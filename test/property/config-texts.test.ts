/** No text makes the parser throw or show a secret, and a broken file is never accepted as a valid one. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { formatProblems } from '../../src/config/format-problems.ts';
import { parseAuthApiFile, parseConfig } from '../../src/config/parse-config.ts';
import { references } from '../../src/config/reference-yaml.ts';
import { env, readSecret } from '../unit/config/environment.ts';
import { patienceMs, runs } from './support.ts';

const options = { file: 'f.yaml', env, readSecret };

const piece = fc.constantFrom(
  'version: 1\n',
  'routes:\n',
  '  - id: a\n',
  '    match: { path: /a }\n',
  '    access: ',
  'authApi:\n',
  '  url: ',
  '  embedded: ',
  'secret: ',
  'cache:\n',
  'roles:\n',
  `\${LISTEN}`,
  `\${AUTH_SECRET}`,
  `\${`,
  '&a ',
  '*a',
  '!!map ',
  '!x ',
  '<<: ',
  '{',
  '}',
  '[',
  ']',
  '"',
  "'",
  ': ',
  '- ',
  '? ',
  '|\n',
  '>-\n',
  '---\n',
  '...\n',
  '%YAML 1.1\n',
  '# x\n',
  '\t',
  ' ',
  '\n',
  '\r\n',
  '\u0000',
  '\ud800',
  '__proto__: ',
  'null',
  '1e999',
  '0x7f',
);
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('')),
);

function check(input: string): void {
  const result = parseConfig(input, options);
  const alone = parseAuthApiFile(input, options);
  for (const one of [result, alone]) {
    if (one.ok) continue;
    expect(one.problems.length).toBeGreaterThan(0);
    const lines = input.split('\n').length;
    for (const { line, column, message } of one.problems) {
      expect(line >= 1 && line <= lines && column >= 1 && message.length > 0).toBe(true);
    }
    const shown = formatProblems(one.problems, { color: false });
    expect(shown).not.toContain(env['AUTH_SECRET']);
    expect(shown).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/);
  }
}

test('any text', { timeout: patienceMs }, () => {
  fc.assert(fc.property(text, check), runs(300));
});

test('a full file with a piece removed, doubled or moved', { timeout: patienceMs }, () => {
  const full = references.gateway();
  const at = fc.nat({ max: full.length });
  fc.assert(
    fc.property(at, fc.nat({ max: 60 }), at, piece, (from, length, to, inserted) => {
      const cut = full.slice(0, from) + full.slice(from + length);
      check(cut.slice(0, to) + full.slice(from, from + length) + cut.slice(to));
      check(cut);
      check(full.slice(0, to) + inserted + full.slice(to));
    }),
    runs(60),
  );
});

const wrong = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(
    null,
    true,
    0,
    -1,
    '',
    [],
    {},
    [[]],
    [{}],
    [null],
    { any: null },
    { GET: {} },
    { file: [] },
    'auth-api',
  ),
);

test('a full file with any value replaced by another', { timeout: patienceMs }, () => {
  const full: unknown = parseYaml(references.gateway());
  const steps = fc.array(fc.nat({ max: 20 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(fc.array(fc.tuple(steps, wrong), { minLength: 1, maxLength: 4 }), (changes) => {
      const file = structuredClone(full);
      // A separate copy, because a value could otherwise be placed inside itself.
      for (const [path, value] of changes) replaceAt(file, path, structuredClone(value));
      check(JSON.stringify(file));
    }),
    runs(500),
  );
});

/** Follows the n-th entry (modulo their number) at each step, and replaces the last one that exists. */
function replaceAt(root: unknown, path: readonly number[], value: unknown): void {
  let at = root;
  path.forEach((step, depth) => {
    if (typeof at !== 'object' || at === null) return;
    const keys = Object.keys(at);
    const key = keys[step % keys.length];
    if (key === undefined) return;
    const next: unknown = Reflect.get(at, key);
    const last = depth === path.length - 1 || typeof next !== 'object' || next === null;
    if (last) Reflect.set(at, key, value);
    at = last ? null : next;
  });
}

test.each([
  ['sequences', '['.repeat(20_000)],
  ['mappings', '{a: '.repeat(20_000)],
  ['block sequences', '- '.repeat(20_000)],
  ['indentation', Array.from({ length: 2000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
])('deep nesting is a problem, not a crash: %s', (_, input) => {
  const result = parseConfig(input, options);
  expect(result).toMatchObject({ ok: false, problems: [{ message: expect.stringContaining('nested') }] });
});

test('a file beyond the limit is not even read', () => {
  const result = parseConfig(' '.repeat(16 * 1024 * 1024 + 1), options);
  expect(result).toMatchObject({ ok: false, problems: [{ message: 'the file is larger than 16 MiB' }] });
});
