/**
 * docs/reference/versions.md: files that name a version agree with the page, and so do the programs of this machine: each is new enough,
 * and on Debian it is the version in Debian's column.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { skipHere } from '../../support/skip-here.ts';

const read = (path: string) => readFileSync(path, 'utf8');
const page = read('docs/reference/versions.md');

interface Row {
  readonly oldest: string;
  readonly tried: readonly string[];
  readonly debian: Readonly<Record<string, string>>;
}

const rows = new Map<string, Row>(
  page
    .split('\n')
    .filter((line) => line.split(' | ').length === 6 && !line.startsWith('| product'))
    .map((line) => line.replaceAll(/^\| | \|$/g, '').split(' | '))
    .map(([name = '', oldest = '', tried = '', twelve = '', thirteen = '']) => [
      name,
      { oldest, tried: tried.split(', '), debian: { '12': twelve, '13': thirteen } },
    ]),
);

function rowOf(name: string): Row {
  const row = rows.get(name);
  if (row === undefined) throw new Error(`the page has no row ${name}`);
  return row;
}

const oldestOf = (name: string) => rowOf(name).oldest;

/** With as many parts as the page has. */
const shortened = (version: string, like: string) => version.split('.').slice(0, like.split('.').length).join('.');

function isBefore(one: string, other: string): boolean {
  return one.localeCompare(other, 'en', { numeric: true }) < 0;
}

test('the table is read', () => {
  expect(rows.size).toBe(12);
  expect(rowOf('Redis')).toEqual({ oldest: '7.0', tried: ['7.0', '8.0'], debian: { '12': '7.0', '13': '8.0' } });
});

test('every oldest version is one that tests run with, where any does', () => {
  const untried = [...rows].filter(([, { oldest, tried }]) => !tried.includes(oldest)).map(([name]) => name);
  expect(untried).toEqual(['Kubernetes', 'Docker Engine', 'Compose']);
});

/** What other files state, as the page has it. */
const node = 'Node that installs and starts Rolegate';
test.each([
  ['package.json', /"node": ">=(\d+)"/, () => oldestOf(node)],
  ['helm/Chart.yaml', /^kubeVersion: ">=(\d+\.\d+)\.0-0"$/m, () => oldestOf('Kubernetes')],
  ['helm/README.md', /^Kubernetes (\S+) or newer/m, () => oldestOf('Kubernetes')],
  ['docs/guides/kubernetes.md', /a cluster \(([\d.]+) or\s+newer/, () => oldestOf('Kubernetes')],
  ['docs/decisions/0015-helm-chart.md', /Kubernetes ([\d.]+) is the oldest/, () => oldestOf('Kubernetes')],
  ['CONTRIBUTING.md', /Node (\d+) or newer/, () => oldestOf(node)],
  ['README.md', /Node (\d+) or newer/, () => oldestOf(node)],
  ['docs/getting-started.md', /Node (\d+) or newer/, () => oldestOf(node)],
  ['CONTRIBUTING.md', /npm (\d+) or newer/, () => oldestOf('npm')],
  ['README.md', /npm (\d+) or newer/, () => oldestOf('npm')],
  ['docs/getting-started.md', /npm (\d+) or newer/, () => oldestOf('npm')],
] as const)('%s states it: %s', (file, pattern, expected) => {
  expect(pattern.exec(read(file))?.[1]).toBe(expected());
});

test.each([
  ['compose.yaml', /image: redis:(\d+)/, 'Redis'],
  ['helm/values.yaml', /image: redis:(\d+)/, 'Redis'],
  ['test/support/redis/from-containers.ts', /redis:(\d+)/, 'Redis'],
  ['compose.yaml', /image: postgres:(\d+)/, 'PostgreSQL'],
  ['test/support/postgres/from-containers.ts', /postgres:(\d+)/, 'PostgreSQL'],
] as const)('%s uses a version that tests run with: %s', (file, pattern, name) => {
  const used = pattern.exec(read(file))?.[1] ?? 'none';
  expect(rowOf(name).tried.map((version) => shortened(version, used))).toContain(used);
});

test.each(['behind-your-proxy', 'compose', 'existing-service', 'kubernetes', 'redis'])(
  'docs/guides/%s.md links to the page',
  (name) => {
    expect(read(`docs/guides/${name}.md`)).toContain('](../reference/versions.md)');
  },
);

/** Programs of this machine. Those of other origins than Debian have no column. */
const programs = [
  ['Redis', 'redis-server', ['--version'], /v=([\d.]+)/],
  ['PostgreSQL', 'postgres', ['--version'], /([\d.]+)/],
  ['nginx', 'nginx', ['-v'], /nginx\/([\d.]+)/],
  ['HAProxy', 'haproxy', ['-v'], /version ([\d.]+)/],
  ['Caddy', 'caddy', ['version'], /v?([\d.]+)/],
  ['Traefik', process.env['TRAEFIK_BIN'] ?? 'traefik', ['version'], /Version: +([\d.]+)/],
  ['Envoy', process.env['ENVOY_BIN'] ?? 'envoy', ['--version'], /\/([\d.]+)\//],
] as const;

describe.each(programs)('%s of this machine', (name, program, args, pattern) => {
  let version: string;
  beforeAll(() => {
    const { error, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
    if (error !== undefined) skipHere(`no ${program}`);
    version = pattern.exec(stdout + stderr)?.[1] ?? '';
  });

  test('is not older than the oldest of the page', () => {
    expect([version, isBefore(version, oldestOf(name))]).toEqual([version, false]);
  });

  test("is the version in Debian's column, if it is a package of Debian", () => {
    const [, release = ''] =
      (existsSync('/etc/os-release') && /^VERSION_ID="(12|13)"$/m.exec(read('/etc/os-release'))) || [];
    const path = spawnSync('sh', ['-c', `readlink -f "$(command -v ${program})"`], { encoding: 'utf8' }).stdout.trim();
    const isPackaged = spawnSync('dpkg', ['-S', path], { stdio: 'ignore' }).status === 0;
    if (release === '' || !isPackaged) skipHere(`${program} is no package of Debian 12 or 13`);
    const shown = rowOf(name).debian[release]!;
    expect(shortened(version, shown)).toBe(shown);
    expect(rowOf(name).tried).toContain(shown);
  });
});
