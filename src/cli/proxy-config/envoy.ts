/** A configuration of Envoy with `ext_authz` over HTTP or gRPC; its lists are also used for Istio and Envoy Gateway. */
import { isIP } from 'node:net';
import { stringify } from 'yaml';
import { type ProxySettings, secretVariable, unremovable } from './proxy-settings.ts';

const type = (name: string) => `type.googleapis.com/envoy.extensions.${name}`;

export function envoyConfig(settings: ProxySettings): string {
  const { authorizer, service, listen, webSockets, grpc } = settings;
  const cluster = (name: string, endpoint: object, tls: object | null, more: object = {}) => ({
    name,
    type: 'STRICT_DNS',
    connect_timeout: '1s',
    ...more,
    ...(tls === null
      ? {}
      : {
          transport_socket: {
            name: 'envoy.transport_sockets.tls',
            typed_config: { '@type': type('transport_sockets.tls.v3.UpstreamTlsContext'), ...tls },
          },
        }),
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address: endpoint } }] }] },
  });
  const at = (host: string, port: number) => ({
    socket_address: { address: host.replace(/^\[|\]$/g, ''), port_value: port },
  });
  const check = {
    '@type': type('filters.http.ext_authz.v3.ExtAuthz'),
    transport_api_version: 'V3',
    failure_mode_allow: false,
    status_on_error: { code: 'ServiceUnavailable' },
    clear_route_cache: false,
    ...(grpc === null ? overHttp(settings) : overGrpc(settings)),
  };
  const manager = {
    '@type': type('filters.network.http_connection_manager.v3.HttpConnectionManager'),
    stat_prefix: 'clients',
    use_remote_address: true,
    normalize_path: false,
    merge_slashes: false,
    path_with_escaped_slashes_action: 'KEEP_UNCHANGED',
    common_http_protocol_options: { headers_with_underscores_action: 'DROP_HEADER' },
    server_header_transformation: 'PASS_THROUGH',
    ...(webSockets ? { upgrade_configs: [{ upgrade_type: 'websocket' }] } : {}),
    route_config: {
      name: 'all',
      request_headers_to_remove: removedByName(settings),
      virtual_hosts: [
        { name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster: 'service' } }] },
      ],
    },
    http_filters: [
      { name: 'envoy.filters.http.ext_authz', typed_config: check },
      { name: 'envoy.filters.http.router', typed_config: { '@type': type('filters.http.router.v3.Router') } },
    ],
  };
  const document = {
    static_resources: {
      listeners: [
        {
          name: 'clients',
          address: at(listen.host === '' ? '0.0.0.0' : listen.host, listen.port),
          filter_chains: [
            { filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager }] },
          ],
        },
      ],
      clusters: [
        cluster(
          'rolegate',
          'path' in authorizer ? { pipe: { path: authorizer.path } } : at(authorizer.host, authorizer.port),
          grpc?.tls === true ? rolegateTls(authorizer, grpc) : null,
          grpc === null ? {} : http2,
        ),
        cluster('service', at(service.host, service.port), service.tls ? {} : null),
      ],
    },
  };
  return `# Envoy checks each request with Rolegate. Printed by "rolegate proxy-config envoy".
${unremovable(settings)}${grpc === null ? '# For a refusal with 5xx, Envoy sends its own response: the status of "status_on_error", without a body.\n' : ''}${stringify(document, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}

function overHttp(settings: ProxySettings): object {
  const { checkPath, waitMs, secret } = settings;
  return {
    http_service: {
      server_uri: { uri: 'http://rolegate', cluster: 'rolegate', timeout: `${waitMs / 1000}s` },
      path_prefix: checkPath,
      authorization_request: secret ? { headers_to_add: [secretField] } : {},
      authorization_response: {
        allowed_upstream_headers: {
          patterns: headersToService(settings).map((exact) => ({ exact })),
        },
      },
    },
    allowed_headers: {
      patterns: [
        ...settings.read.map((exact) => ({ exact })),
        // So that a spelling that a service may read as one of these is refused.
        ...spellingsSeen(settings).map((regex) => ({ safe_regex: { regex } })),
      ],
    },
  };
}

/**
 * One expression for each name, because Envoy refuses one of more than 100 instructions (`re2.max_program_size.error_level`). They may
 * match more, because they only select what the check sees.
 */
function spellingsSeen({ identity, credentials, removed }: ProxySettings): readonly string[] {
  const beginnings = removed.filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1));
  return [...new Set([...identity, ...credentials, ...removed])]
    .filter((name) => name.includes('-') && (name.endsWith('*') || !beginnings.some((begin) => name.startsWith(begin))))
    .map((name) => name.replaceAll(/[^a-z0-9*]/g, '[!-~]').replace('*', '.*'));
}

/** The check contains every header, unchanged, unless some are listed. */
function overGrpc({ waitMs, secret }: ProxySettings): object {
  return {
    grpc_service: {
      envoy_grpc: { cluster_name: 'rolegate', authority: 'rolegate' },
      timeout: `${waitMs / 1000}s`,
      ...(secret ? { initial_metadata: [secretField] } : {}),
      // A check that Rolegate's GOAWAY has crossed (`maxConnectionAge`, a drain) was refused unread.
      retry_policy: { retry_on: 'refused-stream,reset-before-request', num_retries: 3 },
    },
    encode_raw_headers: true,
  };
}

const secretField = { key: 'x-rolegate-authorizer', value: `%ENVIRONMENT(${secretVariable})%` };

const http2 = {
  typed_extension_protocol_options: {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
      '@type': type('upstreams.http.v3.HttpProtocolOptions'),
      explicit_http_config: { http2_protocol_options: {} },
    },
  },
  // Maximum concurrent checks; beyond it Envoy does not check, and the status is that of "status_on_error". One GOAWAY can refuse all
  // checks of a connection, and the default allows three retries at a time.
  circuit_breakers: { thresholds: [{ max_requests: 4096, max_pending_requests: 4096, max_retries: 4096 }] },
};

/** Files of the machine that Envoy runs on. */
function rolegateTls(
  authorizer: ProxySettings['authorizer'],
  { clientCertificate }: NonNullable<ProxySettings['grpc']>,
): object {
  const host = 'path' in authorizer ? 'rolegate' : authorizer.host.replace(/^\[|\]$/g, '');
  const name = { san_type: isIP(host) === 0 ? 'DNS' : 'IP_ADDRESS', matcher: { exact: host } };
  const file = (name: string) => ({ filename: `/etc/envoy/${name}.pem` });
  return {
    common_tls_context: {
      validation_context: { trusted_ca: file('rolegate-ca'), match_typed_subject_alt_names: [name] },
      ...(clientCertificate
        ? { tls_certificates: [{ certificate_chain: file('envoy'), private_key: file('envoy-key') }] }
        : {}),
    },
  };
}

/** Headers of an allowing response for the service. */
export function headersToService({ identity, credentials }: ProxySettings): readonly string[] {
  return [...identity, ...credentials];
}

/** Without patterns, and without what the data plane writes itself. */
export function removedByName({ removed }: Pick<ProxySettings, 'removed'>): readonly string[] {
  const own = ['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-envoy-original-path'];
  return removed.filter((name) => !name.endsWith('*') && !own.includes(name));
}
