import { expect, test } from 'vitest';
import { SeenMessages } from '../../../../src/identity/revocation/seen-messages.ts';

test('the log does not repeat messages that were already received', () => {
  const heard = new SeenMessages();
  heard.sent('one');
  heard.announced('two');
  expect([heard.readSent('one'), heard.read('two'), heard.read('three')]).toEqual([false, false, true]);
});

test('reports a sender that announces but does not write to the log, after a while', () => {
  const heard = new SeenMessages();
  heard.announced('logged late');
  heard.announced('never logged');
  heard.readToEnd();
  heard.read('logged late');
  for (let count = 0; count < 3; count += 1) heard.readToEnd();
  expect(heard.logged).toBe(true);
  heard.readToEnd();
  expect(heard.logged).toBe(false);
});

test('does not report a sender that writes to the log', () => {
  const heard = new SeenMessages();
  heard.announced('logged');
  heard.read('logged');
  for (let count = 0; count < 10; count += 1) heard.readToEnd();
  expect(heard.logged).toBe(true);
});

test('does not report a sender whose log entry is read before its message arrives', () => {
  const heard = new SeenMessages();
  expect(heard.read('logged')).toBe(true);
  heard.announced('logged');
  for (let count = 0; count < 10; count += 1) heard.readToEnd();
  expect(heard.logged).toBe(true);
});

test('counts an identical later message as another one', () => {
  const heard = new SeenMessages();
  heard.announced('the same');
  heard.announced('the same');
  expect(['the same', 'the same', 'the same'].map((name) => heard.read(name))).toEqual([false, false, true]);
});

test('expects each message in the log', () => {
  const heard = new SeenMessages();
  for (let count = 0; count < 2; count += 1) heard.announced('the same');
  heard.read('the same');
  for (let count = 0; count < 5; count += 1) heard.readToEnd();
  expect(heard.logged).toBe(false);
});

test('counts a duplicate delivery once', () => {
  const heard = new SeenMessages();
  heard.sent('one');
  expect([heard.readSent('one'), heard.readSent('one'), heard.readSent('two'), heard.readSent('two')]).toEqual([
    false,
    false,
    true,
    false,
  ]);
});
