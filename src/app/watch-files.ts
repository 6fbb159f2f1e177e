/**
 * Detects changes of the main file, and of other files that it uses, including new and removed ones. It polls, because mounted files change
 * through links that cause no event. A check does not block the process.
 */
import { globSync, lstatSync, statSync } from 'node:fs';
import { glob, lstat, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { WatchedFiles } from '../config/config-files.ts';

export interface FileWatch {
  /**
   * Sets the read state, and the further files from here on. A file that changed at `readAtMs` or later (milliseconds since the epoch)
   * counts as changed at the next check.
   */
  watch(files: WatchedFiles, readAtMs?: number): void;
  close(): void;
}

export function watchFiles(mainFile: string, intervalMs: number, changed: () => void): FileWatch {
  const folder = dirname(mainFile);
  const main = basename(mainFile);
  let files: WatchedFiles = { names: [], patterns: [] };
  let seen = '';
  let timer: NodeJS.Timeout | null = null;
  let closed = false;

  function again(): void {
    if (!closed) timer ??= setTimeout(() => void look(), intervalMs).unref();
  }

  async function look(): Promise<void> {
    const looked = files;
    const latest = await fingerprint(folder, main, looked).catch(() => null);
    timer = null;
    // A folder that is unreadable now may be readable at the next check.
    if (latest !== null && looked === files && !closed) {
      const before = seen;
      seen = latest;
      if (before !== latest) changed();
    }
    again();
  }

  return {
    watch(next, readAtMs = Number.POSITIVE_INFINITY) {
      files = next;
      seen = fingerprintNow(folder, main, next, readAtMs);
      again();
    },
    close() {
      closed = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}

/** Times of file systems lag a little. */
const coarseMs = 50;

/**
 * Link through which Kubernetes changes all files of a mounted volume at once. Its target was written earlier, so only the link itself
 * shows when the change happened.
 */
const swappedLink = '..data';

type Stats = Readonly<Record<'mtimeMs' | 'size' | 'ino', number>>;

/** Names of the main file and all further ones, with attributes that change with their content. */
async function fingerprint(folder: string, main: string, files: WatchedFiles): Promise<string> {
  const names = [main, ...files.names];
  for (const pattern of files.patterns) for await (const name of glob(pattern, { cwd: folder })) names.push(name);
  const lines: string[] = [];
  for (const name of names) lines.push(lineOf(name, await stat(resolve(folder, name)).catch(() => null)));
  for (const link of new Set(names.map(linkBeside))) {
    lines.push(lineOf(link, await lstat(resolve(folder, link)).catch(() => null)));
  }
  return lines.sort().join('\n');
}

/** The same synchronously; empty if a file changed at `latestMs` or later. */
function fingerprintNow(folder: string, main: string, files: WatchedFiles, latestMs: number): string {
  try {
    return fingerprintAt(folder, main, files, latestMs);
  } catch {
    return '';
  }
}

function fingerprintAt(folder: string, main: string, files: WatchedFiles, latestMs: number): string {
  // Only for patterns, because Node's glob loads its own parser.
  const matching = files.patterns.flatMap((pattern) => globSync(pattern, { cwd: folder }));
  const names = [main, ...files.names, ...matching];
  const links = new Set(names.map(linkBeside));
  const entries = [
    ...names.map((name) => [name, orNull(() => statSync(resolve(folder, name)))] as const),
    ...[...links].map((name) => [name, orNull(() => lstatSync(resolve(folder, name)))] as const),
  ];
  // A time in the future, such as from another machine's clock, is ignored. The clock truncates to milliseconds.
  const isLate = (ms: number) => ms >= latestMs - coarseMs && ms < Date.now() + 1;
  if (entries.some(([, stats]) => stats !== null && isLate(stats.mtimeMs))) return '';
  return entries
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
