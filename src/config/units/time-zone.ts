/** The minute of the week at a moment in an IANA time zone, as the runtime knows it. */

const minuteMs = 60_000;
const quarterMs = 15 * minuteMs;
const dayMs = 1440 * minuteMs;
/** Days from Monday to the first day of Unix time, a Thursday. */
const daysBefore = 3;

type MinuteOfWeek = (ms: number) => number;

/** Conditions share zones, of which there are a few hundred; null: there is no such zone. */
const compiled = new Map<string, MinuteOfWeek | null>();
const maxCompiled = 1_000;
/** Maximum cached days per zone: tools need those of years, requests only today. */
const maxDays = 4_000;

/** Null: there is no such zone. */
export function compileZone(zone: string): MinuteOfWeek | null {
  const known = compiled.get(zone);
  if (known !== undefined) return known;
  const format = formatOf(zone);
  const minuteOfWeek = format === null ? null : minuteOfWeekIn(format);
  if (compiled.size >= maxCompiled) compiled.clear();
  compiled.set(zone, minuteOfWeek);
  return minuteOfWeek;
}

function minuteOfWeekIn(format: Intl.DateTimeFormat): MinuteOfWeek {
  const offsetOf = createOffsets(format);
  return (ms) => {
    const minute = Math.floor(ms / minuteMs) + offsetOf(ms) + daysBefore * 1440;
    return ((minute % 10_080) + 10_080) % 10_080;
  };
}

/** Minutes ahead of UTC. An offset changes at most once a day, and only at whole quarters of an hour. */
function createOffsets(format: Intl.DateTimeFormat): (ms: number) => number {
  /** By day, counted from its first moment; null: the offset changes on that day. */
  const days = new Map<number, number | null>();
  let quarter = Number.NaN;
  let ofQuarter = 0;
  return (ms) => {
    const day = Math.floor(ms / dayMs);
    let offset = days.get(day);
    if (offset === undefined) {
      const first = offsetAt(format, day * dayMs);
      offset = first === offsetAt(format, (day + 1) * dayMs) ? first : null;
      if (days.size >= maxDays) days.clear();
      days.set(day, offset);
    }
    if (offset !== null) return offset;
    const now = Math.floor(ms / quarterMs);
    if (now !== quarter) {
      ofQuarter = offsetAt(format, now * quarterMs);
      quarter = now;
    }
    return ofQuarter;
  };
}

function formatOf(zone: string): Intl.DateTimeFormat | null {
  // An offset such as "+02:00" is not a place, so it has no daylight saving time.
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
