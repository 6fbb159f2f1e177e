/**
 * Notices when the main file changes, and when an included one changes, goes, or comes anew: by looking at them again
 * and again, since mounted files change through links that no event follows. Looks without holding up the process.
 */
import { globSync, statSync } from 'node:fs';
import { glob, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

export interface FileWatch {
  /**
   * What was read, and which patterns of included files count from here on. A file that changed at `readAtMs` or later
   * (milliseconds since the epoch) counts as changed at the next look.
   */
  watch(patterns: readonly string[], readAtMs?: number): void;
  close(): void;
}

export function watchFiles(mainFile: string, intervalMs: number, changed: () => void): FileWatch {
  const folder = dirname(mainFile);
  const main = basename(mainFile);
  let patterns: readonly string[] = [];
  let seen = '';
  let timer: NodeJS.Timeout | null = null;
  let closed = false;

  function again(): void {
    if (!closed) timer ??= setTimeout(() => void look(), intervalMs).unref();
  }

  async function look(): Promise<void> {
    const looked = patterns;
    const found = await fingerprint(folder, [main, ...looked]).catch(() => null);
    timer = null;
    // A folder that cannot be read now may be readable at the next look.
    if (found !== null && looked === patterns && !closed) {
      const before = seen;
      seen = found;
      if (before !== found) changed();
    }
    again();
  }

  return {
    watch(next, readAtMs = Number.POSITIVE_INFINITY) {
      patterns = next;
      seen = fingerprintNow(folder, [main, ...next], readAtMs);
      again();
    },
    close() {
      closed = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}

/** File systems tell times by a clock that lags a little. */
const coarseMs = 50;

type Stats = Readonly<Record<'mtimeMs' | 'size' | 'ino', number>>;

/** Names of all matching files, with what changes when their content does. */
async function fingerprint(folder: string, patterns: readonly string[]): Promise<string> {
  const lines: string[] = [];
  for (const pattern of patterns) {
    for await (const name of glob(pattern, { cwd: folder })) {
      lines.push(lineOf(name, await stat(join(folder, name)).catch(() => null)));
    }
  }
  return lines.sort().join('\n');
}

/** The same in one go; empty when a file changed at `latestMs` or later. */
function fingerprintNow(folder: string, patterns: readonly string[], latestMs: number): string {
  try {
    return fingerprintAt(folder, patterns, latestMs);
  } catch {
    return '';
  }
}

function fingerprintAt(folder: string, patterns: readonly string[], latestMs: number): string {
  const names = patterns.flatMap((pattern) => globSync(pattern, { cwd: folder }));
  const lines: string[] = [];
  for (const name of names) {
    const stats = statSync(join(folder, name), { throwIfNoEntry: false }) ?? null;
    // A time that lies ahead, as another machine's clock may set it, says nothing.
    if (stats !== null && stats.mtimeMs >= latestMs - coarseMs && stats.mtimeMs <= Date.now()) return '';
    lines.push(lineOf(name, stats));
  }
  return lines.sort().join('\n');
}

function lineOf(name: string, stats: Stats | null): string {
  return stats === null ? name : `${name} ${stats.mtimeMs} ${stats.size} ${stats.ino}`;
}
