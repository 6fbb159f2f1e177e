/**
 * Processes of a contender: the one that was started and all its descendants, except nginx's "cache loader". That one ends a minute
 * after the start, during a measurement, and has nothing to do with an empty cache.
 */
import { readFileSync } from 'node:fs';

export function processTree(pid: number): number[] {
  const found = [pid];
  for (const one of found) {
    try {
      const children = readFileSync(`/proc/${one}/task/${one}/children`, 'latin1').trim();
      if (children !== '') found.push(...children.split(' ').map(Number).filter(lasts));
    } catch {
      // The process has ended meanwhile.
    }
  }
  return found;
}

function lasts(pid: number): boolean {
  return !readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('cache loader');
}

/** Resident memory of all of them, in bytes; shared pages count once for each. */
export function residentBytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
    return sum + Number(line?.[1] ?? 0) * 1024;
  }, 0);
}
