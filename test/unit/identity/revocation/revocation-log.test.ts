import { expect, test } from 'vitest';
import { follow, type LogEntry, readReplies } from '../../../../src/identity/revocation/revocation-log.ts';

const entry = (id: string): LogEntry => ({ id, message: Buffer.from(id), begins: false });
const begin = (id: string): LogEntry => ({ id, message: null, begins: true });
const at = { connected: false, windowMs: 60_000, limit: 3 };

test('resumes at the last position', () => {
  const reply = {
    redisMs: 9_000,
    first: begin('1000-0'),
    last: entry('3000-0'),
    entries: [entry('2000-0'), entry('3000-0')],
  };
  const step = follow(reply, { ...at, from: '2000-0' });
  expect(step).toEqual({ entries: [entry('3000-0')], from: '3000-0', more: false, gap: 'followed' });
});

test('detects that more entries follow', () => {
  const entries = [entry('1-0'), entry('2-0'), entry('3-0')];
  expect(follow({ redisMs: 9, first: entry('1-0'), last: entry('9-0'), entries }, { ...at, from: '1-0' }).more).toBe(
    true,
  );
});

test('the last read entry is gone: any entry may be missing', () => {
  const reply = {
    redisMs: 9_000,
    first: entry('5000-0'),
    last: entry('6000-0'),
    entries: [entry('5000-0'), entry('6000-0')],
  };
  expect(follow(reply, { ...at, from: '2000-0' })).toMatchObject({ entries: [], from: '6000-0', gap: 'lost' });
  expect(follow(reply, { ...at, from: '2000-0', connected: true })).toMatchObject({ gap: 'lost' });
});

test('a restarted log: a replica that was always connected misses nothing', () => {
  const reply = {
    redisMs: 9_000,
    first: begin('5000-0'),
    last: entry('6000-0'),
    entries: [begin('5000-0'), entry('6000-0')],
  };
  expect(follow(reply, { ...at, from: '2000-0' })).toMatchObject({ gap: 'lost', from: '6000-0' });
  expect(follow(reply, { ...at, from: '2000-0', connected: true })).toMatchObject({
    gap: 'followed',
    from: '5000-0',
    more: true,
  });
});

test.each([
  ['reaches back', entry('100000-0'), 'followed'],
  ['was trimmed within the relevant time', entry('950000-0'), { beganMsAgo: 50_000 }],
  ['began within the relevant time', begin('950000-0'), { beganMsAgo: 50_000 }],
] as const)('at first: a log that %s', (_name, first, gap) => {
  const reply = { redisMs: 1_000_000, first, last: entry('990000-0'), entries: [entry('990000-0')] };
  expect(follow(reply, { ...at, from: null })).toMatchObject({ from: '990000-0', gap, more: false });
});

test('at first: no entry within the relevant time', () => {
  const reply = { redisMs: 1_000_000, first: entry('1-0'), last: entry('2-0'), entries: [] };
  expect(follow(reply, { ...at, from: null })).toEqual({ entries: [], from: '2-0', more: false, gap: 'followed' });
});

test('accepts only well-formed Redis replies', () => {
  const raw = (id: string, field: string) => [Buffer.from(id), [Buffer.from(field), Buffer.from('text')]];
  const log = [raw('1-0', 'begin'), raw('2-0', 'm'), [raw('2-0', 'm'), raw('3-0', 'x')]];
  const read = {
    redisMs: 5,
    first: { id: '1-0', message: null, begins: true },
    last: { id: '2-0', message: Buffer.from('text'), begins: false },
    entries: [
      { id: '2-0', message: Buffer.from('text'), begins: false },
      { id: '3-0', message: null, begins: false },
    ],
  };
  expect(readReplies([5, log, log])).toEqual([read, read]);
  for (const bad of [null, 'OK', [], [null, null, []], [raw('1-0', 'm'), raw('1-0', 'm'), null]]) {
    expect(readReplies([5, log, bad])).toBeNull();
  }
  for (const reply of [null, 'OK', [], ['5', log]]) expect(readReplies(reply)).toBeNull();
});
