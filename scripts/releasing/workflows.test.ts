/**
 * The workflows, as far as tests can check them here: their scripts exist, their permissions are minimal, and pages
 * list what they build.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { blocksOf } from '../../test/support/markdown-page.ts';
import { partNames, partsOf } from './parts.ts';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly needs?: string | readonly string[];
  readonly strategy?: { readonly matrix: { readonly include: readonly { readonly parts: string }[] } };
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly on: { readonly push?: object };
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const read = (path: string): string => readFileSync(path, 'utf8');
const workflows = globSync('.github/workflows/*.yml').sort();
const release: Workflow = parse(read('.github/workflows/release.yml'));
const commandsOf = ({ steps }: Job) => steps.map(({ run = '' }) => run).join('\n');
const allCommands = Object.values(release.jobs).map(commandsOf).join('\n');

describe.each(workflows)('%s', (path) => {
  const text = read(path);
  const { jobs, permissions }: Workflow = parse(text);
  const { scripts } = JSON.parse(read('package.json'));

  test('runs only scripts that exist', () => {
    const commands = Object.values(jobs).map(commandsOf).join('\n');
    const named = [...commands.matchAll(/npm (?:[^\n]* )?run (?:-s |--silent )?([\w:]+)/g)].map(([, name]) => name!);
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
    const files = [...commands.matchAll(/(?:^|\s)((?:\.ci|scripts|test)\/\S+)/g)].map(([, file]) => file!);
    expect(files.filter((file) => !existsSync(file))).toEqual([]);
    expect(named.length + files.length).toBeGreaterThanOrEqual(path.endsWith('policy.yml') ? 0 : 1);
  });

  test('pins actions by commit, with the version in a comment', () => {
    const uses = [...text.matchAll(/^ +(?:- )?uses: (.+)$/gm)].map(([, action]) => action!);
    expect(uses.length).toBeGreaterThan(1);
    expect(uses.filter((action) => !/^[\w.-]+(?:\/[\w.-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action))).toEqual([]);
  });

  test('has no write permission unless a job requests it', () => {
    const all = Object.values(permissions);
    expect(all.filter((right) => right === 'write').length).toBeLessThanOrEqual(path.endsWith('policy.yml') ? 1 : 0);
  });

  test('interpolates no untrusted text into a shell', () => {
    for (const job of Object.values(jobs)) expect(commandsOf(job)).not.toMatch(/\$\{\{ (?:github|inputs|needs|steps)/);
  });
});

test('every action has the same version everywhere', () => {
  const pins = workflows.flatMap((path) => [...read(path).matchAll(/uses: (\S+)@(\S+)/g)]);
  const byAction = new Map<string, Set<string>>();
  for (const [, action = '', commit = ''] of pins) {
    byAction.set(action, (byAction.get(action) ?? new Set()).add(commit));
  }
  expect([...byAction].filter(([, commits]) => commits.size > 1)).toEqual([]);
});

describe('a release', () => {
  test('starts from a tag, and each job has the permissions that it uses', () => {
    expect(release.on).toEqual({ push: { tags: ['v*'] } });
    expect(release.permissions).toEqual({});
    const rights = Object.fromEntries(Object.entries(release.jobs).map(([name, job]) => [name, job.permissions]));
    expect(rights).toEqual({
      check: { contents: 'read' },
      build: { contents: 'read' },
      image: { contents: 'read', packages: 'write', 'id-token': 'write', attestations: 'write' },
      npm: { 'id-token': 'write' },
      chart: { packages: 'write', 'id-token': 'write' },
      publish: { contents: 'write', 'id-token': 'write', attestations: 'write' },
    });
  });

  test('publishes nothing before the checks have passed', () => {
    const reaches = (name: string): string[] =>
      [release.jobs[name]!.needs ?? []].flat().flatMap((other) => [other, ...reaches(other)]);
    for (const name of Object.keys(release.jobs).filter((job) => job !== 'check')) {
      expect(reaches(name), name).toContain('check');
    }
    expect(commandsOf(release.jobs['check']!)).toMatch(/check-tag\.ts "\$TAG"[\s\S]*\.ci\/run/);
  });

  test('builds every part, and executables for each platform with a bundled Node', () => {
    const { include } = release.jobs['build']!.strategy!.matrix;
    const parts = include.flatMap((one) => one.parts.split(','));
    // A separate job builds the image for two processors.
    expect(new Set(parts)).toEqual(new Set(partNames.filter((name) => name !== 'image')));
    const { optionalDependencies } = JSON.parse(read('package.json'));
    expect(include).toHaveLength(Object.keys(optionalDependencies).length);
    const push = release.jobs['image']!.steps.find(({ uses }) => uses?.startsWith('docker/build-push-action@'));
    expect(push?.with).toMatchObject({ platforms: 'linux/amd64,linux/arm64', sbom: true, provenance: 'mode=max' });
  });
});

describe('the page on verification', () => {
  const page = read('docs/guides/verify-a-release.md');
  const commands = blocksOf(page)
    .filter(({ language, info }) => `${language} ${info}` === 'sh release')
    .map(({ text }) => text)
    .join('\n');

  test('lists exactly the files of a release', () => {
    const platforms = ['linux-x64', 'linux-arm64', 'darwin-arm64', 'darwin-x64'];
    const made = platforms.flatMap((platform) => partsOf('VERSION', platform));
    const files = new Set(made.filter(({ name }) => name !== 'image').flatMap(({ makes }) => makes));
    const table = page.match(/^\|.*\|$/gm)!.join('\n');
    const base = 'rolegate-VERSION';
    const whole = table.replaceAll(/`(-(?:linux|darwin)-\w+)`/g, `\`${base}$1\``);
    const named = [...whole.matchAll(/`(rolegate-[^`]+)`/g)].map(([, name]) => name!);
    const licenses = named.filter((name) => /-(?:linux|darwin)-/.test(name)).map((name) => `${name}.licenses.txt`);
    expect(new Set([...named, ...licenses])).toEqual(files);
    for (const name of ['SHA256SUMS', 'SHA256SUMS.sigstore.json']) {
      expect(allCommands).toContain(name);
      expect(commands).toContain(name);
    }
  });

  test('expects the identity with which the workflow signs', () => {
    const identities = [...commands.matchAll(/--certificate-identity "(.*)"/g)].map(([, identity]) => identity);
    expect(identities).toEqual(['$identity', '$identity']);
    expect(commands).toMatch(
      /^workflow=".*\/rolegate\/\.github\/workflows\/release\.yml"\nidentity="\$workflow@refs\/tags\/v\$VERSION"$/m,
    );
    expect(commands.match(/cosign verify(?:-blob)? /g)).toHaveLength(2);
    expect(allCommands.match(/cosign sign(?:-blob)? /g)).toHaveLength(3);
  });

  test('takes image and chart from where the workflow pushes them', () => {
    const names = commandsOf(release.jobs['check']!);
    expect(names).toContain('image=ghcr.io/$repository"');
    expect(names).toContain('charts=ghcr.io/$' + '{repository%/*}/charts"');
    expect(page).toContain('`ghcr.io/OWNER/rolegate:VERSION`');
    expect(page).toContain('`ghcr.io/OWNER/charts/rolegate:VERSION`');
  });
});
