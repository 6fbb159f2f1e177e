/**
 * When a condition on the time is met: within a window of the week in a time zone, or between two moments. Pure: the request contains the
 * clock.
 */

/** Hours of days of the week. A window whose end is not after its start ends on the next day. */
export interface TimeWindow {
  /** Monday is 0; a window over midnight belongs to the day on which it begins. */
  readonly days: readonly number[];
  /** Minutes of the day: from 0, and up to 1440. */
  readonly from: number;
  readonly to: number;
  /** Name in the IANA database. */
  readonly zone: string;
  /** Minute of the week there, from Monday 0:00 on; compiled when the configuration is loaded. */
  readonly minuteOfWeek: (ms: number) => number;
}

/** From the first moment until before the second one; null: no limit. */
export interface Stretch {
  readonly fromMs: number | null;
  readonly toMs: number | null;
}

export const dayNames = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export const minutesOfDay = 1440;

export function isInWindow({ days, from, to, minuteOfWeek }: TimeWindow, nowMs: number): boolean {
  const minute = minuteOfWeek(nowMs);
  const day = Math.floor(minute / minutesOfDay);
  const ofDay = minute % minutesOfDay;
  if (from < to) return days.includes(day) && ofDay >= from && ofDay < to;
  return (days.includes(day) && ofDay >= from) || (days.includes((day + 6) % 7) && ofDay < to);
}

export function isInStretch({ fromMs, toMs }: Stretch, nowMs: number): boolean {
  return (fromMs === null || nowMs >= fromMs) && (toMs === null || nowMs < toMs);
}

/** Such as `time is mon, tue 08:00-18:00 (Europe/Berlin)`. */
export function windowInWords({ days, from, to, zone }: TimeWindow): string {
  const named = days.length === 7 ? 'any day' : days.map((day) => dayNames[day]).join(', ');
  return `time is ${named} ${clock(from)}-${clock(to)} (${zone})`;
}

export function stretchInWords({ fromMs, toMs }: Stretch): string {
  const begin = fromMs === null ? '' : ` from ${momentInWords(fromMs)}`;
  return `time is${begin}${toMs === null ? '' : ` before ${momentInWords(toMs)}`}`;
}

/** ISO 8601 in UTC, to the second. */
export function momentInWords(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}

function clock(minutes: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
