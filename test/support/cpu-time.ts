/** What work costs this thread, whatever else the machine does meanwhile: for bounds that a busy machine does not exceed. */

/** Milliseconds of processor time, user and system. */
export function cpuMs(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}
