/** Limits a process to a part of a core with its own control group, version 1 or 2, whichever exists. Needs root. */
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';

/** Long, so the slice that the system grants at once (5 ms) is a small part of it. */
const periodUs = 100_000;

/** Returns a function that removes the limit; call it after the process has ended. */
export function limitCpu(pid: number, share: number): () => void {
  const quotaUs = Math.round(share * periodUs);
  const name = `rolegate-bench-${pid}`;
  const isOld = existsSync('/sys/fs/cgroup/cpu/cpu.cfs_quota_us');
  const group = isOld ? `/sys/fs/cgroup/cpu/${name}` : `/sys/fs/cgroup/${name}`;
  mkdirSync(group);
  if (isOld) {
    writeFileSync(`${group}/cpu.cfs_period_us`, String(periodUs));
    writeFileSync(`${group}/cpu.cfs_quota_us`, String(quotaUs));
  } else {
    writeFileSync(`${group}/cpu.max`, `${quotaUs} ${periodUs}`);
  }
  writeFileSync(`${group}/cgroup.procs`, String(pid));
  return () => rmdirSync(group);
}
