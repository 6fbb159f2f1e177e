/**
 * Pages with console blocks, run like by their readers: in one shell, from the first command to the last, in a copy of
 * the project, with the files shown on the page. The output must match the page.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pagesWith } from '../support/document-blocks.ts';
import { freePort } from '../support/free-port.ts';
import { blocksOf } from '../support/markdown-page.ts';
import { copyProject, type ProjectCopy } from '../support/project-copy.ts';
import { skipHere } from '../support/skip-here.ts';
import { looksLike, openShell, type Shell, type Shortened, stepsOf, trimmed } from '../support/transcript.ts';

/** Its commands need no gateway and run separately, in write-a-policy-guide.test.ts. */
const elsewhere = ['docs/guides/write-a-policy.md'];
const pages = pagesWith('console').filter((path) => !elsewhere.includes(path));
const tools = ['bash', 'curl', 'openssl'];

test('the path of a new user is among them', () => {
  expect(pages).toContain('docs/getting-started.md');
});

describe.each(pages)('%s', (path) => {
  const blocks = blocksOf(readFileSync(path, 'utf8'));
  const steps = blocks.filter(({ language }) => language === 'console').flatMap(({ text }) => stepsOf(text));
  const shortened: Shortened = new Map();
  let copy: ProjectCopy;
  let shell: Shell;
  let moved: (text: string) => string;

  beforeAll(async () => {
    copy = copyProject({ installed: true });
    const ports = new Map<string, number>();
    for (const port of ['3000', '8080', '8081', '9090']) ports.set(port, await freePort());
    moved = (text) => text.replaceAll(/(?<=[:(]|listen )(3000|8080|8081|9090)\b/g, (port) => String(ports.get(port)));
    for (const { names, text, language } of blocks) {
      if (names !== null && language !== 'console') writeFileSync(join(copy.folder, names), moved(text));
    }
    shell = openShell(copy.folder);
  });
  afterAll(async () => {
    await shell.close();
    copy.remove();
  });

  test.each(steps.map((step, index) => [index + 1, step.command.split('\n', 1)[0], step] as const))(
    '%i: %s',
    async (_index, _title, { command, shown }) => {
      const missing = tools.filter((tool) => spawnSync(tool, ['--version']).error !== undefined);
      if (missing.length > 0) skipHere(`no ${missing.join(', ')}: install it to play what pages show`);
      const printed = await shell.run(moved(command));
      const expected = moved(shown);
      // The texts themselves, so a failure shows the difference.
      if (!looksLike(expected, printed, shortened)) expect(trimmed(printed)).toBe(expected);
    },
  );
});
