/** What a release consists of, and what prevents it. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ReleasedSection, releaseSection } from './changelog.ts';
import { type Part, type PartName, partsOf } from './parts.ts';

export interface PlannedPart extends Part {
  /** Null: it can be built here. */
  readonly missing: string | null;
}

export interface Plan {
  readonly version: string;
  readonly date: string;
  readonly section: ReleasedSection | null;
  readonly parts: readonly PlannedPart[];
  readonly left: readonly PartName[];
  /** Empty: the release can be built. */
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
  const missing: Partial<Record<PartName, string | null>> = {
    image: docker ?? engine,
    chart: answers('helm', 'version', '--short') === null ? 'helm is not here' : null,
  };
  const parts = partsOf(version)
    .filter(({ name }) => !left.includes(name))
    .map((part) => ({ ...part, missing: missing[part.name] ?? null }));
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

/** What will happen, for the terminal. */
export function describePlan({ version, date, section, parts, left, problems }: Plan, folder: string): string {
  const lines = [
    `Release ${version}, ${date}`,
    `  version    package.json, package-lock.json, helm/Chart.yaml, pages: ${version}`,
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
