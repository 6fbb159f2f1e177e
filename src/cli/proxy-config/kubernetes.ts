/** Configurations for Kubernetes gateways that check with Rolegate: Istio, Envoy Gateway, and the Gateway API's own filter. */
import { stringify } from 'yaml';
import { CommandError } from '../exit-code.ts';
import {
  addedFields,
  earlyRemoval,
  headerFields,
  headersToService,
  maxChecks,
  maxRetries,
  type NameMatcher,
  plainConnection,
  removedByName,
  removedEarly,
  retriedOn,
} from './envoy.ts';
import { envoyGatewayRoute, istioExemption, istioRoute, pagesRule, sameHosts } from './kubernetes-sign-in.ts';
import { certificateName, type Place, type ProxySettings, unremovable } from './proxy-settings.ts';

/** The objects of a check do not say that it uses TLS. */
function overTls({ tls, authorizer }: ProxySettings, object: string): string {
  if (tls === null) return '';
  const clientNote = tls.clientCertificate ? ', and presents a client certificate' : '';
  return `\n# The checks use TLS: add ${object} with the authority, by which the gateway verifies the name "${certificateName(authorizer)}"${clientNote}.`;
}

const documents = (comment: string, ...all: object[]) =>
  `${comment}\n${all.map((one) => stringify(one, { lineWidth: 0, aliasDuplicateObjects: false })).join('---\n')}`;

function tcp({ authorizer, grpc, secret }: ProxySettings): Place {
  if (grpc && secret)
    throw new CommandError(
      'rolegate: this gateway sends no secret over gRPC: use "peers" and "grpc.tls.clientCertificates" instead',
    );
  if ('path' in authorizer)
    throw new CommandError('rolegate: a cluster connects over TCP: set --authorizer to an address');
  return authorizer;
}

/** Names of a Service: `rolegate.gateway.svc.cluster.local` is `rolegate` in the namespace `gateway`. */
function serviceOf({ host, port }: Place): { name: string; namespace?: string; port: number } {
  const [name = host, namespace] = /^\d/.test(host) ? ['rolegate'] : host.split('.');
  return { name, ...(namespace === undefined ? {} : { namespace }), port };
}

export function istioConfig(settings: ProxySettings): string {
  const { host, port } = tcp(settings);
  const target = {
    service: host,
    port,
    timeout: `${settings.waitMs / 1000}s`,
    failOpen: false,
    statusOnError: '503',
  };
  const overHttp = {
    ...target,
    pathPrefix: settings.checkPath,
    includeRequestHeadersInCheck: settings.read,
    headersToUpstreamOnAllow: headersToService(settings),
  };
  const provider = {
    name: 'rolegate',
    ...(settings.grpc ? { envoyExtAuthzGrpc: target } : { envoyExtAuthzHttp: overHttp }),
  };
  const policy = {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: 'rolegate', namespace: 'istio-system' },
    spec: {
      selector: { matchLabels: { istio: 'ingressgateway' } },
      action: 'CUSTOM',
      provider: { name: 'rolegate' },
      rules: [{}],
    },
  };
  return documents(
    '# Istio checks each request with Rolegate: the first document is a part of meshConfig. Printed by "rolegate proxy-config istio".\n# Set meshConfig.pathNormalization.normalization to NONE, so that the target that is decided is the one that is forwarded.' +
      overTls(settings, 'a DestinationRule') +
      (settings.signIn === null ? '' : sameHosts('VirtualService')),
    { extensionProviders: [provider] },
    policy,
    earlyFilter(settings),
    ...(settings.signIn === null ? [] : [istioRoute(settings.signIn, { host, port })]),
  );
}

/**
 * What Istio's own objects cannot do: remove headers by a pattern and before the check, raise the number of header fields, send checks again
 * that a GOAWAY refused, and show them repeated headers. Istio itself limits neither the time of a response nor concurrent checks.
 */
function earlyFilter(settings: ProxySettings): object {
  const type = (name: string) => `type.googleapis.com/envoy.extensions.filters.${name}`;
  const manager = 'envoy.filters.network.http_connection_manager';
  const check = 'envoy.filters.http.ext_authz';
  const retries = { retry_on: retriedOn.join(), num_retries: maxRetries };
  return {
    apiVersion: 'networking.istio.io/v1alpha3',
    kind: 'EnvoyFilter',
    metadata: { name: 'rolegate', namespace: 'istio-system' },
    spec: {
      workloadSelector: { labels: { istio: 'ingressgateway' } },
      configPatches: [
        {
          applyTo: 'NETWORK_FILTER',
          match: { context: 'GATEWAY', listener: { filterChain: { filter: { name: manager } } } },
          patch: merged({
            name: manager,
            typed_config: {
              '@type': type('network.http_connection_manager.v3.HttpConnectionManager'),
              common_http_protocol_options: headerFields(settings),
              early_header_mutation_extensions: [earlyRemoval(settings, removedByName(settings))],
            },
          }),
        },
        {
          applyTo: 'ROUTE_CONFIGURATION',
          match: { context: 'GATEWAY' },
          patch: merged({ request_headers_to_add: [plainConnection] }),
        },
        ...(settings.signIn === null ? [] : [istioExemption]),
        ...(!settings.grpc
          ? []
          : [
              {
                applyTo: 'HTTP_FILTER',
                match: {
                  context: 'GATEWAY',
                  listener: { filterChain: { filter: { name: manager, subFilter: { name: check } } } },
                },
                patch: merged({
                  name: check,
                  typed_config: {
                    '@type': type('http.ext_authz.v3.ExtAuthz'),
                    grpc_service: { retry_policy: retries },
                    encode_raw_headers: true,
                  },
                }),
              },
            ]),
      ],
    },
  };
}

const merged = (value: object) => ({ operation: 'MERGE', value });

export function envoyGatewayConfig(settings: ProxySettings): string {
  const { name, namespace, port } = serviceOf(tcp(settings));
  const backendRefs = [{ name, ...(namespace === undefined ? {} : { namespace }), port }];
  const overHttp = {
    headersToExtAuth: settings.read,
    http: {
      backendRefs,
      backendSettings: checkSettings(false),
      path: settings.checkPath,
      headersToBackend: headersToService(settings),
    },
  };
  const targetRefs = [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'gateway' }];
  const security = {
    apiVersion: 'gateway.envoyproxy.io/v1alpha1',
    kind: 'SecurityPolicy',
    metadata: { name: 'rolegate' },
    spec: {
      targetRefs,
      extAuth: {
        failOpen: false,
        statusOnError: 503,
        timeout: `${settings.waitMs}ms`,
        // Over gRPC the check contains every header, unless some are listed.
        ...(settings.grpc ? { grpc: { backendRefs, backendSettings: checkSettings(true) } } : overHttp),
      },
    },
  };
  const client = {
    apiVersion: 'gateway.envoyproxy.io/v1alpha1',
    kind: 'ClientTrafficPolicy',
    metadata: { name: 'rolegate' },
    spec: {
      targetRefs,
      path: { escapedSlashesAction: 'KeepUnchanged', disableMergeSlashes: true },
      headers: {
        withUnderscoresAction: 'DropHeader',
        earlyRequestHeaders: { remove: removedByName(settings), removeOnMatch: removedEarly(settings).map(matchOf) },
      },
    },
  };
  const traffic = {
    apiVersion: 'gateway.envoyproxy.io/v1alpha1',
    kind: 'BackendTrafficPolicy',
    metadata: { name: 'rolegate' },
    spec: { targetRefs, timeout: { http: { requestTimeout: '0s' } } },
  };
  return documents(
    `# Envoy Gateway (1.8 or newer) checks each request with Rolegate. Printed by "rolegate proxy-config envoy-gateway".${settings.grpc ? overHttp2 : ''}${overTls(settings, 'a BackendTLSPolicy')}
# Without the BackendTrafficPolicy, responses end after 15 s. One of a route replaces it, so it needs the timeout, too.${fewerFields(settings)}${settings.signIn === null ? '' : sameHosts('HTTPRoute')}`,
    security,
    client,
    traffic,
    ...(settings.signIn === null ? [] : envoyGatewayRoute(settings.signIn, backendRefs)),
  );
}

function checkSettings(retries: boolean): object {
  return {
    ...(retries ? { retry: { numRetries: maxRetries, retryOn: { triggers: retriedOn } } } : {}),
    circuitBreaker: {
      maxPendingRequests: maxChecks,
      maxParallelRequests: maxChecks,
      ...(retries ? { maxParallelRetries: maxChecks } : {}),
    },
  };
}

/** Envoy's default, which Envoy Gateway does not change. */
const fieldsOfEnvoy = 100;

function fewerFields(settings: ProxySettings): string {
  const most = fieldsOfEnvoy - addedFields(settings);
  if (settings.headerCount <= most) return '';
  return `
# Envoy fails with 500 beyond ${fieldsOfEnvoy} header fields, with those that the check adds: set server.limits.headers to ${most} or less, for a 431.`;
}

export function matchOf(matcher: NameMatcher): object {
  return 'prefix' in matcher
    ? { type: 'Prefix', value: matcher.prefix }
    : { type: 'RegularExpression', value: matcher.safe_regex.regex };
}

/** For the data plane to speak HTTP/2 without TLS. */
const overHttp2 = '\n# The port of the Service must have "appProtocol: kubernetes.io/h2c", or "https" with TLS.';

/** Maximum headers that one filter of the Gateway API removes. */
const maxRemoved = 16;

export function gatewayApiConfig(settings: ProxySettings): string {
  const removed = removedByName(settings);
  const left = removed.slice(maxRemoved).join(', ');
  const { name, namespace, port } = serviceOf(tcp(settings));
  const backendRef = { name, ...(namespace === undefined ? {} : { namespace }), port };
  const removal = { type: 'RequestHeaderModifier', requestHeaderModifier: { remove: removed.slice(0, maxRemoved) } };
  const route = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'service' },
    spec: {
      parentRefs: [{ name: 'gateway' }],
      rules: [
        {
          filters: [
            removal,
            {
              type: 'ExternalAuth',
              externalAuth: {
                protocol: 'HTTP',
                backendRef,
                http: {
                  path: settings.checkPath,
                  allowedHeaders: settings.read,
                  allowedResponseHeaders: headersToService(settings),
                },
              },
            },
          ],
          backendRefs: [{ name: settings.service.host, port: settings.service.port }],
        },
        // Sign-in, callback and sign-out: not checked, and never sent to the service.
        ...(settings.signIn === null ? [] : [{ filters: [removal], ...pagesRule([backendRef]) }]),
      ],
    },
  };
  return documents(
    `# A gateway checks each request with Rolegate (ExternalAuth, GEP-1494, experimental), as NGINX Gateway Fabric reads it. Printed by
# "rolegate proxy-config gateway-api".${overTls(settings, 'a BackendTLSPolicy')}
# A filter removes 16 headers at most, so services receive these as clients send them: ${left}.
${unremovable(settings)}`.trimEnd(),
    route,
  );
}
