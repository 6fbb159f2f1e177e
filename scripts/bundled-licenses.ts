/** The licenses of everything in a bundle, as one text that is distributed with it, because their notices must be kept. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** `modules`: paths of the files in the bundle. `more`: folders of packages that are included in other ways. */
export function bundledLicenses(modules: readonly string[], more: readonly string[]): string {
  const folders = new Set([...modules.flatMap(packageOf), ...more]);
  return [...folders]
    .map(noticeOf)
    .sort((a, b) => a.localeCompare(b, 'en'))
    .join(`\n${'-'.repeat(80)}\n\n`);
}

function packageOf(path: string): string[] {
  const found = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path.replaceAll('\\', '/'));
  return found === null ? [] : [found[0]];
}

function noticeOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly version: string;
    readonly license?: string;
  };
  const files = globSync('{LICENSE,LICENCE,License,license,licence,COPYING,NOTICE}*', { cwd: folder }).sort();
  const texts = files.map((file) => readFileSync(join(folder, file), 'utf8').trim());
  if (texts.length === 0 && license === undefined) throw new Error(`no license is known of ${name}`);
  return `${name} ${version}\n\n${texts.length === 0 ? `License: ${license}` : texts.join('\n\n')}\n`;
}
