/** The minute of the week of a moment in a time zone of the IANA database, as the runtime knows it. */

const quarterMs = 15 * 60_000;
const minuteMs = 60_000;
/** Days from a Monday to the first day of Unix time, a Thursday. */
const daysBefore = 3;

/** Null: there is no such zone. */
export function compileZone(zone: string): ((ms: number) => number) | null {
  const format = formatOf(zone);
  if (format === null) return null;
  // Offsets change at whole quarters of an hour only, so that one offset serves all requests of a quarter.
  let quarter = Number.NaN;
  let offsetMinutes = 0;
  return (ms) => {
    const now = Math.floor(ms / quarterMs);
    if (now !== quarter) {
      offsetMinutes = offsetAt(format, now * quarterMs);
      quarter = now;
    }
    const minute = Math.floor(ms / minuteMs) + offsetMinutes + daysBefore * 1440;
    return ((minute % 10_080) + 10_080) % 10_080;
  };
}

function formatOf(zone: string): Intl.DateTimeFormat | null {
  // An offset such as "+02:00" is no place: it knows no summer time.
  if (!/^[A-Za-z]/.test(zone)) return null;
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
  } catch {
    return null;
  }
}

function offsetAt(format: Intl.DateTimeFormat, ms: number): number {
  const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
  const at = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  const local = Date.UTC(at('year'), at('month') - 1, at('day'), at('hour'), at('minute'));
  return Math.round((local - ms) / minuteMs);
}
