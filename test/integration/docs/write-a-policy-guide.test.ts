/** docs/guides/write-a-policy.md, command by command: the output matches the page. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { blocksOf } from '../../support/markdown-page.ts';
import { stepsOf, trimmed } from '../../support/transcript.ts';

const page = 'docs/guides/write-a-policy.md';
const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

const steps = blocksOf(readFileSync(page, 'utf8'))
  .filter(({ language }) => language === 'console')
  .flatMap(({ text }) => stepsOf(text));
const folder = mkdtempSync(join(tmpdir(), 'rolegate-guide-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('the page is a session with the commands of a policy author', () => {
  const commands = steps.map(({ command }) => command).join('');
  for (const word of ['validate', 'routes', 'explain', 'test --update', '--mutation 100', 'diff']) {
    expect(commands).toContain(word);
  }
});

describe('each command prints what the page shows', () => {
  test.each(steps.map((step, index) => [index + 1, step.command.split('\n', 1)[0], step] as const))(
    '%i: %s',
    (_index, _title, { command, shown }) => {
      // Both streams in the order of a terminal.
      const rolegate = `exec 2>&1; rolegate() { '${process.execPath}' '${main}' "$@"; }`;
      const { stdout, error } = spawnSync('bash', ['-c', `${rolegate}\n${command}`], {
        cwd: folder,
        encoding: 'utf8',
        env: { ...process.env, NO_COLOR: '1' },
      });
      expect(error).toBeUndefined();
      expect(trimmed(stdout)).toBe(shown);
    },
    30_000,
  );
});
