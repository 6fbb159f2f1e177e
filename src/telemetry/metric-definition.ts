/** What a metric of the catalog is. */

export interface MetricDefinition {
  readonly name: `rolegate_${string}`;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
  /**
   * What it is over several workers; left out: their sum. `first`: what the process that started them says, which the
   * others only repeat.
   */
  readonly across?: 'max' | 'min' | 'first';
  /** Upper bounds in seconds, ascending; `+Inf` is added. Histograms only. */
  readonly buckets?: readonly number[];
}

/** From an upstream's fastest answer to the longest timeout that makes sense. */
export const exchangeSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;
