/** What V8 leaves out for commands that end with what they say of a policy. */
import { statSync } from 'node:fs';

/** Bytes; the policy of a shorter file is read before anything of it is optimized. */
const long = 256 * 1024;

/**
 * To be called before the file is read: such a command is over before the second optimizing compiler has paid for itself
 * (docs/decisions/0012-plain-files-read-by-hand.md).
 */
export function endSoon(file: string): void {
  // The module costs more than it saves with a short file.
  if (isLong(file)) process.getBuiltinModule('node:v8').setFlagsFromString('--no-turbofan');
}

function isLong(file: string): boolean {
  try {
    return statSync(file).size >= long;
  } catch {
    // Whoever reads it says why it cannot be read.
    return false;
  }
}
