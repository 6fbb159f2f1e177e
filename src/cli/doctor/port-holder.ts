/** Which process listens on a port, and the files that it may open, as far as Linux shows it to this user. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Such as `nginx (process 812)`; null: unknown. */
export function portHolder(port: number): string | null {
  const pid = holderOf(port);
  try {
    return pid === null ? null : `${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()} (process ${pid})`;
  } catch {
    return null;
  }
}

export interface OpenFiles {
  readonly pid: string;
  readonly limit: number;
  readonly open: number;
}

/** Of the process that listens on a port; null: not known. */
export function openFilesOf(port: number): OpenFiles | null {
  const pid = holderOf(port);
  if (pid === null) return null;
  try {
    const [, limit] = /^Max open files\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8')) ?? [];
    return limit === undefined ? null : { pid, limit: Number(limit), open: readdirSync(`/proc/${pid}/fd`).length };
  } catch {
    return null;
  }
}

function holderOf(port: number): string | null {
  try {
    const sockets = listeningSockets(port);
    if (sockets.size === 0) return null;
    for (const pid of readdirSync('/proc')) {
      if (/^\d+$/.test(pid) && holds(pid, sockets)) return pid;
    }
  } catch {
    // Another system, or no permission.
  }
  return null;
}

/** State of a TCP socket that listens, in `/proc/net/tcp`. */
const listening = '0A';

function listeningSockets(port: number): ReadonlySet<string> {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const sockets = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readTable(table)) {
      const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
      if (state === listening && local.endsWith(`:${hex}`)) sockets.add(`socket:[${inode}]`);
    }
  }
  return sockets;
}

/** Without IPv6 there is no second table. */
function readTable(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(1);
  } catch {
    return [];
  }
}

function holds(pid: string, sockets: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      try {
        return sockets.has(readlinkSync(`/proc/${pid}/fd/${fd}`));
      } catch {
        return false;
      }
    });
  } catch {
    // Owned by another user, or already ended.
    return false;
  }
}
