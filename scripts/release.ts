/**
 * Builds a release: version, changelog, commit, tag, and the files to publish with their checksums and provenance. All of it
 * happens in a clone and is copied back only on success, so a failed release leaves nothing behind. It publishes nothing; its last
 * lines explain how to.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeParts, type PartName, partNames } from './releasing/parts.ts';
import { describePlan, type Plan, planRelease } from './releasing/plan.ts';
import { checksums, provenance } from './releasing/provenance.ts';
import { writeVersionOnPages } from './releasing/versions-on-pages.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const shownFolder = 'build/release';

process.exitCode = main(process.argv.slice(2));

function main(args: readonly string[]): number {
  const asked = readArguments(args);
  if (asked === null) {
    process.stderr.write(`usage: scripts/release VERSION [--dry-run] [--without ${partNames.join(',')}]\n`);
    return 2;
  }
  const startedOn = new Date().toISOString();
  const plan = planRelease(root, asked.version, asked.without, startedOn.slice(0, 10));
  process.stdout.write(describePlan(plan, shownFolder));
  if (asked.dryRun) {
    process.stdout.write(plan.section === null ? '' : `\n${plan.section.notes}\n`);
    process.stdout.write('\nNothing was done.\n');
    return plan.problems.length === 0 ? 0 : 1;
  }
  if (plan.problems.length > 0) return 1;
  release(plan, startedOn);
  return 0;
}

interface Asked {
  readonly version: string;
  readonly dryRun: boolean;
  readonly without: readonly PartName[];
}

/** Null: the arguments are invalid. */
function readArguments(args: readonly string[]): Asked | null {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { 'dry-run': { type: 'boolean', default: false }, without: { type: 'string', default: '' } },
    });
    const [version, ...more] = positionals;
    const names = values.without.split(',').filter((name) => name !== '');
    const without = partNames.filter((name) => names.includes(name));
    if (version === undefined || more.length > 0 || without.length !== names.length) return null;
    return { version, dryRun: values['dry-run'], without };
  } catch {
    return null;
  }
}

function release(plan: Plan, startedOn: string): void {
  const { version, section } = plan;
  const clone = mkdtempSync(join(tmpdir(), 'rolegate-release-'));
  const output = (command: string, ...args: readonly string[]) =>
    execFileSync(command, args, { cwd: clone, encoding: 'utf8' }).trim();
  try {
    output('git', 'clone', '--quiet', root, '.');
    const identity = ['user.name', 'user.email'].flatMap((key) => ['-c', `${key}=${configured(key)}`]);
    output('npm', 'version', '--no-git-tag-version', '--allow-same-version', version);
    writeVersionOnPages(clone, version);
    if (section !== null) writeFileSync(join(clone, 'CHANGELOG.md'), section.text);
    output('npm', 'ci');
    // Regenerates the files that contain the version: the chart.
    output('npm', 'run', '--silent', 'generate');
    output('git', 'add', '--all');
    output('git', ...identity, 'commit', '--quiet', '--message', `Release ${version}`);
    output('git', ...identity, 'tag', '--annotate', `v${version}`, '--message', section?.notes ?? '');
    const commit = output('git', 'rev-parse', 'HEAD');

    const folder = join(root, shownFolder);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const files = makeParts(plan.parts, { clone, folder, version, commit });
    const statement = provenance(files, {
      version,
      commit,
      lockFile: join(clone, 'package-lock.json'),
      node: process.versions.node,
      npm: output('npm', '--version'),
      startedOn,
      finishedOn: new Date().toISOString(),
    });
    writeFileSync(join(folder, 'provenance.json'), `${JSON.stringify(statement, null, 2)}\n`);
    writeFileSync(join(folder, 'SHA256SUMS'), checksums([...files, join(folder, 'provenance.json')]));

    const back = (...args: readonly string[]) => execFileSync('git', args, { cwd: root, stdio: 'ignore' });
    back('fetch', '--quiet', '--no-tags', clone, `refs/tags/v${version}:refs/tags/v${version}`);
    back('merge', '--ff-only', '--quiet', `v${version}`);
  } finally {
    rmSync(clone, { recursive: true, force: true });
  }
  process.stdout.write(`\n${nextSteps(plan)}`);
}

/** The committer: the clone only knows the machine's global settings. */
function configured(key: string): string {
  return execFileSync('git', ['config', key], { cwd: root, encoding: 'utf8' }).trim();
}

function nextSteps({ version, parts }: Plan): string {
  const publish: Readonly<Record<PartName, string>> = {
    package: `npm publish ${shownFolder}/rolegate-${version}.tgz`,
    binary: `attach ${shownFolder}/* to the release`,
    sbom: `attach ${shownFolder}/rolegate-${version}-sbom.cdx.json, too`,
    image: `docker push rolegate:${version}, under the name that your registry gives it`,
    chart: `helm push ${shownFolder}/rolegate-chart-${version}.tgz oci://...`,
  };
  const lines = ['git push --follow-tags', ...parts.map(({ name }) => publish[name])];
  return `Made. To publish it:\n${lines.map((line) => `  ${line}\n`).join('')}`;
}
