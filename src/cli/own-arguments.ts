/** The arguments of this process, without what Node puts before them. */
import { isSea } from 'node:sea';

export function ownArguments(): string[] {
  // A parent that forks names the script for Node to run. The single executable has its script inside, and would take
  // that name for a command.
  const before = isSea() && process.connected ? 3 : 2;
  return process.argv.slice(before);
}
