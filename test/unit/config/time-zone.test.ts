/** Minutes of the week in time zones, compared with the runtime's own values. */
import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { compileZone } from '../../../src/config/units/time-zone.ts';

afterEach(() => vi.restoreAllMocks());

const days = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

function minuteByRuntime(zone: string, ms: number): number {
  const format = new Intl.DateTimeFormat('en-US', {
    ...{ timeZone: zone, hourCycle: 'h23', weekday: 'short', hour: 'numeric', minute: 'numeric' },
  });
  const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type, value]));
  return days.indexOf(parts.get('weekday')!) * 1440 + Number(parts.get('hour')) * 60 + Number(parts.get('minute'));
}

/**
 * Offsets of whole, half and quarter hours, half-hour summer time, changes by the lunar calendar, across the date line,
 * and none.
 */
const zones = [
  'Europe/Berlin',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Africa/Casablanca',
  'Pacific/Apia',
  'America/St_Johns',
  'UTC',
];

test.each(zones)('%s', (zone) => {
  const minuteOfWeek = compileZone(zone)!;
  const moment = fc.integer({ min: Date.UTC(2010, 0), max: Date.UTC(2037, 0) });
  fc.assert(
    fc.property(moment, (ms) => {
      expect(minuteOfWeek(ms)).toBe(minuteByRuntime(zone, ms));
    }),
    { numRuns: 300 },
  );
});

test.each([
  ['Europe/Berlin', '2027-03-28T01:00:00Z'],
  ['Europe/Berlin', '2027-10-31T01:00:00Z'],
  ['Australia/Lord_Howe', '2027-04-03T15:00:00Z'],
  ['America/New_York', '2027-03-14T07:00:00Z'],
  // A whole day was skipped.
  ['Pacific/Apia', '2011-12-30T10:00:00Z'],
])('clocks of %s change at %s', (zone, change) => {
  const minuteOfWeek = compileZone(zone)!;
  const at = Date.parse(change);
  for (const ms of [at - 1, at, at + 60_000, at - 86_400_000, at + 86_400_000]) {
    expect([ms, minuteOfWeek(ms)]).toEqual([ms, minuteByRuntime(zone, ms)]);
  }
  expect((minuteOfWeek(at) - minuteOfWeek(at - 60_000) + 10_080) % 10_080).not.toBe(1);
});

test('queries the runtime at most twice a day, whatever number of conditions use the zone', () => {
  const asked = vi.spyOn(Intl.DateTimeFormat.prototype, 'formatToParts');
  const start = Date.UTC(2031, 0, 4);
  for (const minuteOfWeek of [compileZone('Asia/Tokyo')!, compileZone('Asia/Tokyo')!]) {
    for (let quarter = 0; quarter < 96 * 365; quarter += 1) minuteOfWeek(start + quarter * 15 * 60_000);
  }
  expect(asked.mock.calls.length).toBeLessThanOrEqual(2 * 366);
});

test('refuses an unknown zone', () => {
  expect(compileZone('+02:00')).toBeNull();
  expect(compileZone('Europe/Nowhere')).toBeNull();
  expect(compileZone('Europe/Nowhere')).toBeNull();
});
