/** Calls that watch the authorizer's health over gRPC share one check per second. */
import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createHealth, type HealthService } from '../../../src/authorizer/grpc/health.ts';

type WatchCall = Parameters<HealthService['handlers']['Watch']>[0];

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A client call, as far as the service uses it. */
function watchCall() {
  const sent: number[] = [];
  const call = Object.assign(new EventEmitter(), {
    request: { service: '' },
    write: ({ status }: { status: number }) => sent.push(status),
    end: vi.fn(),
  });
  return { call, sent, asCall: call as unknown as WatchCall };
}

test('one check for any number of calls, and none once the last call has ended', async () => {
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
