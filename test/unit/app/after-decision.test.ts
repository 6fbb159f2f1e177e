/** Watchers of decisions never change, delay or break a decision. */
import { expect, test, vi } from 'vitest';
import { AfterDecision, type DecisionWatcher } from '../../../src/app/after-decision.ts';
import type { Decided } from '../../../src/policy-tools/shadow/decide-alike.ts';
import { accept, makePolicy, view } from '../core/make-policy.ts';

const policy = makePolicy([{ on: '/x', access: ['user'] }]);
const asked = view('GET /x', ['Authorization: Bearer abc']);
const user = accept({ roles: ['user'] });

function watcher(part: Partial<DecisionWatcher> = {}) {
  const seen: Decided[] = [];
  const counts = { missed: 0 };
  const made: DecisionWatcher = {
    active: true,
    look: (decided) => void seen.push(decided),
    missed: () => (counts.missed += 1),
    ...part,
  };
  return { watcher: made, seen, counts };
}

test("a watcher sees the decision and the Auth API's result after the current turn", async () => {
  const { watcher: one, seen } = watcher();
  const decision = new AfterDecision([one]).decider()!(asked, policy, () => user);
  expect(decision).toMatchObject({ outcome: 'allow' });
  expect(seen).toEqual([]);
  await vi.waitFor(() => expect(seen).toHaveLength(1));
  expect(seen[0]).toMatchObject({ decision, credential: { kind: 'bearer', token: 'abc' }, resolution: user });
});

test('a watcher also sees asynchronous decisions', async () => {
  const { watcher: one, seen } = watcher();
  const decision = await new AfterDecision([one]).decider()!(asked, policy, async () => user);
  await vi.waitFor(() => expect(seen).toMatchObject([{ decision, resolution: user }]));
});

test('without an active watcher, only the core decides', () => {
  expect(new AfterDecision([watcher({ active: false }).watcher]).decider()).toBeNull();
});

test('an inactive watcher sees nothing', async () => {
  const [idle, busy] = [watcher({ active: false }), watcher()];
  new AfterDecision([idle.watcher, busy.watcher]).decider()!(asked, policy, () => user);
  await vi.waitFor(() => expect(busy.seen).toHaveLength(1));
  expect(idle.seen).toEqual([]);
});

test('an exception in one watcher does not affect the others', async () => {
  const broken = watcher({
    look: () => {
      throw new Error('broken');
    },
  });
  const other = watcher();
  new AfterDecision([broken.watcher, other.watcher]).decider()!(asked, policy, () => user);
  await vi.waitFor(() => expect(other.seen).toHaveLength(1));
  expect(broken.counts.missed).toBe(1);
});

test('decisions beyond the bound are skipped and counted', async () => {
  const { watcher: one, seen, counts } = watcher();
  const decide = new AfterDecision([one]).decider()!;
  for (let n = 0; n < 1500; n += 1) decide(asked, policy, () => user);
  await vi.waitFor(() => expect(seen).toHaveLength(1024));
  expect(counts.missed).toBe(1500 - 1024);
});
