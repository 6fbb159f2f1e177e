/** Every command of docs/guides/administer-users.md, in order, with the files shown on the page. */
import { readFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { createConfigFolder } from '../../support/config-folder.ts';
import { shellWords } from '../../support/curl-line.ts';
import { blocksOf, commandsOf } from '../../support/markdown-page.ts';
import { runRolegate } from '../../support/running-command.ts';

const blocks = blocksOf(readFileSync('docs/guides/administer-users.md', 'utf8'));
const folder = createConfigFolder();
afterAll(() => folder.remove());

test('the commands run unchanged', async () => {
  const database = folder.write('auth.db', '');
  const files: Readonly<Record<string, string>> = {
    'users.yaml': folder.write('users.yaml', blocks.find(({ language }) => language === 'yaml')!.text),
    'auth-api.yaml': folder.write(
      'auth-api.yaml',
      `{ listen: "127.0.0.1:0", database: "file:${database}", secret: "${'0123456789abcdef'.repeat(2)}" }`,
    ),
  };
  const lines = blocks.filter(({ language }) => language === 'sh').flatMap(commandsOf);
  expect(lines.length).toBeGreaterThan(2);
  for (const line of lines) {
    const [npm, run, silent, script, dashes, ...args] = shellWords(line);
    expect([npm, run, silent, script, dashes]).toEqual(['npm', 'run', '-s', 'rolegate', '--']);
    const command = runRolegate(args.map((arg) => files[arg] ?? arg));
    expect(await command.ended, `${line}\n${command.output()}`).toBe(0);
  }
}, 30_000);
