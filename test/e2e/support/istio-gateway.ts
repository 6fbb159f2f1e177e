/**
 * An Envoy as Istio configures the one of a gateway, with the EnvoyFilter that `rolegate proxy-config istio` prints, for tests without a
 * cluster. The names, the filter and the merging are those of Istio 1.30 (`pilot/pkg/security/authz/builder`, `pilot/pkg/networking/core`).
 */
import { parse, parseAllDocuments, stringify } from 'yaml';
import { istioConfig } from '../../../src/cli/proxy-config/kubernetes.ts';
import { proxySettings } from '../../../src/cli/proxy-config/proxy-settings.ts';
import type { Config } from '../../../src/config/config.ts';

type Tree = Record<string, unknown>;

interface Printed {
  static_resources: {
    listeners: { filter_chains: { filters: { typed_config: Manager }[] }[] }[];
    clusters: Tree[];
  };
}

interface Manager extends Tree {
  route_config: Tree;
  http_filters: { name: string; typed_config: Tree }[];
}

interface ConfigPatch {
  readonly applyTo: 'NETWORK_FILTER' | 'HTTP_FILTER' | 'ROUTE_CONFIGURATION';
  readonly patch: { readonly value: Tree };
}

/** `printed`: the configuration for a plain Envoy, whose addresses are kept. `patched`: with the printed EnvoyFilter. */
export function asIstio(
  printed: string,
  config: Config,
  { grpc, patched }: { grpc: boolean; patched: boolean },
): string {
  const settings = proxySettings(config, 'envoy', {
    service: 'http://127.0.0.1:1',
    listen: ':1',
    authorizer: 'rolegate:1',
    grpc,
  });
  const [mesh, , filter] = parseAllDocuments(istioConfig(settings)).map((document) => document.toJS() as Tree);
  const document = parse(printed) as Printed;
  const manager = document.static_resources.listeners[0]!.filter_chains[0]!.filters[0]!.typed_config;
  for (const key of ['common_http_protocol_options', 'early_header_mutation_extensions']) delete manager[key];
  for (const key of ['request_headers_to_remove', 'request_headers_to_add']) delete manager.route_config[key];
  manager['upgrade_configs'] = [{ upgrade_type: 'websocket' }];
  const check = manager.http_filters.find(({ name }) => name === 'envoy.filters.http.ext_authz')!;
  check.typed_config = checkOf((mesh as { extensionProviders: Provider[] }).extensionProviders[0]!);
  for (const cluster of document.static_resources.clusters) delete cluster['circuit_breakers'];
  const cluster = document.static_resources.clusters.find(({ name }) => name === 'rolegate')!;
  // Istio limits none of them unless a DestinationRule does.
  const none = 4_294_967_295;
  cluster['circuit_breakers'] = {
    thresholds: [{ max_retries: none, max_requests: none, max_connections: none, max_pending_requests: none }],
  };
  const { configPatches } = filter!['spec'] as { configPatches: ConfigPatch[] };
  for (const { applyTo, patch } of patched ? configPatches : []) {
    if (applyTo === 'NETWORK_FILTER') merge(manager, patch.value['typed_config'] as Tree);
    if (applyTo === 'ROUTE_CONFIGURATION') merge(manager.route_config, patch.value);
    if (applyTo === 'HTTP_FILTER') merge(check, patch.value);
  }
  return stringify(document, { aliasDuplicateObjects: false });
}

interface Asked {
  readonly timeout: string;
  readonly failOpen: boolean;
  readonly statusOnError: string;
}

interface Provider {
  readonly envoyExtAuthzGrpc?: Asked;
  readonly envoyExtAuthzHttp?: Asked & {
    readonly pathPrefix: string;
    readonly includeRequestHeadersInCheck: string[];
    readonly headersToUpstreamOnAllow: string[];
  };
}

/** As `generateGRPCConfig` and `generateHTTPConfig` of Istio make it. */
function checkOf({ envoyExtAuthzGrpc, envoyExtAuthzHttp }: Provider): Tree {
  const { timeout, failOpen, statusOnError } = (envoyExtAuthzGrpc ?? envoyExtAuthzHttp)!;
  const common = {
    '@type': 'type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz',
    transport_api_version: 'V3',
    failure_mode_allow: failOpen,
    status_on_error: { code: Number(statusOnError) },
  };
  if (envoyExtAuthzHttp === undefined)
    return {
      ...common,
      grpc_service: { envoy_grpc: { cluster_name: 'rolegate', authority: 'rolegate' }, timeout },
    };
  const patterns = (names: readonly string[]) => ({
    patterns: names.map((exact) => ({ exact, ignore_case: true })),
  });
  return {
    ...common,
    allowed_headers: patterns(envoyExtAuthzHttp.includeRequestHeadersInCheck),
    http_service: {
      server_uri: { uri: 'http://rolegate', cluster: 'rolegate', timeout },
      path_prefix: envoyExtAuthzHttp.pathPrefix,
      authorization_response: { allowed_upstream_headers: patterns(envoyExtAuthzHttp.headersToUpstreamOnAllow) },
    },
  };
}

/** As messages of protobuf are merged: fields one by one, lists appended. */
function merge(into: Tree, from: Tree): void {
  for (const [key, value] of Object.entries(from)) {
    const own = into[key];
    if (Array.isArray(value) && Array.isArray(own)) into[key] = [...own, ...value];
    else if (isTree(value) && isTree(own)) merge(own, value);
    else into[key] = value;
  }
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
