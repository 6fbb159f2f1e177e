/**
 * Writes every generated file: the configuration's schema and reference, the Auth API's description, pages, the chart. With `--check` and
 * a folder, it names the files there that differ instead, and fails if there are any.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jsonSchema } from '../src/config/json-schema.ts';
import { references } from '../src/config/reference-yaml.ts';
import { adminOpenApiText } from './admin-document.ts';
import { alertsPage } from './alerts-page.ts';
import { authApiPage, openApiText } from './auth-api-page.ts';
import { chartFiles } from './chart-files.ts';
import { cliPage } from './cli-page.ts';
import { dashboardFiles } from './dashboard-files.ts';
import { looseningPage } from './loosening-page.ts';
import { metricsPage } from './metrics-page.ts';
import { overviewPicture } from './pictures/overview-picture.ts';
import { reasonsPage } from './reasons-page.ts';

const files: Readonly<Record<string, string>> = {
  'config/gateway.schema.json': `${JSON.stringify(jsonSchema(), null, 2)}\n`,
  'config/included.schema.json': `${JSON.stringify(jsonSchema('included'), null, 2)}\n`,
  'config/tests.schema.json': `${JSON.stringify(jsonSchema('tests'), null, 2)}\n`,
  ...Object.fromEntries(
    Object.entries(references).map(([name, reference]) => [`config/${name}.reference.yaml`, reference()]),
  ),
  'docs/reference/admin.openapi.json': adminOpenApiText(),
  'docs/reference/alerts.md': alertsPage(),
  'docs/reference/cli.md': cliPage(),
  'docs/reference/loosening.md': looseningPage(),
  'docs/reference/metrics.md': metricsPage(),
  'docs/reference/reasons.md': reasonsPage(),
  'docs/reference/auth-api.openapi.json': openApiText(),
  'docs/reference/auth-api.md': authApiPage(),
  'docs/pictures/overview-light.svg': overviewPicture('light'),
  'docs/pictures/overview-dark.svg': overviewPicture('dark'),
  ...chartFiles(),
  ...dashboardFiles(),
};

const [, , option, folder] = process.argv;
if (option === '--check' && folder !== undefined) {
  const isCurrent = (file: string, text: string) => existsSync(file) && readFileSync(file, 'utf8') === text;
  const outdated = Object.entries(files).filter(([file, text]) => !isCurrent(join(folder, file), text));
  for (const [file] of outdated) process.stdout.write(`${file}\n`);
  process.exitCode = outdated.length === 0 ? 0 : 1;
} else {
  for (const [file, text] of Object.entries(files)) {
    writeFileSync(new URL(`../${file}`, import.meta.url), text);
    process.stdout.write(`${file}\n`);
  }
}
