/** Durations as nginx writes them, in milliseconds; `Infinity` for anything else. */
const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A number without a unit is in seconds. */
export function duration(text: string): number {
  const [, amount, unit = 's'] = /^(\d+)(ms|s|m|h|d)?$/.exec(text) ?? [];
  return amount === undefined ? Number.POSITIVE_INFINITY : Number(amount) * unitMs[unit]!;
}
