/** `rolegate import` in use: files, standard input, `--out`; its output passes its own tests. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { createConfigFolder } from '../../support/config-folder.ts';

const folder = createConfigFolder();
afterAll(() => folder.remove());
const fixtures = 'test/fixtures/import';

function rolegate(args: readonly string[], input?: string) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['src/main.ts', ...args], {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
    ...(input === undefined ? {} : { input }),
  });
  return { code: status, stdout, stderr };
}

describe.each(readdirSync(fixtures))('%s', (name) => {
  const source = `${fixtures}/${name}`;
  const imported = rolegate(['import', source]);

  test('is imported, and everything not imported is listed with its place', () => {
    expect(imported.code).toBe(0);
    const [head = '', ...lines] = imported.stderr.trimEnd().split('\n');
    expect(head).toMatch(/^[a-z-]+: \d+ of \d+ rules imported unchanged(?:, \d+ stricter)?(?:, \d+ denied)?$/);
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) {
      expect(line).toMatch(
        /^(?:(?:denied|stricter|not imported): \S.*|the Auth API replaces \S.*| {2}test\/fixtures\/import\/[a-z.]+:\d+: \S.*)$/,
      );
    }
  });

  test('loads, and passes its own tests with every effect of every rule', () => {
    const file = folder.write(`${name}.gateway.yaml`, imported.stdout);
    expect(rolegate(['validate', file])).toMatchObject({ code: 0 });
    const { code, stdout } = rolegate(['test', '--config', file, '--coverage', '100']);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^tests {5}\d+ passed\ncoverage {2}100 %/)]);
  });

  test('standard input gives the same result', () => {
    const { stdout } = rolegate(['import', '--from', imported.stderr.split(':', 1)[0]!], readFileSync(source, 'utf8'));
    expect(stdout.split('\n').slice(1)).toEqual(imported.stdout.split('\n').slice(1));
  });
});

test('--out writes a new file, and never overwrites one', () => {
  const out = folder.write('taken.yaml', 'mine');
  const free = `${out}.new.yaml`;
  expect(rolegate(['import', `${fixtures}/platform.json`, '--out', free])).toMatchObject({ code: 0, stdout: '' });
  expect(readFileSync(free, 'utf8')).toContain('/api/orders/v1/order/{id}');
  expect(rolegate(['import', `${fixtures}/platform.json`, '--out', out])).toEqual({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^platform: 6 of 7 .*\nrolegate: \S+ already exists\n$/s),
  });
  expect(readFileSync(out, 'utf8')).toBe('mine');
});

test('--upstream is the service of rules without one', () => {
  const { stdout } = rolegate(['import', `${fixtures}/openapi.yaml`, '--upstream', 'http://pets:8080']);
  expect(stdout).toContain('pets: { targets: [ http://pets:8080 ] }');
  expect(stdout).not.toContain('.invalid');
});

test.each<[string, readonly string[], string | undefined, number, RegExp]>([
  ['a missing file', ['nowhere.yaml'], undefined, 1, /^rolegate: there is no file nowhere.yaml\n$/],
  ['a folder', ['test'], undefined, 1, /^rolegate: test is not a file\n$/],
  ['endlessly nested text', [], '['.repeat(100_000), 1, /^rolegate: standard input: nested too deeply\n$/],
  ['text without rules', [], 'a: 1', 1, /^rolegate: the format of these files is unknown: choose one with --from/],
  [
    'another format',
    ['--from', 'openapi', `${fixtures}/platform.json`],
    undefined,
    1,
    /platform.json:1: expected an OpenAPI document/,
  ],
  ['an unknown format', ['--from', 'magic'], '', 2, /magic/],
  [
    'an invalid upstream',
    ['--upstream', 'pets', `${fixtures}/openapi.yaml`],
    undefined,
    2,
    /expected --upstream as scheme/,
  ],
])('%s', (_, args, input, code, message) => {
  const result = rolegate(['import', ...args], input);
  expect(result).toEqual({ code, stdout: '', stderr: expect.stringMatching(message) });
});
