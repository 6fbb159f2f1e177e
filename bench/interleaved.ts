/** Kinds of requests that are measured in turn, so that changes of the machine's speed affect all of them. */
import { cpuPerRequest, type LoadResult } from './load/load.ts';
import { type Spread, spread } from './report.ts';

export type Results<Kind extends string> = ReadonlyMap<Kind, readonly LoadResult[]>;

/** One result of each kind per round. */
export async function interleaved<Kind extends string>(
  kinds: readonly Kind[],
  rounds: number,
  drive: (kind: Kind) => Promise<LoadResult>,
): Promise<Results<Kind>> {
  const results = new Map<Kind, LoadResult[]>(kinds.map((kind) => [kind, []]));
  for (let round = 0; round < rounds; round += 1) {
    // The order alternates, so a kind's effect on the next one applies to both.
    const order = round % 2 === 0 ? kinds : kinds.toReversed();
    for (const kind of order) results.get(kind)!.push(await drive(kind));
  }
  return results;
}

/** Calculated within each round, where both had the same conditions. */
export function ratioOf<Kind extends string>(results: Results<Kind>, over: Kind, under: Kind): Spread {
  const below = results.get(under)!;
  return spread(results.get(over)!.map((result, index) => cpuPerRequest(result) / cpuPerRequest(below[index]!)));
}

/** Median, least and most, for a table. */
export function cells({ min, median, max }: Spread, digits: number): string[] {
  return [median, min, max].map((value) => value.toFixed(digits));
}
