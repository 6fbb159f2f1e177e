/** Durations such as `5s` and sizes such as `10mb`: always a whole number with a unit. */

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** Powers of 1024. */
const unitBytes = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 } as const;

export const durationPattern = '(?:0|[1-9][0-9]{0,9})(?:ms|s|m|h|d)';
export const sizePattern = '(?:0|[1-9][0-9]{0,9})(?:b|kb|mb|gb)';

/** Milliseconds, or null if the text is not a duration. */
export function parseDuration(text: string): number | null {
  return parse(text, unitMs);
}

/** Bytes, or null if the text is not a size. */
export function parseSize(text: string): number | null {
  return parse(text.toLowerCase(), unitBytes);
}

function parse(text: string, units: Readonly<Record<string, number>>): number | null {
  const [, number, unit = ''] = /^(0|[1-9]\d{0,9})([a-z]+)$/.exec(text) ?? [];
  return Object.hasOwn(units, unit) ? Number(number) * units[unit]! : null;
}

/** The shortest form of a number of milliseconds. */
export function formatDuration(ms: number): string {
  return ms === 0 ? '0s' : format(ms, unitMs);
}

/** The shortest form of a number of bytes. */
export function formatSize(bytes: number): string {
  return format(bytes, unitBytes);
}

function format(amount: number, units: Readonly<Record<string, number>>): string {
  const [unit = '', size = 1] = Object.entries(units).findLast(([, size]) => amount >= size && amount % size === 0) ?? [
    Object.keys(units)[0],
  ];
  return `${amount / size}${unit}`;
}

/** Milliseconds since 1970 of a date with time and zone (ISO 8601, such as `2026-12-01T00:00:00Z`); null: not valid. */
export function parseMoment(text: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/.test(text)) return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}
