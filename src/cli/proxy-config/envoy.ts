/** A configuration of Envoy with `ext_authz` over HTTP or gRPC; its lists are also used for Istio and Envoy Gateway. */
import { isIP } from 'node:net';
import { stringify } from 'yaml';
import { ownPaths } from '../../core/credential/sign-in.ts';
import { type ProxySettings, prefixesOf, secretVariable } from './proxy-settings.ts';
import { wordsBut } from './words-but.ts';

const type = (name: string) => `type.googleapis.com/envoy.extensions.${name}`;

export function envoyConfig(settings: ProxySettings): string {
  const { authorizer, service, listen, webSockets, grpc, tls: checkTls } = settings;
  const cluster = (name: string, endpoint: object, tls: object | null, more: object = {}) => ({
    name,
    // The path of a socket is no name to resolve: such a cluster would have no host.
    type: 'pipe' in endpoint ? 'STATIC' : 'STRICT_DNS',
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
    ...(grpc ? overGrpc(settings) : overHttp(settings)),
  };
  const manager = {
    '@type': type('filters.network.http_connection_manager.v3.HttpConnectionManager'),
    stat_prefix: 'clients',
    use_remote_address: true,
    normalize_path: false,
    merge_slashes: false,
    path_with_escaped_slashes_action: 'KEEP_UNCHANGED',
    common_http_protocol_options: headerFields(settings),
    early_header_mutation_extensions: [earlyRemoval(settings)],
    server_header_transformation: 'PASS_THROUGH',
    ...(webSockets ? { upgrade_configs: [{ upgrade_type: 'websocket' }] } : {}),
    route_config: {
      name: 'all',
      // The secret of the route is added after a client's own one is removed.
      ...(settings.signIn !== null ? { most_specific_header_mutations_wins: true } : {}),
      request_headers_to_remove: removedByName(settings),
      request_headers_to_add: [plainConnection],
      virtual_hosts: [
        {
          name: 'all',
          domains: ['*'],
          routes: [
            ...(settings.signIn !== null ? [signInPages(settings)] : []),
            { match: { prefix: '/' }, route: { cluster: 'service', timeout: '0s' } },
          ],
        },
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
          checkTls === null ? null : rolegateTls(authorizer, checkTls),
          { ...(grpc ? http2 : {}), ...manyChecks },
        ),
        cluster('service', at(service.host, service.port), service.tls ? serviceTls(service) : null),
      ],
    },
  };
  return `# Envoy checks each request with Rolegate. Printed by "rolegate proxy-config envoy".
${behindAnother(settings)}${!grpc ? '# For a refusal with 5xx, Envoy sends its own response: the status of "status_on_error", without a body.\n' : ''}${stringify(document, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}

/** Sign-in, callback and sign-out: requests for them are not checked, and never reach the service. */
function signInPages({ secret }: ProxySettings): object {
  return {
    match: { prefix: ownPaths },
    route: { cluster: 'rolegate' },
    ...(secret
      ? { request_headers_to_add: [{ header: secretField, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' }] }
      : {}),
    typed_per_filter_config: {
      'envoy.filters.http.ext_authz': { '@type': type('filters.http.ext_authz.v3.ExtAuthzPerRoute'), disabled: true },
    },
  };
}

function overHttp(settings: ProxySettings): object {
  const { checkPath, waitMs, secret, tls } = settings;
  return {
    http_service: {
      server_uri: {
        uri: `${tls === null ? 'http' : 'https'}://rolegate`,
        cluster: 'rolegate',
        timeout: `${waitMs / 1000}s`,
      },
      path_prefix: checkPath,
      authorization_request: secret ? { headers_to_add: [secretField] } : {},
      authorization_response: {
        allowed_upstream_headers: {
          patterns: headersToService(settings).map((exact) => ({ exact })),
        },
      },
    },
    allowed_headers: {
      patterns: settings.read.map((exact) => ({ exact })),
    },
  };
}

export type NameMatcher = { readonly prefix: string } | { readonly safe_regex: { readonly regex: string } };

/**
 * What neither a check nor a service receives: names in other than the usual characters, which services read as another name, and
 * `X-Forwarded-*`, except what a trusted proxy in front writes. Only such a proxy may send the other headers, too.
 */
export function removedEarly({
  removed,
  trustedRanges,
}: Pick<ProxySettings, 'removed' | 'trustedRanges'>): readonly NameMatcher[] {
  const direct = trustedRanges.length === 0;
  return [
    { safe_regex: { regex: '.*[^a-z0-9:-].*' } },
    ...(direct ? prefixesOf(removed).map((prefix) => ({ prefix })) : []),
    // Envoy refuses an expression of more than 100 instructions (`re2.max_program_size.error_level`).
    ...(direct
      ? []
      : wordsBut(['for', 'proto', 'host']).map((rest) => ({ safe_regex: { regex: `x-forwarded-${rest}` } }))),
  ];
}

/** `names`: also removed. */
export function earlyRemoval(settings: ProxySettings, names: readonly string[] = []): object {
  return {
    name: 'envoy.http.early_header_mutation.header_mutation',
    typed_config: {
      '@type': type('http.early_header_mutation.header_mutation.v3.HeaderMutation'),
      mutations: [
        ...removedEarly(settings).map((matcher) => ({ remove_on_match: { key_matcher: matcher } })),
        ...names.map((remove) => ({ remove })),
      ],
    },
  };
}

/** The check contains every header, unchanged, unless some are listed. */
function overGrpc({ waitMs, secret }: ProxySettings): object {
  return {
    grpc_service: {
      envoy_grpc: { cluster_name: 'rolegate', authority: 'rolegate' },
      timeout: `${waitMs / 1000}s`,
      ...(secret ? { initial_metadata: [secretField] } : {}),
      retry_policy: { retry_on: retriedOn.join(), num_retries: maxRetries },
    },
    encode_raw_headers: true,
  };
}

/** A check that Rolegate's GOAWAY has crossed (`maxConnectionAge`, a drain) was refused unread. */
export const retriedOn = ['refused-stream', 'reset-before-request'] as const;
export const maxRetries = 3;

/** Fields that Envoy and the check add to those of the client, which Rolegate counts. */
export function addedFields(settings: ProxySettings): number {
  return headersToService(settings).length + 20;
}

export function headerFields(settings: ProxySettings): object {
  return {
    headers_with_underscores_action: 'DROP_HEADER',
    max_headers_count: settings.headerCount + addedFields(settings),
  };
}

/** A list in Connection would let a proxy further on remove headers. Only an upgrade still has one here. */
export const plainConnection = {
  header: { key: 'connection', value: 'upgrade' },
  append_action: 'OVERWRITE_IF_EXISTS',
} as const;

const secretField = { key: 'x-rolegate-authorizer', value: `%ENVIRONMENT(${secretVariable})%` };

const http2 = {
  typed_extension_protocol_options: {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
      '@type': type('upstreams.http.v3.HttpProtocolOptions'),
      explicit_http_config: { http2_protocol_options: {} },
    },
  },
};

/**
 * Maximum concurrent checks; beyond it Envoy does not check, and the status is that of "status_on_error". One GOAWAY can refuse all
 * checks of a connection, and the default allows three retries at a time.
 */
export const maxChecks = 4096;
const manyChecks = {
  circuit_breakers: {
    thresholds: [{ max_requests: maxChecks, max_pending_requests: maxChecks, max_retries: maxChecks }],
  },
};

/** Files of the machine that Envoy runs on. Without a name to match, a certificate of this authority for any name would do. */
function verifiedBy(ca: string, host: string): object {
  const name = { san_type: isIP(host) === 0 ? 'DNS' : 'IP_ADDRESS', matcher: { exact: host } };
  return { trusted_ca: fileOf(ca), match_typed_subject_alt_names: [name] };
}

const fileOf = (name: string) => ({ filename: `/etc/envoy/${name}.pem` });

function serviceTls(service: ProxySettings['service']): object {
  const host = service.host.replace(/^\[|\]$/g, '');
  return {
    ...(isIP(host) === 0 ? { sni: host } : {}),
    common_tls_context: { validation_context: verifiedBy('service-ca', host) },
  };
}

function rolegateTls(
  authorizer: ProxySettings['authorizer'],
  { clientCertificate }: NonNullable<ProxySettings['tls']>,
): object {
  const host = 'path' in authorizer ? 'rolegate' : authorizer.host.replace(/^\[|\]$/g, '');
  return {
    common_tls_context: {
      validation_context: verifiedBy('rolegate-ca', host),
      ...(clientCertificate
        ? { tls_certificates: [{ certificate_chain: fileOf('envoy'), private_key: fileOf('envoy-key') }] }
        : {}),
    },
  };
}

function behindAnother({ removed, trustedRanges }: ProxySettings): string {
  if (trustedRanges.length === 0) return '';
  return `# The proxy in front (${trustedRanges.join(', ')}) must set X-Forwarded-For, -Proto and -Host, and remove ${prefixesOf(
    removed,
  )
    .filter((prefix) => prefix !== 'x-forwarded-')
    .map((prefix) => `${prefix}*`)
    .join(', ')} of clients.
# For its X-Forwarded-Proto, set "xff_num_trusted_hops" to the number of proxies in front; only they may reach this one.
`;
}

/** Headers of an allowing response for the service. */
export function headersToService({ identity, credentials }: ProxySettings): readonly string[] {
  return [...identity, ...credentials];
}

/** Without patterns, and without what the data plane or a trusted proxy in front of it writes. */
export function removedByName({
  removed,
  trustedRanges,
}: Pick<ProxySettings, 'removed' | 'trustedRanges'>): readonly string[] {
  const ofFront = trustedRanges.length > 0 ? ['x-forwarded-host'] : [];
  const own = ['x-forwarded-for', 'x-forwarded-proto', 'x-envoy-original-path', ...ofFront];
  return removed.filter((name) => !name.endsWith('*') && !own.includes(name));
}
