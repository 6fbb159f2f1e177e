/**
 * Commands and settings on pages contain a version of the package, the image or the workflow. A release writes its own version
 * there, and a test checks that all of them match the package's version.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** `rolegate-1.2.3.tgz`, `rolegate@1.2.3`, `rolegate:1.2.3`, `rolegate, tag: 1.2.3`, `policy.yml@v1.2.3`. */
const named = /(?<=\brolegate(?:[-@:]|, tag: )|\.yml@v)\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?=[\s"`,}]|\.tgz\b)/g;

export function versionsOn(text: string): readonly string[] {
  return text.match(named) ?? [];
}

/** Excludes the changelog, because it is about every version. */
export function pagesWithVersions(root: string): readonly string[] {
  const pages = ['README.md', 'docs/**/*.md', '.github/workflows/*.yml'];
  return globSync(pages, { cwd: root }).filter((path) => versionsOn(readFileSync(join(root, path), 'utf8')).length > 0);
}

export function writeVersionOnPages(root: string, version: string): void {
  for (const path of pagesWithVersions(root)) {
    const file = join(root, path);
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(named, version));
  }
}
