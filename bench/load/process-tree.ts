/**
 * Processes of a contender: the one that was started and all that it started, but for nginx's "cache loader", which ends a
 * minute after the start, in the midst of a measurement, and with an empty cache has nothing to do until then.
 */
import { readFileSync } from 'node:fs';

export function processTree(pid: number): number[] {
  const found = [pid];
  for (const one of found) {
    try {
      const children = readFileSync(`/proc/${one}/task/${one}/children`, 'latin1').trim();
      if (children !== '') found.push(...children.split(' ').map(Number).filter(lasts));
    } catch {
      // It has ended meanwhile.
    }
  }
  return found;
}

function lasts(pid: number): boolean {
  return !readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('cache loader');
}

/** Resident memory of all of them, in bytes; pages that they share count for each. */
export function residentBytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
    return sum + Number(line?.[1] ?? 0) * 1024;
  }, 0);
}
