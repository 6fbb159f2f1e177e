import { expect, test } from 'vitest';
import { HeardMessages } from '../../../../src/identity/revocation/heard-messages.ts';

test('the log does not bring again what was heard', () => {
  const heard = new HeardMessages();
  heard.told('one');
  heard.announced('two');
  expect(['one', 'two', 'three', 'three'].map((name) => heard.read(name))).toEqual([false, false, true, false]);
});

test('whoever announces and does not write to the log is noticed, after a while', () => {
  const heard = new HeardMessages();
  heard.announced('logged late');
  heard.announced('never logged');
  heard.readToEnd();
  heard.read('logged late');
  for (let count = 0; count < 3; count += 1) heard.readToEnd();
  expect(heard.logged).toBe(true);
  heard.readToEnd();
  expect(heard.logged).toBe(false);
});

test('one that writes to the log is not blamed', () => {
  const heard = new HeardMessages();
  heard.announced('logged');
  heard.read('logged');
  for (let count = 0; count < 10; count += 1) heard.readToEnd();
  expect(heard.logged).toBe(true);
});
