/** Output of benchmarks: the machine, spreads of repeated measurements, tables, and whether a target is met. */
import { spawnSync } from 'node:child_process';
import { availableParallelism, cpus } from 'node:os';

export interface Spread {
  readonly min: number;
  readonly p25: number;
  readonly median: number;
  readonly p75: number;
  readonly max: number;
}

/** NaN without values. */
export function spread(values: readonly number[]): Spread {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { min: at(0), p25: at(0.25), median: at(0.5), p75: at(0.75), max: at(1) };
}

export const median = (values: readonly number[]): number => spread(values).median;

export function quartiles({ p25, median: middle, p75 }: Spread, digits: number): string {
  return [p25, middle, p75].map((value) => value.toFixed(digits)).join(' - ');
}

/** What was measured: a commit, or what was not committed on top of it. */
export const commit = commitHere();

function commitHere(): string {
  const git = (...args: readonly string[]) => spawnSync('git', args, { encoding: 'utf8' }).stdout?.trim() ?? '';
  const changed = git('status', '--porcelain', '--', 'src', 'bin') !== '';
  return `commit ${git('rev-parse', '--short=8', 'HEAD') || 'unknown'}${changed ? ' with changes' : ''}`;
}

export const machine = `Node ${process.version}, ${availableParallelism()} x ${cpus()[0]?.model ?? 'unknown'}, ${commit}`;

/** Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

export function verdict(value: number, target: number): string {
  return `<= ${target}: ${value <= target ? 'met' : 'NOT met'}`;
}
