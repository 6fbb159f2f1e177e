/**
 * Notices when an included file changes, goes, or comes anew: by looking at what the patterns match, again and again,
 * since mounted files change through links that no event follows. Looks without holding up the process.
 */
import { globSync, statSync } from 'node:fs';
import { glob, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface IncludeWatch {
  /** What was just read: from here on these patterns count. None: nothing is looked at. */
  watch(patterns: readonly string[]): void;
  close(): void;
}

export function watchIncluded(mainFile: string, intervalMs: number, changed: () => void): IncludeWatch {
  const folder = dirname(mainFile);
  let patterns: readonly string[] = [];
  let seen = '';
  let timer: NodeJS.Timeout | null = null;
  let closed = false;

  function again(): void {
    if (!closed && patterns.length > 0) timer ??= setTimeout(() => void look(), intervalMs).unref();
  }

  async function look(): Promise<void> {
    const looked = patterns;
    const found = await fingerprint(folder, looked).catch(() => null);
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
    watch(next) {
      patterns = next;
      seen = fingerprintNow(folder, next);
      again();
    },
    close() {
      closed = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}

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

/** The same in one go, right after the files were read, so that no change falls in between. */
function fingerprintNow(folder: string, patterns: readonly string[]): string {
  try {
    return fingerprintAt(folder, patterns);
  } catch {
    return '';
  }
}

function fingerprintAt(folder: string, patterns: readonly string[]): string {
  const names = patterns.flatMap((pattern) => globSync(pattern, { cwd: folder }));
  const lines = names.map((name) => lineOf(name, statSync(join(folder, name), { throwIfNoEntry: false }) ?? null));
  return lines.sort().join('\n');
}

function lineOf(name: string, stats: Stats | null): string {
  return stats === null ? name : `${name} ${stats.mtimeMs} ${stats.size} ${stats.ino}`;
}
