/** The pods among objects: standalone ones, and those created by others. */
import type { KubernetesObject } from './helm.ts';

export interface Mount {
  readonly name: string;
  readonly mountPath: string;
}

export interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string };
  readonly exec?: { readonly command: readonly string[] };
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string }[];
  readonly envFrom?: readonly object[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly volumeMounts?: readonly Mount[];
  readonly securityContext?: object;
  readonly resources?: object;
  readonly lifecycle?: object;
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
}

export interface Volume {
  readonly name: string;
  readonly configMap?: { readonly name: string };
  readonly secret?: { readonly secretName: string };
  readonly persistentVolumeClaim?: { readonly claimName: string };
  readonly projected?: { readonly sources: readonly { readonly secret: { readonly name: string } }[] };
}

export interface PodSpec {
  readonly automountServiceAccountToken: boolean;
  readonly serviceAccountName: string;
  readonly terminationGracePeriodSeconds?: number;
  readonly securityContext: { readonly runAsUser: number };
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly Volume[];
  readonly [key: string]: unknown;
}

export interface Pod {
  readonly owner: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: PodSpec;
}

interface Template {
  readonly metadata: { readonly labels: Pod['labels']; readonly annotations?: Pod['annotations'] };
  readonly spec: PodSpec;
}

export function podOf(object: KubernetesObject): Pod {
  const owner = `${object.kind} ${object.metadata.name}`;
  const template =
    object.kind === 'Pod' ? (object as unknown as Template) : (object['spec'] as { template: Template }).template;
  const { labels, annotations = {} } = template.metadata;
  return { owner, labels, annotations, spec: template.spec };
}

export function podsOf(objects: readonly KubernetesObject[]): readonly Pod[] {
  return objects.filter(({ kind }) => ['Pod', 'Deployment', 'DaemonSet'].includes(kind)).map(podOf);
}
