/** Resident memory of processes, current and peak (Linux, proc(5)). */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

export function residentNow(pids: readonly number[]): number {
  return sum(pids, 'VmRSS');
}

/** Restarts the measurement of the peak. */
export function startPeak(pids: readonly number[]): void {
  for (const pid of pids.filter((one) => existsSync(`/proc/${one}`))) writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

export function peakResidentBytes(pids: readonly number[]): number {
  return sum(pids, 'VmHWM');
}

function sum(pids: readonly number[], field: string): number {
  return pids.reduce((total, pid) => {
    if (!existsSync(`/proc/${pid}`)) return total;
    const line = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
    return total + Number(line?.[1] ?? 0) * 1024;
  }, 0);
}
