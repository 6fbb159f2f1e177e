/** Durations as nginx, HAProxy, Caddy and Envoy write them, in milliseconds; `Infinity` for anything else. */
const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `bareUnit`: of a number without one. */
export function duration(text: string, bareUnit: 'ms' | 's' = 's'): number {
  const [, amount, unit = bareUnit] = /^(\d+(?:\.\d+)?)(ms|s|m|min|h|d)?$/.exec(text) ?? [];
  return amount === undefined ? Number.POSITIVE_INFINITY : Number(amount) * unitMs[unit]!;
}
