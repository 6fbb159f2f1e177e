/** Medians, ratios and the table that the benchmark prints. */
import Table from 'cli-table3';
import type { LoadResult } from './load.ts';
import type { ScenarioName } from './scenarios.ts';

/** Results of each scenario, one per round. */
export type Rounds = ReadonlyMap<ScenarioName, readonly LoadResult[]>;

export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export interface Ratio extends Spread {
  readonly name: string;
  /** The median is to be at most this. */
  readonly target: number;
}

export interface Summary {
  readonly scenario: ScenarioName;
  readonly requestsPerSecond: Spread;
  readonly p50Ms: Spread;
  readonly p99Ms: Spread;
  readonly cpuUsPerRequest: Spread;
}

export const cpuPerRequest = (result: LoadResult): number => result.cpuUs / result.requests;

export function summarize(rounds: Rounds): Summary[] {
  return [...rounds].map(([scenario, results]) => ({
    scenario,
    requestsPerSecond: spread(results.map(({ requests, seconds }) => requests / seconds)),
    p50Ms: spread(results.map(({ p50Ms }) => p50Ms)),
    p99Ms: spread(results.map(({ p99Ms }) => p99Ms)),
    cpuUsPerRequest: spread(results.map(cpuPerRequest)),
  }));
}

/** Ratios are taken within a round, where both sides had the same conditions, and then summed up. */
export function ratios(rounds: Rounds): Ratio[] {
  const wanted: readonly (readonly [ScenarioName, ScenarioName, number])[] = [
    ['bearer', 'public', 1.15],
    ['keypair', 'public', 1.15],
    ['signed', 'bearer', 1.03],
    ['public', 'relay', 1.25],
  ];
  return wanted.flatMap(([over, under, target]) => {
    const [above, below] = [rounds.get(over), rounds.get(under)];
    if (above === undefined || below === undefined) return [];
    const each = above.map((result, index) => cpuPerRequest(result) / cpuPerRequest(below[index] ?? result));
    return [{ name: `${over} / ${under}`, target, ...spread(each) }];
  });
}

/** Of no values: not a number. */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
  return { min: sorted[0] ?? Number.NaN, median, max: sorted.at(-1) ?? Number.NaN };
}

export function printable(
  summaries: readonly Summary[],
  found: readonly Ratio[],
  what: (name: ScenarioName) => string,
): string {
  const plain = { style: { head: [], border: [] } };
  const table = new Table({
    ...plain,
    head: ['scenario', 'requests/s', 'p50 ms', 'p99 ms', 'CPU us/request', 'min - max'],
  });
  for (const { scenario, requestsPerSecond, p50Ms, p99Ms, cpuUsPerRequest } of summaries) {
    table.push([
      what(scenario),
      requestsPerSecond.median.toFixed(0),
      p50Ms.median.toFixed(2),
      p99Ms.median.toFixed(2),
      cpuUsPerRequest.median.toFixed(1),
      `${cpuUsPerRequest.min.toFixed(1)} - ${cpuUsPerRequest.max.toFixed(1)}`,
    ]);
  }
  const lines = found.map(({ name, min, median, max, target }) => {
    const verdict = median <= target ? 'met' : 'NOT met';
    return `CPU ${name}: ${min.toFixed(2)} - ${median.toFixed(2)} - ${max.toFixed(2)} (min - median - max), target <= ${target}: ${verdict}`;
  });
  return [table.toString(), ...lines].join('\n');
}
