/**
 * Checks whether a tag may become a release: `node bin/node.cjs scripts/check-tag.ts v1.2.3`. The tag, `package.json`, its lock
 * file, the chart and the newest section of the changelog must all have the same version. `--notes FILE` writes that section.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { newestSection } from './releasing/changelog.ts';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { notes: { type: 'string' } } });
const tag = positionals[0] ?? '';
const [, version] = /^v(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)$/.exec(tag) ?? [];
if (version === undefined || positionals.length > 1) {
  process.stderr.write('usage: scripts/check-tag.ts v1.2.3 [--notes FILE]\n');
  process.exit(2);
}

const read = (path: string) => readFileSync(path, 'utf8');
const manifest = JSON.parse(read('package.json'));
const lock = JSON.parse(read('package-lock.json'));
const chart = parse(read('helm/Chart.yaml'));
const newest = newestSection(read('CHANGELOG.md'));
const found: readonly (readonly [place: string, version: unknown])[] = [
  ['package.json', manifest.version],
  ['package-lock.json', lock.version],
  ['package-lock.json, packages', lock.packages[''].version],
  ['helm/Chart.yaml, version', chart.version],
  ['helm/Chart.yaml, appVersion', chart.appVersion],
  ['CHANGELOG.md, newest section', newest?.version],
];
const problems = found
  .filter(([, other]) => other !== version)
  .map(([place, other]) => `${place}: ${other ?? 'nothing'}, and not ${version}`);
if (newest?.version === version) {
  if (newest.date === null || Number.isNaN(Date.parse(newest.date)))
    problems.push('CHANGELOG.md: the section has no date');
  if (newest.notes === '') problems.push('CHANGELOG.md: the section is empty');
}
if (problems.length > 0) {
  process.stderr.write(problems.map((problem) => `${problem}\n`).join(''));
  process.exit(1);
}
if (values.notes !== undefined) writeFileSync(values.notes, `${newest!.notes}\n`);
process.stdout.write(`${tag} may be released\n`);
