/**
 * Objects of data planes, whose schemas are in no package: the fields in use according to the references of Envoy
 * Gateway and Istio, and the experimental filter `ExternalAuth` of the Gateway API. A field that is not listed is a
 * problem.
 */
import { z } from 'zod';
import type { KubernetesObject } from './helm.ts';

const name = z.string().regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
const port = z.int().min(1).max(65_535);
const duration = z.string().regex(/^(?:\d{1,5}(?:h|m|s|ms)){1,4}$/);
const headerName = z.string().regex(/^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/);
const metadata = z.strictObject({
  name,
  namespace: name,
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()).optional(),
});
const targetRefs = z.array(z.strictObject({ group: z.string(), kind: z.enum(['Gateway', 'HTTPRoute']), name })).min(1);
const backendRefs = z.array(z.strictObject({ name, namespace: name.optional(), port })).length(1);

const nameMatches = z
  .array(z.strictObject({ type: z.enum(['Prefix', 'RegularExpression']), value: z.string().min(1).max(1024) }))
  .min(1)
  .max(64);

export const externalAuth = z.strictObject({
  protocol: z.enum(['HTTP', 'GRPC']),
  backendRef: z.strictObject({ name, namespace: name.optional(), port }),
  http: z
    .strictObject({
      path: z.string().startsWith('/'),
      allowedHeaders: z.array(headerName).max(64),
      allowedResponseHeaders: z.array(headerName).max(64),
    })
    .optional(),
});

const most = z.int().min(0).max(4_294_967_295);
const backendSettings = z.strictObject({
  retry: z
    .strictObject({
      numRetries: z.int().min(0),
      retryOn: z.strictObject({ triggers: z.array(z.enum(['refused-stream', 'reset-before-request'])) }),
    })
    .optional(),
  circuitBreaker: z.strictObject({
    maxPendingRequests: most,
    maxParallelRequests: most,
    maxParallelRetries: most.optional(),
  }),
});

const filterName = z.string().startsWith('envoy.filters.');
const patch = z.strictObject({
  operation: z.literal('MERGE'),
  // A part of Envoy's own configuration: `test/e2e/istio-patches.test.ts` runs it.
  value: z.record(z.string(), z.unknown()),
});

const schemas: Readonly<Record<string, z.ZodType>> = {
  'gateway.envoyproxy.io/v1alpha1 SecurityPolicy': z.strictObject({
    targetRefs,
    extAuth: z.strictObject({
      failOpen: z.literal(false),
      statusOnError: z.literal(503),
      timeout: duration,
      headersToExtAuth: z.array(headerName).optional(),
      grpc: z.strictObject({ backendRefs, backendSettings }).optional(),
      http: z
        .strictObject({ backendRefs, backendSettings, path: z.string(), headersToBackend: z.array(headerName) })
        .optional(),
    }),
  }),
  'gateway.envoyproxy.io/v1alpha1 ClientTrafficPolicy': z.strictObject({
    targetRefs,
    path: z.strictObject({ escapedSlashesAction: z.literal('KeepUnchanged'), disableMergeSlashes: z.literal(true) }),
    headers: z.strictObject({
      withUnderscoresAction: z.literal('DropHeader'),
      earlyRequestHeaders: z.strictObject({ remove: z.array(headerName).max(64), removeOnMatch: nameMatches }),
    }),
  }),
  'gateway.envoyproxy.io/v1alpha1 BackendTrafficPolicy': z.strictObject({
    targetRefs,
    timeout: z.strictObject({ http: z.strictObject({ requestTimeout: duration }) }),
  }),
  'networking.istio.io/v1alpha3 EnvoyFilter': z.strictObject({
    workloadSelector: z.strictObject({ labels: z.record(z.string(), z.string()) }),
    configPatches: z
      .array(
        z.strictObject({
          applyTo: z.enum(['NETWORK_FILTER', 'HTTP_FILTER', 'ROUTE_CONFIGURATION']),
          match: z.strictObject({
            context: z.literal('GATEWAY'),
            listener: z
              .strictObject({
                filterChain: z.strictObject({
                  filter: z.strictObject({
                    name: filterName,
                    subFilter: z.strictObject({ name: filterName }).optional(),
                  }),
                }),
              })
              .optional(),
          }),
          patch,
        }),
      )
      .min(1),
  }),
  'cert-manager.io/v1 Certificate': z.strictObject({
    secretName: name,
    dnsNames: z.array(z.string().min(1)).min(1),
    issuerRef: z.strictObject({
      name,
      kind: z.enum(['Issuer', 'ClusterIssuer']).optional(),
      group: z.string().optional(),
    }),
    privateKey: z.strictObject({
      algorithm: z.literal('ECDSA'),
      size: z.literal(256),
      rotationPolicy: z.enum(['Always', 'Never']),
    }),
  }),
  'security.istio.io/v1 AuthorizationPolicy': z.strictObject({
    selector: z.strictObject({ matchLabels: z.record(z.string(), z.string()) }),
    action: z.literal('CUSTOM'),
    provider: z.strictObject({ name }),
    rules: z.array(z.strictObject({})).length(1),
  }),
};

export function isOfDataPlane({ apiVersion, kind }: Pick<KubernetesObject, 'apiVersion' | 'kind'>): boolean {
  return `${apiVersion} ${kind}` in schemas;
}

/** `metadata` of printed objects is incomplete. */
export function dataPlaneProblems({ apiVersion, kind, ...rest }: KubernetesObject, whole = true): string[] {
  const { spec, metadata: own, ...more } = rest;
  const read = schemas[`${apiVersion} ${kind}`]!.safeParse(spec);
  const problems = read.success ? [] : [z.prettifyError(read.error)];
  const named = whole ? metadata.safeParse(own) : { success: true, error: undefined };
  if (!named.success) problems.push(z.prettifyError(named.error!));
  return [...problems, ...Object.keys(more).map((key) => `a field ${key}`)].map((text) => `${kind}: ${text}`);
}

/** The object without its filters `ExternalAuth`, which are checked here, for the schema of the standard channel. */
export function withoutExternalAuth(object: KubernetesObject): {
  readonly rest: KubernetesObject;
  readonly problems: string[];
} {
  const problems: string[] = [];
  const copy = structuredClone(object) as KubernetesObject & {
    spec: { rules?: { filters?: { type: string; externalAuth?: unknown }[] }[] };
  };
  for (const rule of copy.spec.rules ?? []) {
    for (const { type, externalAuth: filter } of rule.filters ?? []) {
      if (type !== 'ExternalAuth') continue;
      const read = externalAuth.safeParse(filter);
      if (!read.success) problems.push(`${object.kind}: ${z.prettifyError(read.error)}`);
    }
    if (rule.filters !== undefined) rule.filters = rule.filters.filter(({ type }) => type !== 'ExternalAuth');
  }
  return { rest: copy, problems };
}
