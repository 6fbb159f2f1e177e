/**
 * Notices when the main file changes, and when another file that it names changes, disappears or appears. It polls, because mounted
 * files change through links that cause no event. A look does not block the process.
 */
import { globSync, lstatSync, statSync } from 'node:fs';
import { glob, lstat, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

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
    const found = await fingerprint(folder, main, looked).catch(() => null);
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
      seen = fingerprintNow(folder, main, next, readAtMs);
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

/**
 * Link through which Kubernetes changes all files of a mounted volume at once. What it leads to was written before, so
 * that only the link itself tells when it happened.
 */
const swappedLink = '..data';

type Stats = Readonly<Record<'mtimeMs' | 'size' | 'ino', number>>;

/** Names of the main file and all matching ones, with what changes when their content does. */
async function fingerprint(folder: string, main: string, patterns: readonly string[]): Promise<string> {
  const names = [main];
  for (const pattern of patterns) for await (const name of glob(pattern, { cwd: folder })) names.push(name);
  const lines: string[] = [];
  for (const name of names) lines.push(lineOf(name, await stat(resolve(folder, name)).catch(() => null)));
  for (const link of new Set(names.map(linkBeside))) {
    lines.push(lineOf(link, await lstat(resolve(folder, link)).catch(() => null)));
  }
  return lines.sort().join('\n');
}

/** The same in one go; empty when a file changed at `latestMs` or later. */
function fingerprintNow(folder: string, main: string, patterns: readonly string[], latestMs: number): string {
  try {
    return fingerprintAt(folder, main, patterns, latestMs);
  } catch {
    return '';
  }
}

function fingerprintAt(folder: string, main: string, patterns: readonly string[], latestMs: number): string {
  // A pattern takes what a short configuration has no use for: Node's glob loads a parser of its own.
  const names = [main, ...patterns.flatMap((pattern) => globSync(pattern, { cwd: folder }))];
  const links = new Set(names.map(linkBeside));
  const found = [
    ...names.map((name) => [name, orNull(() => statSync(resolve(folder, name)))] as const),
    ...[...links].map((name) => [name, orNull(() => lstatSync(resolve(folder, name)))] as const),
  ];
  // A time that lies ahead, as another machine's clock may set it, says nothing. The clock leaves out parts of a millisecond.
  const isLate = (ms: number) => ms >= latestMs - coarseMs && ms < Date.now() + 1;
  if (found.some(([, stats]) => stats !== null && isLate(stats.mtimeMs))) return '';
  return found
    .map(([name, stats]) => lineOf(name, stats))
    .sort()
    .join('\n');
}

function orNull(look: () => Stats): Stats | null {
  try {
    return look();
  } catch {
    return null;
  }
}

function linkBeside(name: string): string {
  return join(dirname(name), swappedLink);
}

function lineOf(name: string, stats: Stats | null): string {
  return stats === null ? name : `${name} ${stats.mtimeMs} ${stats.size} ${stats.ino}`;
}
