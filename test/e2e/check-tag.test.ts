/** `scripts/check-tag.ts`: which tags may become a release. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCommand } from '../support/running-command.ts';

let folder: string;
/** This project, as if released as 9.8.7. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rolegate-tag-'));
  mkdirSync(join(folder, 'helm'));
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  for (const file of ['package.json', 'package-lock.json', 'helm/Chart.yaml']) {
    copyFileSync(file, join(folder, file));
    change(file, version, '9.8.7');
  }
  writeFileSync(
    join(folder, 'CHANGELOG.md'),
    '# Changelog\n\n## 9.8.7 (2026-12-01)\n\n- New.\n\n## 9.8.6 (2026-11-01)\n\n- Old.\n',
  );
});
afterEach(() => rmSync(folder, { recursive: true }));

function change(file: string, from: string, to: string): void {
  const text = readFileSync(join(folder, file), 'utf8');
  const changed = text
    .replaceAll(`"version": "${from}"`, `"version": "${to}"`)
    .replaceAll(new RegExp(`^(version|appVersion|##)(:? "?)${from}`, 'gm'), `$1$2${to}`);
  expect(changed, `${file} does not have ${from}`).not.toBe(text);
  writeFileSync(join(folder, file), changed);
}

async function check(...args: readonly string[]) {
  const script = resolve('scripts/check-tag.ts');
  const command = runCommand(process.execPath, [script, ...args], {}, { cwd: folder });
  return { code: await command.ended, output: command.output() };
}

test('accepts a tag of the version used everywhere, with the newest section as its notes', async () => {
  expect(await check('v9.8.7', '--notes', 'notes.md')).toEqual({ code: 0, output: 'v9.8.7 may be released\n' });
  expect(readFileSync(join(folder, 'notes.md'), 'utf8')).toBe('- New.\n');
});

test('ignores an empty section for the next version above it, but not one with entries', async () => {
  const path = join(folder, 'CHANGELOG.md');
  const released = readFileSync(path, 'utf8');
  writeFileSync(path, released.replace('## ', '## Unreleased\n\n## '));
  expect(await check('v9.8.7')).toEqual({ code: 0, output: 'v9.8.7 may be released\n' });
  writeFileSync(path, released.replace('## ', '## Unreleased\n\n- Newer.\n\n## '));
  expect((await check('v9.8.7')).output).toContain('newest section: Unreleased, and not 9.8.7');
});

test.each([
  ['package.json', '9.8.6', 'package.json: 9.8.6, and not 9.8.7'],
  ['package-lock.json', '9.8.6', 'package-lock.json, packages: 9.8.6, and not 9.8.7'],
  ['helm/Chart.yaml', '9.8.6', 'helm/Chart.yaml, appVersion: 9.8.6, and not 9.8.7'],
  ['CHANGELOG.md', '9.8.8', 'CHANGELOG.md, newest section: 9.8.8, and not 9.8.7'],
])('refuses another version in %s', async (file, version, says) => {
  change(file, '9.8.7', version);
  const { code, output } = await check('v9.8.7', '--notes', 'notes.md');
  expect(code).toBe(1);
  expect(output).toContain(`${says}\n`);
});

test.each([
  ['(2026-12-01)', '(unreleased)', 'the section has no date'],
  ['(2026-12-01)', '(soon)', 'the section has no date'],
  ['- New.\n', '', 'the section is empty'],
])('refuses a changelog with %j as %j', async (from, to, says) => {
  const path = join(folder, 'CHANGELOG.md');
  writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));
  expect(await check('v9.8.7')).toEqual({ code: 1, output: `CHANGELOG.md: ${says}\n` });
});

test('refuses another tag, with every place', async () => {
  const { code, output } = await check('v9.8.8');
  expect(code).toBe(1);
  expect(output.trim().split('\n')).toHaveLength(6);
});

test.each([[['9.8.7']], [['v9.8']], [['release-9.8.7']], [['v9.8.7', 'v9.8.8']], [[]]])(
  'refuses %j as a tag',
  async (args) => {
    const { code, output } = await check(...args);
    expect(code).toBe(2);
    expect(output).toContain('usage: ');
  },
);
