/**
 * Builds files of a release from this checkout in `build/release`: `scripts/build-release.ts package,chart`. The release workflow
 * runs it on each platform; `scripts/release` builds all of them in a clone. `--repository OWNER/NAME` specifies where the source
 * is published: npm compares it with the provenance, and the chart links to it.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { makeParts, type PartName, partNames, partsOf } from './releasing/parts.ts';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { repository: { type: 'string' } } });
const names = (positionals[0] ?? '').split(',');
if (positionals.length !== 1 || !names.every((name) => partNames.includes(name as PartName))) {
  process.stderr.write(`usage: scripts/build-release.ts ${partNames.join(',')} [--repository OWNER/NAME]\n`);
  process.exit(2);
}

const output = (command: string, ...args: string[]) => execFileSync(command, args, { encoding: 'utf8' }).trim();
const root = process.cwd();
const folder = 'build/release';
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
if (values.repository !== undefined) {
  const url = `git+https://github.com/${values.repository}.git`;
  output('npm', 'pkg', 'set', 'repository.type=git', `repository.url=${url}`);
  output('npm', 'run', '--silent', 'generate');
}
mkdirSync(folder, { recursive: true });
const parts = partsOf(version).filter(({ name }) => names.includes(name));
const made = makeParts(parts, { clone: root, folder, version, commit: output('git', 'rev-parse', 'HEAD') });
for (const file of made) process.stdout.write(`${relative(root, file)}\n`);
