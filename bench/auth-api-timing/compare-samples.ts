/** Describes samples, and how well two kinds can be distinguished. */

export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export interface Comparison {
  /**
   * How often a sample of the second kind is larger than one of the first (Mann-Whitney U / nm): 0.5 if they cannot be
   * distinguished, 1 if a single sample is enough.
   */
  readonly larger: number;
  /** Standard deviations between `larger` and 0.5 under the hypothesis of one distribution. */
  readonly z: number;
  /** Largest distance of the two distribution functions (Kolmogorov-Smirnov D). */
  readonly distance: number;
  /** Difference of the medians, second minus first. */
  readonly medians: number;
}

/** Both sorted. */
export function compare(first: readonly number[], second: readonly number[]): Comparison {
  let below = 0;
  let at = 0;
  let equal = 0;
  let distance = 0;
  for (const value of second) {
    while (at < first.length && (first[at] ?? 0) < value) at += 1;
    equal = at;
    while (equal < first.length && first[equal] === value) equal += 1;
    below += at + (equal - at) / 2;
  }
  const [n, m] = [first.length, second.length];
  for (let i = 0, j = 0; i < n && j < m; ) {
    const value = Math.min(first[i] ?? 0, second[j] ?? 0);
    while (i < n && (first[i] ?? 0) <= value) i += 1;
    while (j < m && (second[j] ?? 0) <= value) j += 1;
    distance = Math.max(distance, Math.abs(i / n - j / m));
  }
  const larger = below / (n * m);
  const z = (larger - 0.5) / Math.sqrt((n + m + 1) / (12 * n * m));
  return { larger, z, distance, medians: quantile(second, 0.5) - quantile(first, 0.5) };
}
