import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WholeLines } from '../../../../src/app/workers/whole-lines.ts';

test('hands over every byte in order and only in whole lines, however the chunks are split', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '\n'), maxLength: 12 }), { maxLength: 12 }),
      (chunks) => {
        const handed: string[] = [];
        const lines = new WholeLines((text) => handed.push(text));
        for (const chunk of chunks) lines.take(Buffer.from(chunk));
        lines.end();
        expect(handed.every((text) => text.endsWith('\n'))).toBe(true);
        const whole = chunks.join('');
        expect(handed.join('')).toBe(whole === '' || whole.endsWith('\n') ? whole : `${whole}\n`);
      },
    ),
  );
});

test('breaks up a line without an end', () => {
  const handed: string[] = [];
  const lines = new WholeLines((text) => handed.push(text));
  for (let n = 0; n < 17; n += 1) lines.take(Buffer.alloc(64 * 1024, 'x'));
  expect(handed).toHaveLength(1);
});
