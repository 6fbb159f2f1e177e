/** Calls that watch the health of the authorizer over gRPC share one look a second. */
import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createHealth, type HealthService } from '../../../src/authorizer/grpc/health.ts';

type WatchCall = Parameters<HealthService['handlers']['Watch']>[0];

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A call of a client as far as the service uses it. */
function watchCall() {
  const sent: number[] = [];
  const call = Object.assign(new EventEmitter(), {
    request: { service: '' },
    write: ({ status }: { status: number }) => sent.push(status),
    end: vi.fn(),
  });
  return { call, sent, asCall: call as unknown as WatchCall };
}

test('however many calls begin at once, and none once the last one is over', async () => {
  let state = true;
  const ready = vi.fn(async () => state);
  const health = createHealth(ready);
  const calls = [watchCall(), watchCall(), watchCall()];
  for (const { asCall } of calls) health.handlers.Watch(asCall);
  await vi.advanceTimersByTimeAsync(0);
  ready.mockClear();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(ready).toHaveBeenCalledTimes(10);
  state = false;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(calls.map(({ sent }) => sent)).toEqual([
    [1, 2],
    [1, 2],
    [1, 2],
  ]);
  for (const { call } of calls) call.emit('cancelled');
  ready.mockClear();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(ready).not.toHaveBeenCalled();
});
