/** Writes a file that a command creates, never over an existing one, which may have been edited. */
import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { CommandError } from './exit-code.ts';

export function writeNewFile(file: string, text: string, mode = 0o666): void {
  try {
    writeFileSync(file, text, { flag: 'wx', mode });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const reason = code === 'EEXIST' ? 'already exists' : `cannot be written (${code})`;
    throw new CommandError(`rolegate: ${file} ${reason}`);
  }
}

/** A random secret. An existing one is kept: it may belong to an existing database. */
export function writeSecretOnce(file: string): void {
  if (!existsSync(file)) writeNewFile(file, `${randomBytes(32).toString('hex')}\n`, 0o600);
}
