/**
 * The language of pages, of comments that operators read, and of messages in the program. Help texts, descriptions of settings, reasons and
 * metrics are also checked where they are printed: on the generated pages and in the reference files.
 */
import { expect, test } from 'vitest';
import { houseWords } from './house-words.ts';
import { projectFiles, textOf } from './project-files.ts';
import { proseFaults } from './prose.ts';

const checked =
  /^docs\/.+\.md$|^(?:README|CHANGELOG|SECURITY|CONTRIBUTING)\.md$|^helm\/README\.md$|^(?:config|monitoring)\/.+\.yaml$|^helm\/values\.yaml$/;

test.each(projectFiles().filter((path) => checked.test(path)))('%s', (path) => {
  expect(proseFaults(path, textOf(path)!)).toEqual([]);
});

test('messages of the program', () => {
  const program = projectFiles().filter((path) => /^src\/.+\.ts$/.test(path));
  expect(program.flatMap((path) => proseFaults(path, textOf(path)!))).toEqual([]);
});

test('control: a message with a house word is found, a comment and a name are not', () => {
  const program = "// nobody\n/* nobody */ const nobody = 'nobody';\nthrow new Error(`nobody may`);\n";
  expect(proseFaults('program.ts', program)).toEqual([expect.stringMatching(/^program\.ts:3: "nobody": say/)]);
});

test.each(houseWords)('control: "$example" is found', ({ example }) => {
  expect(proseFaults('page.md', `# A page\n\n${example}\n`)).toHaveLength(1);
  expect(proseFaults('page.yaml', `key: value # ${example.replace('\n', '\n# ')}\n`)).toHaveLength(1);
});

test('control: a word that is written twice, and a long sentence, are found', () => {
  expect(proseFaults('page.md', 'One.\nIt is in the\nthe file.\n')).toEqual(['page.md:2: "the" twice']);
  const long = `- ${'some word '.repeat(15)}\n  ${'`code`, '.repeat(11)}end.\n`;
  expect(proseFaults('page.md', long)).toEqual(['page.md:2: a sentence of 42 words']);
});

test('control: a paragraph that begins with "How" but is not a question is found', () => {
  expect(proseFaults('page.md', '# A page\n\nHow to run it,\nin five minutes. Run it.\n')).toEqual([
    'page.md:3: "How …" is not a sentence: give it a subject and a verb',
  ]);
});

test.each([
  ['page.md', 'One.\n\nHow is it run? As shown.\n'],
  ['page.md', '`nobody` and ``a `door` ``, [text](../doors/nobody.md)'],
  ['page.md', '```yaml\n# nobody\nnobody: 1\n```'],
  ['page.md', `\`\`\`yaml\n${'key: value\n'.repeat(60)}\`\`\`\n`],
  ['page.yaml', 'nobody: "#nobody"\n'],
  ['page.md', `| ${'some word '.repeat(25)} |\n`],
  [
    'page.md',
    `${'some word '.repeat(15)}.\n\n${'some word '.repeat(15)}.\n- ${'some word '.repeat(15)}\n- ${'some word '.repeat(15)}\n`,
  ],
])('control: %s %j is fine', (path, text) => {
  expect(proseFaults(path, text)).toEqual([]);
});
