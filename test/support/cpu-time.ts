/** The CPU time of work on this thread, independent of other load: for bounds that a busy machine does not exceed. */

/** Milliseconds of CPU time, user and system. */
export function cpuMs(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}
