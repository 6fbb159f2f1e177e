import { expect, test } from 'vitest';
import { createEventReceiver } from '../../../../src/identity/security-events/event-receiver.ts';
import { createReplays } from '../../../../src/identity/security-events/replays.ts';

test('more than a hundred tokens in a second are not looked at', async () => {
  let nowMs = 1_000;
  const outcomes: string[] = [];
  const receiver = createEventReceiver({
    issuers: new Map(),
    revocations: { revoke: async () => 'delivered' },
    link: null,
    keyPrefix: '',
    onOutcome: (_kind, _source, outcome) => outcomes.push(outcome),
    now: () => nowMs,
  });
  for (let count = 0; count < 101; count += 1) await receiver.receive('logout', 'junk');
  expect(outcomes.slice(-2)).toEqual(['malformed', 'busy']);
  nowMs += 1_000;
  expect(await receiver.receive('logout', 'junk')).toBe('malformed');
});

test('an id is remembered for its time, unless it is forgotten', async () => {
  let nowMs = 1_000;
  const replays = createReplays({ link: null, keyPrefix: '', now: () => nowMs });
  expect([await replays.first('a', 500), await replays.first('a', 500), await replays.first('b', 500)]).toEqual([
    true,
    false,
    true,
  ]);
  await replays.forget('b');
  expect(await replays.first('b', 500)).toBe(true);
  nowMs += 501;
  expect(await replays.first('a', 500)).toBe(true);
});
