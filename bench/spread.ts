/** Quartiles of repeated measurements. */
export interface Spread {
  readonly p25: number;
  readonly median: number;
  readonly p75: number;
}

export function spread(values: readonly number[]): Spread {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { p25: at(0.25), median: at(0.5), p75: at(0.75) };
}
