/** The arguments of this process, without what Node puts before them. */
import { isSea } from 'node:sea';

export function ownArguments(): string[] {
  // A forking parent passes the name of the script to Node. The single executable contains its script, and would read that name as a
  // command.
  const before = isSea() && process.connected ? 3 : 2;
  return process.argv.slice(before);
}
