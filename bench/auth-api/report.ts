/** The result table of a run, and how the larger database compares to the smaller one. */
import { cpuPerRequest, type LoadResult } from '../load/load.ts';
import { median, type Spread, spread, table, verdict } from '../report.ts';

/** The same request at both sizes, with one result for each round. */
export interface Compared {
  readonly operation: string;
  readonly small: readonly LoadResult[];
  readonly large: readonly LoadResult[];
}

/** Maximum ratio of the latency at the larger size to that at the smaller one. */
export const target = 1.5;

export interface Ratio extends Spread {
  readonly name: string;
}

/** Calculated within a round, where both sizes had the same conditions, and then summarized. */
export function ratiosOf({ operation, small, large }: Compared): Ratio[] {
  const over = (value: (result: LoadResult) => number) =>
    spread(large.map((result, round) => value(result) / value(small[round] ?? result)));
  return [
    { name: `${operation} p50`, ...over(({ p50Ms }) => p50Ms) },
    { name: `${operation} p99`, ...over(({ p99Ms }) => p99Ms) },
  ];
}

/** Markdown, for the terminal and the results file. */
export function printable(compared: readonly Compared[], sizes: readonly [number, number]): string {
  const head = ['operation', 'sessions', 'requests/s', 'p50 ms', 'p99 ms', 'CPU us/request', 'min - max'];
  const rows = compared.flatMap(({ operation, small, large }) => [
    [operation, sizes[0].toLocaleString('en'), ...figures(small)],
    [operation, sizes[1].toLocaleString('en'), ...figures(large)],
  ]);
  const ratios = compared.flatMap(ratiosOf).map(({ name, min, median: middle, max }) => {
    return [name, ...[min, middle, max].map((value) => value.toFixed(2)), verdict(middle, target)];
  });
  return `${table(head, rows)}\n\n${table(['latency ratio', 'min', 'median', 'max', 'target'], ratios)}\n`;
}

function figures(results: readonly LoadResult[]): string[] {
  const middle = (value: (result: LoadResult) => number) => median(results.map(value));
  const cpu = spread(results.map(cpuPerRequest));
  return [
    middle(({ requests, seconds }) => requests / seconds).toFixed(0),
    middle(({ p50Ms }) => p50Ms).toFixed(2),
    middle(({ p99Ms }) => p99Ms).toFixed(2),
    cpu.median.toFixed(0),
    `${cpu.min.toFixed(0)} - ${cpu.max.toFixed(0)}`,
  ];
}
