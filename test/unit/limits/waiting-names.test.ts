/** The names that wait for turns: bounded, and none keeps another subject from its place. */
import { expect, test } from 'vitest';
import { WaitingNames } from '../../../src/limits/waiting-names.ts';
import { heapInUse } from '../../support/heap-in-use.ts';

/** Whether a name that must return gets a turn when it does. */
function getsTurn(waiting: WaitingNames, subject: string, atMs: number): boolean {
  return !waiting.isNext(subject, 'mine', atMs, true) && waiting.isNext(subject, 'mine', atMs + 1_000, true);
}

test('the names of one subject leave places for others', () => {
  const waiting = new WaitingNames(10_000);
  const fill = (atMs: number) => {
    for (let at = 0; at < 20_000; at += 1) waiting.isNext('guesser', `guess ${at}`, atMs);
  };
  fill(0);
  fill(1_000);
  expect(getsTurn(waiting, 'owner', 1_500)).toBe(true);
});

test('beyond the places that are shared, every subject has some', () => {
  const waiting = new WaitingNames(100);
  for (let subject = 0; subject < 50; subject += 1) {
    for (let at = 0; at < 30; at += 1) waiting.isNext(`guesser ${subject}`, `guess ${at}`, 0);
  }
  expect(getsTurn(waiting, 'owner', 500)).toBe(true);
  // Behind others of its own network, too.
  for (let at = 0; at < 10; at += 1) waiting.isNext('office', `guess ${at}`, 500);
  waiting.isNext('office', 'mine', 500, true);
  waiting.isNext('office', 'mine', 1_900, true);
  expect(waiting.isNext('office', 'mine', 2_600, true)).toBe(true);
  // Control: the number of subjects is bounded as well.
  for (let subject = 50; subject < 200; subject += 1) waiting.isNext(`guesser ${subject}`, 'guess', 1_000);
  expect(getsTurn(waiting, 'late', 1_500)).toBe(false);
});

test('subjects whose names have had their turns use no memory', () => {
  const waiting = new WaitingNames(10_000);
  const flood = (from: number) => {
    for (let at = from; at < from + 200_000; at += 1) {
      waiting.isNext(`subject ${at}`, 'name', at);
      waiting.leave(`subject ${at}`, 'name');
    }
  };
  flood(0);
  const before = heapInUse();
  flood(200_000);
  expect(heapInUse() - before).toBeLessThan(4 * 1024 * 1024);
});
