/** Recent decisions in memory: bounded in number, age and size, and found by both ids. */
import { expect, test } from 'vitest';
import { type KeptDecision, RecentDecisions } from '../../../src/telemetry/records/recent-decisions.ts';

const kept = (n: number, part: Partial<KeptDecision> = {}): KeptDecision => ({
  atMs: n,
  errorId: `error-${n}`,
  requestId: `request-${n}`,
  route: 'orders',
  reason: 'role_missing',
  userId: 'ann',
  keyId: null,
  client: '192.0.2.7',
  text: '{}',
  ...part,
});
const idsOf = (list: readonly KeptDecision[]) => list.map(({ errorId }) => errorId);

test('finds the newest ones by either id', () => {
  const recent = new RecentDecisions(3, 1000, () => {});
  for (let n = 1; n <= 5; n += 1) recent.add(kept(n));
  expect(recent.size).toBe(3);
  expect([recent.find('error-2', 5), recent.find('request-2', 5)]).toEqual([null, null]);
  expect([recent.find('error-3', 5)?.atMs, recent.find('request-5', 5)?.atMs]).toEqual([3, 5]);
  expect(idsOf(recent.list({}, 10, 5))).toEqual(['error-5', 'error-4', 'error-3']);
  expect(idsOf(recent.list({}, 2, 5))).toEqual(['error-5', 'error-4']);
});

test('an old one is not found, and is dropped with the next one', () => {
  const recent = new RecentDecisions(10, 1000, () => {});
  recent.add(kept(1));
  expect(recent.find('error-1', 1000)?.atMs).toBe(1);
  expect([recent.find('error-1', 1001), recent.list({}, 10, 1001)]).toEqual([null, []]);
  recent.add(kept(2000));
  expect(recent.size).toBe(1);
});

test('texts are bounded in total', () => {
  const recent = new RecentDecisions(1_000_000, 1000, () => {});
  const text = 'x'.repeat(1024 * 1024);
  for (let n = 1; n <= 40; n += 1) recent.add(kept(n, { text }));
  expect(recent.size).toBe(16);
});

test('a repeated client id belongs to the newest request', () => {
  const recent = new RecentDecisions(2, 1000, () => {});
  recent.add(kept(1, { requestId: 'same' }));
  recent.add(kept(2, { requestId: 'same' }));
  expect(recent.find('same', 2)?.atMs).toBe(2);
  // The first one is dropped, and the id still leads to the second.
  recent.add(kept(3));
  expect(recent.find('same', 3)?.atMs).toBe(2);
});

test('an error id belongs to its own request, although another one has it as its request id', () => {
  const recent = new RecentDecisions(2, 1000, () => {});
  recent.add(kept(1));
  recent.add(kept(2, { requestId: 'error-1' }));
  expect([recent.find('error-1', 2)?.atMs, recent.find('error-2', 2)?.atMs]).toEqual([1, 2]);
  // The first one is dropped.
  recent.add(kept(3));
  expect(recent.find('error-1', 3)?.atMs).toBe(2);
});

test('a flood of one reason removes only its own records, which are counted with their age', () => {
  const evicted: (readonly [string, number, number])[] = [];
  const recent = new RecentDecisions(10, 1_000_000, (...one) => evicted.push(one));
  for (let n = 1; n <= 3; n += 1) recent.add(kept(n));
  for (let n = 100; n < 1100; n += 1) recent.add(kept(n, { reason: 'auth_busy' }));
  expect(idsOf(recent.list({ reason: 'role_missing' }, 10, 1100))).toEqual(['error-3', 'error-2', 'error-1']);
  expect(recent.size).toBe(10);
  expect([evicted.length, evicted.at(-1)]).toEqual([993, ['memory', 1, 7]]);
});

test('lists by client, key and time', () => {
  const recent = new RecentDecisions(10, 1000, () => {});
  recent.add(kept(1));
  recent.add(kept(2, { client: '198.51.100.7' }));
  recent.add(kept(3, { keyId: 'k-7' }));
  const list = (filter: object) => idsOf(recent.list(filter, 10, 3));
  expect(list({ client: '198.51.100.7' })).toEqual(['error-2']);
  expect(list({ key: 'k-7' })).toEqual(['error-3']);
  expect(list({ sinceMs: 2 })).toEqual(['error-3', 'error-2']);
  expect(list({ untilMs: 2 })).toEqual(['error-2', 'error-1']);
});

test('lists by route, reason and user', () => {
  const recent = new RecentDecisions(10, 1000, () => {});
  recent.add(kept(1));
  recent.add(kept(2, { route: 'users' }));
  recent.add(kept(3, { reason: null, userId: 'bob' }));
  const list = (filter: object) => idsOf(recent.list(filter, 10, 3));
  expect(list({ route: 'orders' })).toEqual(['error-3', 'error-1']);
  expect(list({ reason: 'role_missing', user: 'ann' })).toEqual(['error-2', 'error-1']);
  expect(list({ user: 'bob' })).toEqual(['error-3']);
});
