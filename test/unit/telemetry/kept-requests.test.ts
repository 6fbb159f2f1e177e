/** Which requests are kept for look-ups. */
import { expect, test } from 'vitest';
import type { RequestRecord } from '../../../src/telemetry/request-record.ts';
import { collect, makeRecord, refused } from './make-record.ts';

const refusal = makeRecord({ decision: refused('role_missing'), reason: 'role_missing', status: 403 });
const failure = makeRecord({ reason: 'upstream_timeout', status: 504 });
const allowed = [1, 2, 3, 4, 5, 6, 7].map((n) => makeRecord({ requestId: `request-${n}` }));

function keptOf(allowedSample: number, records: readonly RequestRecord[]): readonly RequestRecord[] {
  const kept: RequestRecord[] = [];
  const { telemetry } = collect('silent');
  telemetry.recordRequests({ allowedSample, every: false, ended: (record) => kept.push(record) });
  for (const record of records) telemetry.observe(record);
  telemetry.recordRequests(null);
  for (const record of records) telemetry.observe(record);
  return kept;
}

test('keeps each one that was refused or failed', () => {
  expect(keptOf(0, [refusal, allowed[0]!, failure, refusal])).toEqual([refusal, failure, refusal]);
});

test('keeps each response of a service that has an error id', () => {
  const failed = makeRecord({ status: 500, errorId: 'e' });
  expect(keptOf(0, [allowed[0]!, failed, failed])).toEqual([failed, failed]);
});

test('keeps the first allowed one and then on average one in so many, whatever is refused in between', () => {
  expect(keptOf(1 / 3, allowed)).toEqual([allowed[0], allowed[3], allowed[6]]);
  expect(keptOf(0.5, [allowed[0]!, refusal, allowed[1]!, allowed[2]!])).toEqual([allowed[0], refusal, allowed[2]]);
  expect(keptOf(1, allowed)).toEqual(allowed);
});

test('a new configuration continues the count', () => {
  const kept: RequestRecord[] = [];
  const { telemetry } = collect('silent');
  for (const record of allowed.slice(0, 3)) {
    telemetry.recordRequests({ allowedSample: 1 / 3, every: false, ended: (one) => kept.push(one) });
    telemetry.observe(record);
  }
  expect(kept).toEqual([allowed[0]]);
});

test('keeps each request of a repeating pattern now and then', () => {
  const kept: Record<string, number> = {};
  let state = 7;
  const random = () => {
    state = (state * 16_807) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  const { telemetry } = collect('silent', false, { random: random });
  telemetry.recordRequests({
    ...{ allowedSample: 0.1, every: false },
    ended: ({ requestId }) => (kept[requestId] = (kept[requestId] ?? 0) + 1),
  });
  for (let n = 0; n < 50_000; n += 1) telemetry.observe(allowed[n % 5]!);
  expect(Object.keys(kept)).toHaveLength(5);
  // 1,000 of each are expected.
  for (const count of Object.values(kept)) expect(Math.abs(count - 1000)).toBeLessThan(150);
});
