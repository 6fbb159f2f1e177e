/**
 * Parts of the hot path here and in a base, each side in a process of its own. Blocks take turns, who goes first does too,
 * and what counts are ratios within pairs, so that a machine that grows slower or faster does so for both.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import Table from 'cli-table3';
import type { BlockAsked, BlockTold } from './parts/worker.ts';
import { type Spread, spread } from './report.ts';

export interface Compared {
  readonly part: string;
  readonly baseNs: number;
  readonly hereNs: number;
  /** Here over base, pair by pair. */
  readonly ratio: Spread;
}

export interface Comparison {
  readonly here: string;
  readonly base: string;
  readonly rounds: number;
  /** Times a part is done in a block. */
  readonly times: number;
}

/** Parts that both sides have. */
export async function compareParts({ here, base, rounds, times }: Comparison): Promise<Compared[]> {
  const sides = [await Side.start(here), await Side.start(base)] as const;
  const pairs = new Map(
    sides[0].parts.filter((part) => sides[1].parts.includes(part)).map((part) => [part, [] as Pair[]]),
  );
  // The first fifth makes the code warm.
  for (let round = -Math.ceil(rounds / 5); round < rounds; round += 1) {
    for (const [part, all] of pairs) {
      const asked = { part, times };
      const first = round % 2 === 0 ? await sides[0].block(asked) : 0;
      const baseNs = await sides[1].block(asked);
      const hereNs = round % 2 === 0 ? first : await sides[0].block(asked);
      if (round >= 0) all.push([hereNs, baseNs]);
    }
  }
  for (const side of sides) side.stop();
  return [...pairs].map(([part, all]) => ({
    part,
    hereNs: spread(all.map(([ns]) => ns)).median,
    baseNs: spread(all.map(([, ns]) => ns)).median,
    ratio: spread(all.map(([ns, other]) => ns / other)),
  }));
}

type Pair = readonly [hereNs: number, baseNs: number];

class Side {
  readonly parts: readonly string[];
  readonly #child: ChildProcess;
  readonly #ended: Promise<never>;

  private constructor(child: ChildProcess, ended: Promise<never>, parts: readonly string[]) {
    this.#child = child;
    this.#ended = ended;
    this.parts = parts;
  }

  static async start(folder: string): Promise<Side> {
    const worker = join(folder, 'bench/micro/parts/worker.ts');
    const child = spawn(process.execPath, [worker], { cwd: folder, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    process.on('exit', () => child.kill('SIGKILL'));
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`a side ended with ${code}: its parts may not fit this state of the project`);
    });
    // It ends in the end.
    ended.catch(() => {});
    const told = await heard(child, ended);
    if (!('parts' in told)) throw new Error(`${worker} did not tell its parts`);
    return new Side(child, ended, told.parts);
  }

  async block(asked: BlockAsked): Promise<number> {
    this.#child.send(asked);
    const told = await heard(this.#child, this.#ended);
    if (!('ns' in told)) throw new Error('a block has no time');
    return told.ns;
  }

  stop(): void {
    this.#child.disconnect();
  }
}

async function heard(child: ChildProcess, ended: Promise<never>): Promise<BlockTold> {
  const [told] = (await Promise.race([once(child, 'message'), ended])) as [BlockTold];
  return told;
}

/** Slower beyond the noise: three quarters of all pairs are above the limit. */
export function isSlower({ ratio }: Compared, limit: number): boolean {
  return ratio.p25 > limit;
}

export function printableParts(all: readonly Compared[], limit: number): string {
  const table = new Table({
    style: { head: [], border: [] },
    head: ['', 'base, ns', 'here, ns', 'here / base (p25 - median - p75)', ''],
  });
  for (const one of all) {
    const { p25, median, p75 } = one.ratio;
    table.push([
      one.part,
      one.baseNs.toFixed(0),
      one.hereNs.toFixed(0),
      [p25, median, p75].map((value) => value.toFixed(3)).join(' - '),
      isSlower(one, limit) ? `slower than ${limit}` : '',
    ]);
  }
  return table.toString();
}
