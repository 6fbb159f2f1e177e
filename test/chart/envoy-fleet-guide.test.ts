/**
 * docs/guides/envoy-fleet.md: its values render what the page states, and its description of Envoy matches the printed
 * configuration.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { envoyConfig } from '../../src/cli/proxy-config/envoy.ts';
import { proxySettings } from '../../src/cli/proxy-config/proxy-settings.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { blocksOf } from '../support/markdown-page.ts';
import { type KubernetesObject, objectsOf, runHelm } from './helm.ts';
import { nameProblems, valueProblems } from './kubernetes-schemas.ts';
import { danglingReferences } from './object-references.ts';
import { configProblems, filesOf } from './rolegate-config.ts';

vi.setConfig({ testTimeout: 60_000 });

const page = readFileSync('docs/guides/envoy-fleet.md', 'utf8');
const blocks = blocksOf(page);
const blockOf = (kind: string, has: string) =>
  blocks.find(({ language, info, text }) => `${language} ${info}` === kind && text.includes(has))!.text;

function rendered(): readonly KubernetesObject[] {
  const folder = mkdtempSync(join(tmpdir(), 'rolegate-fleet-'));
  try {
    writeFileSync(join(folder, 'values.yaml'), blockOf('yaml values', 'mode: authorizer'));
    const values = ['--values', join(folder, 'values.yaml')];
    const { ok, output } = runHelm(['template', 'rolegate', 'helm', '--namespace', 'edge', ...values]);
    if (!ok) throw new Error(output);
    return objectsOf(output);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const specOf = (objects: readonly KubernetesObject[], kind: string) =>
  objects.find((one) => one.kind === kind)!['spec'];

test('the values render valid objects that match the table', () => {
  const objects = rendered();
  expect(objects.flatMap(valueProblems)).toEqual([]);
  expect(nameProblems(objects)).toBe('');
  expect(danglingReferences(objects, ['rolegate'])).toEqual([]);
  for (const map of objects.filter(({ kind }) => kind === 'ConfigMap'))
    expect(configProblems(filesOf(map))).toEqual([]);
  expect(specOf(objects, 'Service')).toMatchObject({ clusterIP: 'None' });
  expect(specOf(objects, 'SecurityPolicy')).toMatchObject({
    extAuth: { failOpen: false, statusOnError: 503, timeout: '3s' },
  });
  expect(JSON.stringify(specOf(objects, 'HorizontalPodAutoscaler'))).toContain('rolegate_authorizer_checks_per_second');
});

test('the cluster is the printed one, with hash-based balancing', () => {
  const read = parseConfig(
    `version: 1
server: { listen: false }
authorizer: { listen: "127.0.0.1:8070", dialects: { envoy: /envoy }, grpc: { listen: "127.0.0.1:8071" } }
authApi: { url: "http://auth:8081" }
routes: []
`,
    { file: 'gateway.yaml', env: {}, readSecret: () => '' },
  );
  if (!read.ok) throw new Error('the configuration of this test has problems');
  const place = {
    service: 'http://orders:3000',
    listen: ':8000',
    authorizer: 'rolegate-checks.edge.svc.cluster.local:8070',
  };
  type Bootstrap = { static_resources: { clusters: { name: string }[] } };
  const printed = parse(envoyConfig(proxySettings(read.config, 'envoy', { ...place, grpc: false }))) as Bootstrap;
  const cluster = printed.static_resources.clusters.find(({ name }) => name === 'rolegate');
  const shown = parse(blockOf('yaml manifest', 'lb_policy')) as Record<string, unknown>;
  const { lb_policy, typed_extension_protocol_options, ...rest } = shown;
  expect(rest).toEqual(cluster);
  expect(lb_policy).toBe('RING_HASH');
  expect(JSON.stringify(typed_extension_protocol_options)).toContain('"header_name":"authorization"');
});

test("the adapter's metric is the chart's", () => {
  const { rules } = parse(blockOf('yaml manifest', 'seriesQuery')) as { rules: { name: { as: string } }[] };
  const values = parse(readFileSync('helm/values.yaml', 'utf8')) as { autoscaling: { checksMetric: string } };
  expect(rules[0]!.name.as).toBe(values.autoscaling.checksMetric);
});
