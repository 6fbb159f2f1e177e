/** CPU time of a process, user and system, as the operating system counts it. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks per second of `/proc`: 100 on every Linux that Node runs on (`getconf CLK_TCK`). */
const ticksPerSecond = 100;

/**
 * Microseconds of all threads. If the kernel reports it: of living threads, finer than ticks, so a difference over a tenth of a
 * second is meaningful. Otherwise since the process began, in steps of 10,000.
 */
export function cpuTimeUs(pid: number): number {
  if (process.platform !== 'linux') return fromPs(pid);
  return fromScheduler(pid) ?? fromTicks(pid);
}

/**
 * `schedstat` of each thread begins with its run time in nanoseconds (kernel documentation, scheduler/sched-stats). A running
 * thread is behind by at most a tick. Null: the kernel keeps no such count; it then shows zeros or has no such file.
 */
function fromScheduler(pid: number): number | null {
  let sum = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    try {
      sum += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ', 1)[0]);
    } catch {
      // The thread has ended meanwhile, or there is no such file.
    }
  }
  return sum === 0 ? null : sum / 1000;
}

function fromTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The name in parentheses may contain spaces. The fields after it count from the third (proc(5)): 14 utime, 15 stime.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1_000_000) / ticksPerSecond;
}

/** `ps` writes [[days-]hours:]minutes:seconds.hundredths. */
function fromPs(pid: number): number {
  const text = execFileSync('ps', ['-o', 'time=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  const [days, clock] = text.includes('-') ? (text.split('-') as [string, string]) : ['0', text];
  const seconds = clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
  return (Number(days) * 86_400 + seconds) * 1_000_000;
}
