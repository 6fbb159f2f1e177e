/**
 * Generates helm/values.schema.json and helm/README.md from helm/values.yaml. Updates helm/Chart.yaml with the package's version
 * and its annotations for Artifact Hub. Copies monitoring/alerts.yaml into the chart, which cannot read files outside its folder,
 * and the headers that data planes remove and show.
 */
import { readFileSync } from 'node:fs';
import { parseDocument, stringify } from 'yaml';
import { removedByName, removedEarly } from '../src/cli/proxy-config/envoy.ts';
import { matchOf } from '../src/cli/proxy-config/kubernetes.ts';
import { alwaysRemoved, decisive } from '../src/cli/proxy-config/proxy-settings.ts';
import { jsonSchema } from '../src/config/json-schema.ts';
import type { SchemaName } from '../src/config/schema-names.ts';
import { type ChartValue, readChartValues } from './chart-values.ts';
import { asGenerated } from './generated-page.ts';
import { changelogSections, changesOf } from './releasing/changelog.ts';

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

export function chartFiles(): Record<string, string> {
  const values = readChartValues(read('helm/values.yaml'));
  return {
    'helm/values.schema.json': `${JSON.stringify(valuesSchema(values), null, 2)}\n`,
    'helm/README.md': chartReadme(values),
    'helm/files/alerts.yaml': read('monitoring/alerts.yaml'),
    'helm/files/data-plane-headers.yaml': stringify({
      removed: removedByName({ removed: alwaysRemoved, trustedRanges: [] }),
      // Those that are safe behind another proxy too.
      removedOnMatch: removedEarly({ removed: alwaysRemoved, trustedRanges: ['0.0.0.0/0'] }).map(matchOf),
      read: decisive,
    }),
    'helm/Chart.yaml': chartOf(read('helm/Chart.yaml'), JSON.parse(read('package.json')), read('CHANGELOG.md')),
  };
}

/** Helm validates values against it before it renders anything. Unknown names are refused. */
export function valuesSchema(values: readonly ChartValue[]): object {
  const ofParents = {
    enabled: { description: 'For the condition of a parent chart; not used by this one.', type: 'boolean' },
    global: { description: 'Values that a parent chart gives to all of its charts; not used.', type: 'object' },
  };
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Values of the chart of Rolegate',
    ...objectOf(values),
    properties: { ...propertiesOf(values), ...ofParents },
    $defs: { ...configurationOf('gateway').$defs, ...configurationOf('auth-api').$defs, probeTimes },
  };
}

/** The settings of a container's probe that values may change; the chart defines the rest. */
const probeTimes = {
  type: 'object',
  additionalProperties: false,
  properties: Object.fromEntries(
    ['initialDelaySeconds', 'periodSeconds', 'timeoutSeconds', 'successThreshold', 'failureThreshold'].map((name) => [
      name,
      { type: 'integer', minimum: name === 'initialDelaySeconds' ? 0 : 1 },
    ]),
  ),
};

interface ConfigurationSchema {
  readonly properties: Readonly<Record<string, object>>;
  readonly $defs?: Readonly<Record<string, object>>;
}

/** No key is required: the chart writes some keys, and an existing configuration can replace all of them. */
function configurationOf(file: SchemaName): ConfigurationSchema {
  const { properties, $defs = {} } = jsonSchema(file) as ConfigurationSchema;
  return { properties, $defs };
}

function objectOf(values: readonly ChartValue[]): { type: string; additionalProperties: boolean; properties: object } {
  return { type: 'object', additionalProperties: false, properties: propertiesOf(values) };
}

function propertiesOf(values: readonly ChartValue[]): Record<string, object> {
  return Object.fromEntries(values.map((value) => [value.path.at(-1)!, schemaOf(value)]));
}

function schemaOf({ description, default: usual, schema, children }: ChartValue): object {
  if (children !== null) return { description, ...objectOf(children) };
  const { freeform: _, file, ...keywords } = schema;
  if (file !== undefined) {
    const sections = Object.entries(configurationOf(file as SchemaName).properties);
    const properties = Object.fromEntries(sections.map(([key, section]) => [key, orNull(section)]));
    return { description, type: 'object', additionalProperties: false, properties, default: usual };
  }
  return { description, type: typeOf(usual), ...keywords, default: usual };
}

/** Null in one values file removes what another one sets. */
function orNull(section: object): object {
  return 'type' in section ? { ...section, type: [section.type, 'null'].flat() } : section;
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

const opening = `# The chart of Rolegate

[From nothing to a protected service](../docs/guides/kubernetes.md)

\`\`\`sh
helm install rolegate helm/ --values values.yaml
\`\`\`

Kubernetes 1.30 or newer. What would be open, lose data or not start is refused with one sentence, and so
is every value of another name, also in \`config\`: it is checked against the schema of the configuration. [Why it is built this way](../docs/decisions/0015-helm-chart.md)

## Values

| value | default | meaning |
|---|---|---|
`;

export function chartReadme(values: readonly ChartValue[]): string {
  return asGenerated(`${opening}${values.flatMap(rowsOf).join('\n')}\n`, '`values.yaml`', 'chart-files.ts');
}

function rowsOf(value: ChartValue): string[] {
  const { path, description, default: usual, schema, children } = value;
  const choices = Array.isArray(schema['enum']) ? ` One of ${schema['enum'].map((one) => code(one)).join(', ')}.` : '';
  const shown = children === null ? code(usual) : '';
  const row = `| \`${path.join('.')}\` | ${shown} | ${description.replaceAll('|', '\\|')}${choices} |`;
  return [row, ...(children ?? []).flatMap(rowsOf)];
}

function code(value: unknown): string {
  return `\`${JSON.stringify(value)}\``;
}

interface Manifest {
  readonly version: string;
  readonly license: string;
  /** Set when a release is built: where the source is published. */
  readonly repository?: { readonly url: string };
}

/** Chart and program are released together with the same version. Only a published chart has links, an icon and an image. */
export function chartOf(text: string, { version, license, repository }: Manifest, changelog: string): string {
  const chart = parseDocument(text);
  chart.set('version', version);
  chart.set('appVersion', version);
  const annotations: Record<string, string> = {
    'artifacthub.io/category': 'security',
    'artifacthub.io/license': license,
  };
  const released = changelogSections(changelog).find((section) => section.version === version && section.date !== null);
  if (released !== undefined) {
    annotations['artifacthub.io/changes'] = stringify(changesOf(released), { lineWidth: 0 });
  }
  const address = repository?.url.replace(/^git\+|\.git$/g, '');
  if (address !== undefined) {
    const [, path = ''] = /^https:\/\/github\.com\/(.+)$/.exec(address) ?? [];
    const files = `${address}/blob/v${version}`;
    chart.set('home', address);
    chart.set('sources', [address]);
    chart.set('icon', `https://raw.githubusercontent.com/${path}/v${version}/docs/pictures/logo.svg`);
    annotations['artifacthub.io/images'] = stringify([
      {
        name: 'rolegate',
        image: `ghcr.io/${path.toLowerCase()}:${version}`,
        platforms: ['linux/amd64', 'linux/arm64'],
      },
    ]);
    annotations['artifacthub.io/links'] = stringify([
      { name: 'Documentation', url: `${files}/docs/README.md` },
      { name: 'Verify a release', url: `${files}/docs/guides/verify-a-release.md` },
      { name: 'support', url: `${address}/issues` },
    ]);
  }
  chart.set('annotations', annotations);
  return chart.toString({ lineWidth: 0, flowCollectionPadding: false });
}
