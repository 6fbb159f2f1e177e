/** What is made of values.yaml and the package says the same as they do. Needs no Helm. */
import { existsSync, readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { chartFiles, chartOf, chartReadme, valuesSchema } from '../../../scripts/chart-files.ts';
import { type ChartValue, readChartValues } from '../../../scripts/chart-values.ts';
import { linksOf } from '../../support/markdown-page.ts';

const text = readFileSync('helm/values.yaml', 'utf8');
const values = readChartValues(text);

test.each(Object.entries(chartFiles()))('%s is what "npm run generate" writes', (file, made) => {
  expect(readFileSync(file, 'utf8')).toBe(made);
});

test('chart and program have one version', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(parse(readFileSync('helm/Chart.yaml', 'utf8'))).toMatchObject({ version, appVersion: version });
  expect(chartOf('version: 1\nappVersion: "1"\n', '2.0.0')).toBe('version: 2.0.0\nappVersion: "2.0.0"\n');
});

test('every value is described, and no default is lost', () => {
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

test('links of the README lead somewhere', () => {
  const links = linksOf(readFileSync('helm/README.md', 'utf8'));
  expect(links.length).toBeGreaterThan(1);
  expect(links.filter((link) => !existsSync(normalize(join('helm', link))))).toEqual([]);
});

describe('reading values', () => {
  test('a value without a description is refused', () => {
    expect(() => readChartValues('# One.\na: 1\nb: 2\n')).toThrow('values.yaml: b has no description');
  });

  test.each(['# One.\na: {}\n', '# One.\na: []\n'])('one whose default does not tell what it takes, too: %j', (one) => {
    expect(() => readChartValues(one)).toThrow('values.yaml: a needs');
  });

  test('what the comments say becomes the schema and a row', () => {
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
