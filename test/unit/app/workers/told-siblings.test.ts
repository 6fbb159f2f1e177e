import { expect, test } from 'vitest';
import { tellSiblings } from '../../../../src/app/workers/told-siblings.ts';
import type { Telling } from '../../../../src/identity/revocation/told-replicas.ts';
import type { Revocation } from '../../../../src/identity/revocation/tombstones.ts';

test('a flood is told as one that revokes everything, sent after the last that it stands for', async () => {
  const sent: { readonly revocation: Revocation; readonly done: (telling: Telling) => void }[] = [];
  const siblings = tellSiblings((revocation) => new Promise((done) => sent.push({ revocation, done })));
  const tellings = Array.from({ length: 1003 }, (_, n) => siblings.tell({ kind: 'user', id: `u${n}` }));
  // One for the first that was too many; the others came when it was on its way.
  expect(sent).toHaveLength(1001);
  expect(sent[1000]!.revocation).toEqual({ kind: 'all' });
  sent[1000]!.done('told');
  expect(await tellings[1000]).toBe('told');
  await expect.poll(() => sent.length).toBe(1002);
  expect(sent[1001]!.revocation).toEqual({ kind: 'all' });
  sent[1001]!.done('untold');
  expect(await Promise.all([tellings[1001], tellings[1002]])).toEqual(['untold', 'untold']);
  for (const { done } of sent) done('told');
  expect(await tellings[0]).toBe('told');
  void siblings.tell({ kind: 'user', id: 'after' });
  expect(sent.at(-1)!.revocation).toEqual({ kind: 'user', id: 'after' });
});
