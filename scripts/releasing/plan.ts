/** What a release consists of, and what keeps it from being made. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ReleasedSection, releaseSection } from './changelog.ts';

export const partNames = ['package', 'binary', 'image', 'chart'] as const;
export type PartName = (typeof partNames)[number];

export interface Part {
  readonly name: PartName;
  /** Files that it makes, in the folder of the release. */
  readonly makes: readonly string[];
  /** Null: it can be made here. */
  readonly missing: string | null;
}

export interface Plan {
  readonly version: string;
  readonly date: string;
  readonly section: ReleasedSection | null;
  readonly parts: readonly Part[];
  readonly left: readonly PartName[];
  /** None: the release can be made. */
  readonly problems: readonly string[];
}

const versionForm = /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/;

export function planRelease(root: string, version: string, left: readonly PartName[], date: string): Plan {
  const answers = (command: string, ...args: string[]) => {
    const { status, stdout } = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
    return status === 0 ? stdout.trim() : null;
  };
  const docker = answers('docker', 'buildx', 'version') === null ? 'docker with buildx is not here' : null;
  const engine = answers('docker', 'version', '--format', '{{.Server.Version}}') === null ? 'no Docker engine' : null;
  const chart = existsSync(join(root, 'helm', 'Chart.yaml')) ? null : 'there is no chart in helm/';
  const binary = `rolegate-${version}-${process.platform}-${process.arch}`;
  const all: readonly Part[] = [
    { name: 'package', makes: [`rolegate-${version}.tgz`], missing: null },
    { name: 'binary', makes: [binary, `${binary}.licenses.txt`], missing: null },
    {
      name: 'image',
      makes: [`rolegate-${version}-image.tar`, `rolegate-${version}-sbom.cdx.json`],
      missing: docker ?? engine,
    },
    {
      name: 'chart',
      makes: [`rolegate-chart-${version}.tgz`],
      missing: chart ?? (answers('helm', 'version', '--short') === null ? 'helm is not here' : null),
    },
  ];
  const parts = all.filter(({ name }) => !left.includes(name));
  const section = releaseSection(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'), version, date);
  const status = answers('git', 'status', '--porcelain');
  const problems = [
    versionForm.test(version) ? null : `${version} is no version, such as 1.2.3`,
    status === '' ? null : status === null ? 'this is no Git repository' : 'there are changes that are not committed',
    answers('git', 'rev-parse', '--verify', '--quiet', `refs/tags/v${version}`) === null
      ? null
      : `the tag v${version} is there already`,
    section === null ? `CHANGELOG.md does not begin with "## ${version} (unreleased)" and what is new` : null,
    ...parts.map(({ name, missing }) =>
      missing === null ? null : `${name}: ${missing} (make it elsewhere: --without ${name})`,
    ),
  ].filter((problem) => problem !== null);
  return { version, date, section, parts, left, problems };
}

/** What will happen, for people. */
export function describePlan({ version, date, section, parts, left, problems }: Plan, folder: string): string {
  const lines = [
    `Release ${version}, ${date}`,
    `  version    package.json, package-lock.json, helm/Chart.yaml: ${version}`,
    `  changelog  ${section === null ? 'no section' : `${section.notes.split('\n').length} lines, dated ${date}`}`,
    `  commit     Release ${version}`,
    ...parts.map(
      ({ name, makes, missing }) =>
        `  ${name.padEnd(10)} ${missing === null ? makes.map((file) => `${folder}/${file}`).join(', ') : `cannot be made: ${missing}`}`,
    ),
    ...left.map((name) => `  ${name.padEnd(10)} left out, as asked`),
    `  checksums  ${folder}/SHA256SUMS`,
    `  provenance ${folder}/provenance.json`,
    `  tag        v${version}`,
    ...problems.map((problem) => `Problem: ${problem}`),
  ];
  return `${lines.join('\n')}\n`;
}
