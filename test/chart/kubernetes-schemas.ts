/**
 * Checks objects against the schemas of Kubernetes, the Gateway API and the Prometheus operator: values by the compiled
 * schemas, and unknown names, which those allow, by types generated from the same schemas.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { BackendTLSPolicy, HTTPRoute } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1';
import { PrometheusRule, ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import { DaemonSet, Deployment } from 'kubernetes-models/apps/v1';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import { Ingress, NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { ConfigMap, PersistentVolumeClaim, Pod, Secret, Service, ServiceAccount } from 'kubernetes-models/v1';
import { dataPlaneProblems, isOfDataPlane, withoutExternalAuth } from './data-plane-schemas.ts';
import type { KubernetesObject } from './helm.ts';

interface Model {
  validate(): void;
}

const core = 'kubernetes-models/v1';
const kinds: Readonly<Record<string, readonly [module: string, create: (object: never) => Model]>> = {
  'v1 ConfigMap': [core, (object) => new ConfigMap(object)],
  'v1 PersistentVolumeClaim': [core, (object) => new PersistentVolumeClaim(object)],
  'v1 Pod': [core, (object) => new Pod(object)],
  'v1 Secret': [core, (object) => new Secret(object)],
  'v1 Service': [core, (object) => new Service(object)],
  'v1 ServiceAccount': [core, (object) => new ServiceAccount(object)],
  'apps/v1 DaemonSet': ['kubernetes-models/apps/v1', (object) => new DaemonSet(object)],
  'apps/v1 Deployment': ['kubernetes-models/apps/v1', (object) => new Deployment(object)],
  'autoscaling/v2 HorizontalPodAutoscaler': [
    'kubernetes-models/autoscaling/v2',
    (object) => new HorizontalPodAutoscaler(object),
  ],
  'networking.k8s.io/v1 Ingress': ['kubernetes-models/networking.k8s.io/v1', (object) => new Ingress(object)],
  'networking.k8s.io/v1 NetworkPolicy': [
    'kubernetes-models/networking.k8s.io/v1',
    (object) => new NetworkPolicy(object),
  ],
  'policy/v1 PodDisruptionBudget': ['kubernetes-models/policy/v1', (object) => new PodDisruptionBudget(object)],
  'gateway.networking.k8s.io/v1 HTTPRoute': [
    '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1',
    (object) => new HTTPRoute(object),
  ],
  'gateway.networking.k8s.io/v1 BackendTLSPolicy': [
    '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1',
    (object) => new BackendTLSPolicy(object),
  ],
  'monitoring.coreos.com/v1 PrometheusRule': [
    '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1',
    (object) => new PrometheusRule(object),
  ],
  'monitoring.coreos.com/v1 ServiceMonitor': [
    '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1',
    (object) => new ServiceMonitor(object),
  ],
};

/** One line for each violation of a value; a kind without a schema is one. */
export function valueProblems(object: KubernetesObject): string[] {
  if (isOfDataPlane(object)) return dataPlaneProblems(object);
  const kind = kinds[`${object.apiVersion} ${object.kind}`];
  if (kind === undefined) return [`no schema for ${object.apiVersion} ${object.kind}`];
  const { rest, problems } = object.kind === 'HTTPRoute' ? withoutExternalAuth(object) : { rest: object, problems: [] };
  try {
    kind[1](rest as never).validate();
    return problems;
  } catch (error) {
    return [...problems, `${object.kind} ${object.metadata.name}: ${(error as Error).message}`];
  }
}

const folder = 'node_modules/.cache/rolegate';

/** The compiler's errors about names that are not in the types, or of the wrong type; '' without any. */
export function nameProblems(objects: readonly KubernetesObject[]): string {
  const known = objects
    .filter((object) => !isOfDataPlane(object))
    .map((object) => (object.kind === 'HTTPRoute' ? withoutExternalAuth(object).rest : object));
  const lines = known.map((object, index) => {
    const [module = core] = kinds[`${object.apiVersion} ${object.kind}`] ?? [];
    return `export const o${index}: import(${JSON.stringify(module)}).I${object.kind} = ${JSON.stringify(object)};`;
  });
  const file = `${folder}/chart-objects-${process.pid}.ts`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, lines.join('\n'));
  try {
    const flags = ['--ignoreConfig', '--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--types', ''];
    const { status, stdout, stderr } = spawnSync('node_modules/.bin/tsc', [...flags, file], { encoding: 'utf8' });
    return status === 0 ? '' : `${stdout}${stderr}` || `the compiler ended with ${status}`;
  } finally {
    rmSync(file);
  }
}
