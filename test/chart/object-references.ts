/** References between objects of a release: names, selectors and ports that must exist. */
import type { KubernetesObject } from './helm.ts';
import { type Pod, podsOf } from './pods.ts';

type Labels = Readonly<Record<string, string>>;

/** Objects that value sets reference as existing. */
const namedInSets = [
  'users',
  'ca',
  'candidate',
  'gateway-config',
  'rolegate-secrets',
  'auth-api-secrets',
  'default',
  'devices',
  'orders-client',
  'orders',
];

/** One line for each dangling reference; `foreign` are names of existing objects. */
export function danglingReferences(objects: readonly KubernetesObject[], foreign = namedInSets): string[] {
  const has = (kind: string, name: string) =>
    foreign.includes(name) ||
    objects.some((object) => object.kind === kind && object.metadata.name === name) ||
    (kind === 'Secret' && objects.some((object) => writtenByCertManager(object) === name));
  const pods = podsOf(objects);
  return [...pods.flatMap((pod) => ofPod(pod, has)), ...objects.flatMap((object) => ofObject(object, pods, has))];
}

const writtenByCertManager = ({ kind, spec }: KubernetesObject) =>
  kind === 'Certificate' ? (spec as { readonly secretName: string }).secretName : null;

type Has = (kind: string, name: string) => boolean;

function ofPod({ owner, spec }: Pod, has: Has): string[] {
  const faults: string[] = [];
  const need = (kind: string, name: string | undefined) => {
    if (name !== undefined && !has(kind, name)) faults.push(`${owner}: no ${kind} ${name}`);
  };
  need('ServiceAccount', spec.serviceAccountName);
  for (const volume of spec.volumes ?? []) {
    need('ConfigMap', volume.configMap?.name);
    need('Secret', volume.secret?.secretName);
    need('PersistentVolumeClaim', volume.persistentVolumeClaim?.claimName);
    for (const { secret } of volume.projected?.sources ?? []) need('Secret', secret.name);
  }
  const volumes = new Set(spec.volumes?.map(({ name }) => name));
  for (const container of spec.containers) {
    for (const { name } of container.volumeMounts ?? []) {
      if (!volumes.has(name)) faults.push(`${owner}: no volume ${name}`);
    }
    const ports = new Set(container.ports?.map(({ name }) => name));
    for (const probe of [container.startupProbe, container.livenessProbe, container.readinessProbe]) {
      const port = probe?.httpGet?.port;
      if (port !== undefined && !ports.has(port)) faults.push(`${owner}: no port ${port}`);
    }
  }
  return faults;
}

interface Spec {
  readonly selector?: Labels & { readonly matchLabels?: Labels };
  readonly podSelector?: { readonly matchLabels: Labels };
  readonly ports?: readonly { readonly targetPort: string }[];
  readonly endpoints?: readonly { readonly port: string }[];
  readonly scaleTargetRef?: { readonly kind: string; readonly name: string };
  readonly rules?: readonly {
    readonly http?: {
      readonly paths: readonly { readonly backend: { readonly service: { readonly name: string } } }[];
    };
    readonly backendRefs?: readonly { readonly name: string; readonly port: number }[];
    readonly filters?: readonly { readonly externalAuth?: { readonly backendRef: { readonly name: string } } }[];
  }[];
  readonly extAuth?: { readonly grpc: { readonly backendRefs: readonly { readonly name: string }[] } };
}

function ofObject({ kind, metadata, ...rest }: KubernetesObject, pods: readonly Pod[], has: Has): string[] {
  const spec = (rest['spec'] ?? {}) as Spec;
  const own = `${kind} ${metadata.name}`;
  const matches = (selector: Labels) =>
    pods.filter(({ labels }) => Object.entries(selector).every(([key, value]) => labels[key] === value));
  const faults: string[] = [];
  const selector = spec.podSelector?.matchLabels ?? spec.selector?.matchLabels ?? spec.selector;
  // Those select pods elsewhere.
  if (selector !== undefined && kind !== 'ServiceMonitor' && kind !== 'AuthorizationPolicy') {
    const selected = matches(selector as Labels);
    // A selector of pods selects those of one kind.
    if (selected.length === 0) faults.push(`${own} selects no pod`);
    if (selected.length > 1) faults.push(`${own} selects ${selected.map(({ owner }) => owner).join(' and ')}`);
    for (const { targetPort } of kind === 'Service' ? (spec.ports ?? []) : []) {
      const ports = selected.flatMap((pod) => pod.spec.containers.flatMap(({ ports = [] }) => ports));
      if (!ports.some(({ name }) => name === targetPort)) faults.push(`${own}: no port ${targetPort}`);
    }
  }
  const target = spec.scaleTargetRef;
  if (target !== undefined && !has(target.kind, target.name)) faults.push(`${own}: no ${target.kind} ${target.name}`);
  for (const { name } of spec.extAuth?.grpc.backendRefs ?? [])
    if (!has('Service', name)) faults.push(`${own}: no Service ${name}`);
  for (const { http, backendRefs, filters } of spec.rules ?? []) {
    const services = [
      ...(filters ?? []).flatMap(({ externalAuth }) =>
        externalAuth === undefined ? [] : [externalAuth.backendRef.name],
      ),
      ...(http?.paths ?? []).map(({ backend }) => backend.service.name),
      ...(backendRefs ?? []).map(({ name }) => name),
    ];
    for (const name of services) if (!has('Service', name)) faults.push(`${own}: no Service ${name}`);
  }
  return faults;
}
