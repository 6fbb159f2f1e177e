/** What the operating system reports about the gateway's process: resident memory and open descriptors (Linux). */
import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessSize {
  readonly residentMb: number;
  readonly descriptors: number;
}

export function sizeOf(pid: number): ProcessSize {
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return { residentMb: Number(resident) / 1024, descriptors: readdirSync(`/proc/${pid}/fd`).length };
}
