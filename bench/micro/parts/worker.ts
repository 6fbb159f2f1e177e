/** One side of a comparison, a process of its own: does blocks of a part when it is told to, and tells what they cost. */
import { hotPath } from './hot-path.ts';

export interface BlockAsked {
  readonly part: string;
  readonly times: number;
}

/** Nanoseconds of CPU for each time. */
export type BlockTold = { readonly parts: readonly string[] } | { readonly ns: number };

const parts = hotPath();
let made: unknown = null;

process.on('message', ({ part, times }: BlockAsked) => {
  const run = parts[part]!;
  const before = process.cpuUsage();
  for (let index = 0; index < times; index += 1) made = run(index);
  const { user, system } = process.cpuUsage(before);
  tell({ ns: ((user + system) * 1000) / times });
});
process.on('disconnect', () => process.exit(made === undefined ? 1 : 0));
tell({ parts: Object.keys(parts) });

function tell(told: BlockTold): void {
  process.send?.(told);
}
