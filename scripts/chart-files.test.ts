/** Files generated from values.yaml and package.json match them. Needs no Helm. */
import { existsSync, readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { linksOf } from '../test/support/markdown-page.ts';
import { chartOf, chartReadme, valuesSchema } from './chart-files.ts';
import { type ChartValue, readChartValues } from './chart-values.ts';

const text = readFileSync('helm/values.yaml', 'utf8');
const values = readChartValues(text);

test('chart and program have the same version', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(parse(readFileSync('helm/Chart.yaml', 'utf8'))).toMatchObject({ version, appVersion: version });
});

describe('the released chart', () => {
  const manifest = { version: '2.0.0', license: 'MIT' };
  const changelog =
    '# Changelog\n\n## 2.0.0 (2026-12-01)\n\n### Policies\n\n- New.\n\n## 1.0.0 (2026-01-01)\n\n- Old.\n';
  const made = (given: Parameters<typeof chartOf>[1], text = changelog) => parse(chartOf('version: 1\n', given, text));

  test('lists the changes for Artifact Hub', () => {
    const { version, appVersion, annotations, ...others } = made(manifest);
    expect([version, appVersion]).toEqual(['2.0.0', '2.0.0']);
    expect(others).toEqual({});
    expect(annotations).toMatchObject({ 'artifacthub.io/category': 'security', 'artifacthub.io/license': 'MIT' });
    expect(parse(annotations['artifacthub.io/changes'])).toEqual([{ kind: 'added', description: 'New.' }]);
    const before = made(manifest, changelog.replace('2026-12-01', 'unreleased'));
    expect(before.annotations).not.toHaveProperty(['artifacthub.io/changes']);
  });

  test('takes its links, icon and image from the locations in package.json', () => {
    const repository = { url: 'git+https://github.com/Example/rolegate.git' };
    const { home, sources, icon, annotations } = made({ ...manifest, repository });
    expect(home).toBe('https://github.com/Example/rolegate');
    expect(sources).toEqual([home]);
    const [, file] = /^https:\/\/raw\.githubusercontent\.com\/Example\/rolegate\/v2\.0\.0\/(.+)$/.exec(icon)!;
    expect(readFileSync(file!, 'utf8')).toMatch(/^<svg /);
    expect(parse(annotations['artifacthub.io/images'])).toMatchObject([{ image: 'ghcr.io/example/rolegate:2.0.0' }]);
    const links: readonly { url: string }[] = parse(annotations['artifacthub.io/links']);
    const pages = links.map(({ url }) => url.replace(`${home}/blob/v2.0.0/`, '')).filter((url) => url.endsWith('.md'));
    expect(pages).toHaveLength(2);
    expect(pages.filter((page) => !existsSync(page))).toEqual([]);
  });
});

test('describes every value and loses no default', () => {
  const all = (some: readonly ChartValue[]): ChartValue[] =>
    some.flatMap((value) => [value, ...all(value.children ?? [])]);
  const every = all(values);
  expect(every.length).toBeGreaterThan(100);
  for (const { path, description } of every) expect(description, path.join('.')).toMatch(/^\S.*\.$/s);
  const defaults = Object.fromEntries(values.map(({ path: [name], default: usual }) => [name, usual]));
  expect(defaults).toEqual(parse(text));
  const readme = readFileSync('helm/README.md', 'utf8');
  for (const { path } of every) expect(readme).toContain(`\n| \`${path.join('.')}\` |`);
});

test('links in the README resolve', () => {
  const links = linksOf(readFileSync('helm/README.md', 'utf8'));
  expect(links.length).toBeGreaterThan(1);
  expect(links.filter((link) => !existsSync(normalize(join('helm', link))))).toEqual([]);
});

describe('parsing values', () => {
  test('refuses a value without a description', () => {
    expect(() => readChartValues('# One.\na: 1\nb: 2\n')).toThrow('values.yaml: b has no description');
  });

  test.each(['# One.\na: {}\n', '# One.\na: []\n'])(
    'refuses a value whose default does not determine its type: %j',
    (one) => {
      expect(() => readChartValues(one)).toThrow('values.yaml: a needs');
    },
  );

  test('turns comments into the schema and a table row', () => {
    const read = readChartValues(
      '# The file.\n\n# Some.\na:\n  # Port | number.\n  # @schema { minimum: 1 }\n  b: 2\n',
    );
    expect(chartReadme(read)).toContain('| `a` |  | Some. |\n| `a.b` | `2` | Port \\| number. |\n');
    expect(valuesSchema(read)).toMatchObject({
      additionalProperties: false,
      properties: {
        a: {
          description: 'Some.',
          type: 'object',
          additionalProperties: false,
          properties: { b: { description: 'Port | number.', type: 'integer', minimum: 1, default: 2 } },
        },
      },
    });
  });
});
