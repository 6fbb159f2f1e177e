/** Lines of fenced blocks fit on a screen without scrolling sideways. Only a program's own output may be longer. */
import { expect, test } from 'vitest';
import { documentBlocks, type PlacedBlock } from '../support/document-blocks.ts';
import { blocksOf } from '../support/markdown-page.ts';
import { stepsOf } from '../support/transcript.ts';

const columns = 100;
/** In `console` blocks, which show what a program prints: the longest such line is a hint of `rolegate validate`. */
const columnsOfOutput = 180;
const columnsOfTab = 4;

function faultsOf({ path, block }: PlacedBlock): readonly string[] {
  const output = new Set(block.language === 'console' ? outputOf(block.text) : []);
  return block.text
    .split('\n')
    .map((line) => line.replaceAll('\t', ' '.repeat(columnsOfTab)))
    .filter((line) => line.length > (output.has(line) ? columnsOfOutput : columns))
    .map((line) => `${path}:${block.line}: ${line.length} columns: ${line}`);
}

const outputOf = (transcript: string) => stepsOf(transcript).flatMap(({ shown }) => shown.split('\n'));

test('lines of blocks are short', () => {
  const blocks = documentBlocks();
  expect(blocks.length).toBeGreaterThan(200);
  expect(blocks.flatMap(faultsOf)).toEqual([]);
});

test.each([
  ['a command', '```sh\n', 101],
  ['a command with output', '```console\n$ ', 99],
  ['input of a command', "```console\n$ cat > file <<'EOF'\n", 101],
  ['a continued command', '```console\n$ a \\\n', 101],
  ['output', '```console\n$ a\n', 181],
  ['code with tabs', '```go\n\t', 97],
])('control: %s that is too long is found', (_, before, length) => {
  const page = (characters: number) => `${before}${'x'.repeat(characters)}\nEOF\n\`\`\`\n`;
  const found = (characters: number) =>
    blocksOf(page(characters)).flatMap((block) => faultsOf({ path: 'page.md', block }));
  expect(found(length)).toHaveLength(1);
  expect(found(length - 1)).toEqual([]);
});
