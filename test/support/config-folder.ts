/** A separate folder for configuration files that a test writes. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ConfigFolder {
  /** Writes a file atomically, as editors and mounts do: under another name first. Returns its path. */
  write(name: string, text: string): string;
  remove(): void;
}

export function createConfigFolder(): ConfigFolder {
  const folder = mkdtempSync(join(tmpdir(), 'rolegate-test-'));
  return {
    write(name, text) {
      const path = join(folder, name);
      writeFileSync(`${path}.new`, text);
      renameSync(`${path}.new`, path);
      return path;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
