/** `scripts/release` in a clone: its plan, the conditions that stop it, and its results. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { helmPath, runHelm } from '../chart/helm.ts';
import { copyProject, type ProjectCopy } from '../support/project-copy.ts';
import { runCommand } from '../support/running-command.ts';

const version = '9.8.7';
const binary = `rolegate-${version}-${process.platform}-${process.arch}`;
let copy: ProjectCopy;
let folder: string;
let start: string;

/** The project as a clone with one commit and something new in its changelog. */
beforeAll(() => {
  copy = copyProject({ installed: true });
  ({ folder } = copy);
  const changelog = readFileSync(join(folder, 'CHANGELOG.md'), 'utf8');
  const title = changelog.slice(0, changelog.indexOf('## '));
  const section = `## ${version} (unreleased)\n\n- Something that an operator notices.\n\n`;
  writeFileSync(join(folder, 'CHANGELOG.md'), `${title}${section}## 1.0.0 (2026-01-01)\n\n- The first.\n`);
  git('init', '--quiet', '--initial-branch=main');
  // A link where a clone has a folder.
  writeFileSync(join(folder, '.git/info/exclude'), 'node_modules\n');
  git('config', 'user.name', 'Ann Example');
  git('config', 'user.email', 'ann@example.test');
  git('config', 'commit.gpgsign', 'false');
  git('add', '--all');
  git('commit', '--quiet', '--message', 'Everything');
  start = git('rev-parse', 'HEAD');
});
afterEach(() => {
  git('reset', '--quiet', '--hard', start);
  git('clean', '--quiet', '-d', '--force');
  for (const tag of git('tag').split('\n')) if (tag !== '') git('tag', '--delete', tag);
});
afterAll(() => copy?.remove());

function git(...args: readonly string[]): string {
  return execFileSync('git', args, { cwd: folder, encoding: 'utf8' }).trim();
}

/** Everything that a release could change. */
const state = () => [
  git('rev-parse', 'HEAD'),
  git('tag'),
  git('status', '--porcelain', '--ignored'),
  readdirSync(folder),
];

async function release(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const command = runCommand('scripts/release', args, env, { cwd: folder });
  return { code: await command.ended, output: command.output() };
}

describe('--dry-run', () => {
  test('prints the plan, and does nothing', async () => {
    const before = state();
    const { code, output } = await release([version, '--dry-run', '--without', 'image,chart']);
    expect(code, output).toBe(0);
    expect(output.split('\n')).toEqual(
      expect.arrayContaining([
        expect.stringMatching(new RegExp(`^Release ${version}, \\d{4}-\\d\\d-\\d\\d$`)),
        `  version    package.json, package-lock.json, helm/Chart.yaml, pages: ${version}`,
        `  commit     Release ${version}`,
        `  package    build/release/rolegate-${version}.tgz`,
        `  binary     build/release/${binary}, build/release/${binary}.licenses.txt`,
        '  image      left out, as asked',
        '  chart      left out, as asked',
        '  checksums  build/release/SHA256SUMS',
        '  provenance build/release/provenance.json',
        `  tag        v${version}`,
        '- Something that an operator notices.',
        'Nothing was done.',
      ]),
    );
    expect(state()).toEqual(before);
  });

  test('lists each part that cannot be built here, and why', async () => {
    // Node, Git and the needs of a shell, but neither docker nor helm.
    const { code, output } = await release([version, '--dry-run'], { PATH: programs('node', 'git', 'sh', 'dirname') });
    expect(code).toBe(1);
    expect(output).toContain('  image      cannot be made: docker with buildx is not here\n');
    expect(output).toMatch(/^ {2}chart {6}cannot be made: helm is not here$/m);
    expect(output).toMatch(/^Problem: image: .*--without image/m);
    expect(output).toMatch(/^Problem: chart: .*--without chart/m);
  });

  test.each([
    ['a changelog without the version', '9.9.9', () => {}, /does not begin with "## 9\.9\.9 \(unreleased\)"/],
    ['uncommitted changes', version, () => writeFileSync(join(folder, 'more.txt'), ''), /not committed/],
    ['an existing tag', version, () => git('tag', `v${version}`), /the tag v9\.8\.7 is there already/],
    ['an invalid version', 'next', () => {}, /next is no version/],
  ])('stops at %s', async (_name, asked, prepare, problem) => {
    prepare();
    const { code, output } = await release([asked, '--dry-run', '--without', 'image,chart']);
    expect(code).toBe(1);
    expect(output).toMatch(problem);
  });

  test.each([[[]], [['1.0.0', '2.0.0']], [['1.0.0', '--without', 'everything']], [['1.0.0', '--quickly']]])(
    'refuses %j as arguments',
    async (args) => {
      const { code, output } = await release(args);
      expect(code).toBe(2);
      expect(output).toContain('usage: scripts/release VERSION');
    },
  );
});

test('a release of package and executable', async () => {
  const { code, output } = await release([version, '--without', 'image,chart']);
  expect(code, output).toBe(0);
  expect(git('log', '-1', '--format=%s %P')).toBe(`Release ${version} ${start}`);
  expect(git('rev-parse', `v${version}^{commit}`)).toBe(git('rev-parse', 'HEAD'));
  expect(git('tag', '--list', '--format=%(contents)', `v${version}`)).toBe('- Something that an operator notices.');
  expect(git('status', '--porcelain')).toBe('');
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'));
  expect([manifest.version, lock.version, lock.packages[''].version]).toEqual([version, version, version]);
  expect(readFileSync(join(folder, 'CHANGELOG.md'), 'utf8')).toMatch(/^## 9\.8\.7 \(\d{4}-\d\d-\d\d\)$/m);

  expect(readFileSync(join(folder, 'README.md'), 'utf8')).toContain('npx ./build/rolegate-9.8.7.tgz demo');
  const chart = parse(readFileSync(join(folder, 'helm/Chart.yaml'), 'utf8'));
  expect(chart).toMatchObject({ version, appVersion: version });
  expect(parse(chart.annotations['artifacthub.io/changes'])).toEqual([
    { kind: 'added', description: 'Something that an operator notices.' },
  ]);
  const tag = runCommand(process.execPath, ['scripts/check-tag.ts', `v${version}`], {}, { cwd: folder });
  expect(await tag.ended, tag.output()).toBe(0);

  const made = join(folder, 'build/release');
  const sbom = `rolegate-${version}-sbom.cdx.json`;
  const files = [`rolegate-${version}.tgz`, binary, `${binary}.licenses.txt`, sbom];
  expect(readdirSync(made).sort()).toEqual([...files, 'SHA256SUMS', 'provenance.json'].sort());
  execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: made, stdio: 'ignore' });
  const statement = JSON.parse(readFileSync(join(made, 'provenance.json'), 'utf8'));
  expect(statement).toMatchObject({
    _type: 'https://in-toto.io/Statement/v1',
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        externalParameters: { version },
        resolvedDependencies: [
          { name: 'source', digest: { gitCommit: git('rev-parse', 'HEAD') } },
          { name: 'package-lock.json', digest: { sha256: digestOf(join(folder, 'package-lock.json')) } },
        ],
      },
    },
  });
  expect(statement.subject).toEqual(files.map((name) => ({ name, digest: { sha256: digestOf(join(made, name)) } })));
  expect(statSync(join(made, binary)).mode & 0o111).not.toBe(0);
  expect(execFileSync(join(made, binary), ['version'], { encoding: 'utf8' })).toBe(`${version}\n`);

  const { components } = JSON.parse(readFileSync(join(made, sbom), 'utf8')) as {
    components: readonly { name: string }[];
  };
  const listed = new Set(components.map(({ name }) => name));
  // It does not contain Node itself.
  const production = Object.entries<{ dev?: true; devOptional?: true }>(lock.packages)
    .filter(([path, { dev, devOptional }]) => path !== '' && dev !== true && devOptional !== true)
    .map(([path]) => path.replace(/^.*node_modules\//, ''))
    .filter((name) => !Object.hasOwn(manifest.optionalDependencies, name));
  expect(listed).toEqual(new Set(production));
});

test('the chart of a published release has its image, and links to the source', async () => {
  const parts = ['scripts/build-release.ts', 'chart', '--repository', 'Example/rolegate'];
  const helm = dirname(helmPath());
  const build = runCommand(process.execPath, parts, { PATH: `${helm}:${process.env['PATH']}` }, { cwd: folder });
  expect(await build.ended, build.output()).toBe(0);
  const current = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  expect(current.repository).toEqual({ type: 'git', url: 'git+https://github.com/Example/rolegate.git' });
  const file = join(folder, `build/release/rolegate-chart-${current.version}.tgz`);
  expect(runHelm(['show', 'chart', file]).output).toContain('home: https://github.com/Example/rolegate\n');
  const values =
    'secrets: { existingSecret: rolegate-secrets }\nconfig: { authApi: { url: "http://auth-api:8081" }, routes: [] }\n';
  const { ok, output } = runHelm(['template', 'edge', file, '--values', '-'], values);
  expect(ok, output).toBe(true);
  expect(output).toContain(`image: "ghcr.io/example/rolegate:${current.version}"\n`);
});

test.each([[[]], [['everything']], [['chart', 'binary']]])('refuses to build %j', async (args) => {
  const build = runCommand(process.execPath, ['scripts/build-release.ts', ...args], {}, { cwd: folder });
  expect(await build.ended).toBe(2);
  expect(build.output()).toContain('usage: ');
});

function digestOf(path: string): string {
  return execFileSync('sha256sum', [path], { encoding: 'utf8' }).split(' ')[0]!;
}

/** A PATH with only these programs. */
function programs(...names: readonly string[]): string {
  const place = join(folder, 'node_modules-of-path');
  execFileSync('mkdir', ['-p', place]);
  for (const name of names) {
    const found = execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
    execFileSync('ln', ['-sf', found, join(place, name)]);
  }
  writeFileSync(join(folder, '.git/info/exclude'), 'node_modules\nnode_modules-of-path\n');
  return place;
}
