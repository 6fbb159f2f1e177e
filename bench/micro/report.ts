/** Quantiles, and the table that the benchmark prints. */
import Table from 'cli-table3';

export interface Spread {
  readonly p25: number;
  readonly median: number;
  readonly p75: number;
}

export interface Figure {
  readonly name: string;
  /** What it is set against. */
  readonly against: string;
  /** Microseconds of each side, and of the differences within pairs. */
  readonly own: Spread;
  readonly other: Spread;
  readonly difference: Spread;
  /** The median of the differences is to be at most this; null: for the record only. */
  readonly aimUs: number | null;
}

/** Both sides of each pair, in microseconds. */
export function figure(
  name: string,
  against: string,
  pairs: readonly (readonly [own: number, other: number])[],
  aimUs: number | null,
): Figure {
  return {
    name,
    against,
    own: spread(pairs.map(([own]) => own)),
    other: spread(pairs.map(([, other]) => other)),
    difference: spread(pairs.map(([own, other]) => own - other)),
    aimUs,
  };
}

export function spread(values: readonly number[]): Spread {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { p25: at(0.25), median: at(0.5), p75: at(0.75) };
}

export function printable(figures: readonly Figure[]): string {
  const table = new Table({
    style: { head: [], border: [] },
    head: ['', 'us', 'against', 'us', 'difference us (p25 - median - p75)', 'aim'],
  });
  for (const { name, against, own, other, difference, aimUs } of figures) {
    table.push([
      name,
      own.median.toFixed(2),
      against,
      other.median.toFixed(2),
      [difference.p25, difference.median, difference.p75].map((value) => value.toFixed(2)).join(' - '),
      aimUs === null ? '' : `< ${aimUs}: ${difference.median < aimUs ? 'met' : 'NOT met'}`,
    ]);
  }
  return table.toString();
}
