/** How Envoy, Istio and Envoy Gateway are configured to call the authorizer over gRPC. */
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { envoyConfig } from '../../../src/cli/proxy-config/envoy.ts';
import { envoyGatewayConfig, istioConfig } from '../../../src/cli/proxy-config/kubernetes.ts';
import { proxySettings } from '../../../src/cli/proxy-config/proxy-settings.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { createAuthority } from '../../support/certificates.ts';

const authority = createAuthority();
const own = authority.issue({ hosts: ['rolegate'] });
const files: Readonly<Record<string, string>> = { 'cert.pem': own.cert, 'key.pem': own.key, 'ca.pem': authority.cert };
const tls = ', tls: { certificates: [{ cert: cert.pem, key: key.pem }], clientCertificates: { ca: ca.pem } }';
const http = '\n  listen: ":8070"\n  dialects: { envoy: /envoy }';

function settings(more: { http?: string; tls?: string; secret?: string } = {}, grpc?: boolean) {
  const text = `version: 1
server: { listen: false }
authorizer:${more.http ?? ''}
  grpc: { listen: ":8071"${more.tls ?? ''} }${more.secret ?? ''}
authApi: { url: "http://auth-api:8081" }
routes:
  - { id: all, match: { path: "/**" }, access: authenticated }
`;
  const read = parseConfig(text, { file: 'gateway.yaml', env: {}, readSecret: (path) => files[path] ?? '' });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const place = { service: 'http://service:3000', listen: ':8000', authorizer: 'rolegate.gateway:8071' };
  return proxySettings(read.config, 'envoy', { ...place, ...(grpc === undefined ? {} : { grpc }) });
}
const filterOf = (text: string) =>
  parse(text).static_resources.listeners[0].filter_chains[0].filters[0].typed_config.http_filters[0].typed_config;
const documents = (text: string) => parseAllDocuments(text).map((one) => one.toJS());

describe('envoy', () => {
  test('calls over gRPC on request, or where only gRPC is configured', () => {
    const { grpc_service, encode_raw_headers, failure_mode_allow } = filterOf(envoyConfig(settings()));
    expect(grpc_service).toEqual({
      envoy_grpc: { cluster_name: 'rolegate', authority: 'rolegate' },
      timeout: '7s',
      retry_policy: { retry_on: 'refused-stream,reset-before-request', num_retries: 3 },
    });
    expect([encode_raw_headers, failure_mode_allow]).toEqual([true, false]);
    expect(filterOf(envoyConfig(settings({ http }, true)))).toHaveProperty('grpc_service');
    expect(filterOf(envoyConfig(settings({ http })))).not.toHaveProperty('grpc_service');
    expect(() => settings({}, false)).toThrow('the configuration does not allow checks by this proxy');
  });

  test('uses HTTP/2, its own certificate where Rolegate requires one, and the secret from its environment', () => {
    const secret = '\n  secret: a-secret-of-the-proxies-0123456789abcdef';
    const text = envoyConfig(settings({ tls, secret }));
    const [cluster] = parse(text).static_resources.clusters;
    expect(JSON.stringify(cluster.typed_extension_protocol_options)).toContain('http2_protocol_options');
    expect(cluster.transport_socket.typed_config.common_tls_context).toMatchObject({
      tls_certificates: [{ private_key: { filename: '/etc/envoy/envoy-key.pem' } }],
      validation_context: {
        match_typed_subject_alt_names: [{ san_type: 'DNS', matcher: { exact: 'rolegate.gateway' } }],
      },
    });
    expect(filterOf(text).grpc_service.initial_metadata).toEqual([
      { key: 'x-rolegate-authorizer', value: '%ENVIRONMENT(ROLEGATE_AUTHORIZER_SECRET)%' },
    ]);
    expect(text).not.toContain('0123456789abcdef');
  });
});

test('istio and envoy-gateway call over gRPC without a secret', () => {
  const [provider] = documents(istioConfig(settings()));
  expect(provider.extensionProviders).toEqual([
    {
      name: 'rolegate',
      envoyExtAuthzGrpc: {
        service: 'rolegate.gateway',
        port: 8071,
        timeout: '7s',
        failOpen: false,
        statusOnError: '503',
      },
    },
  ]);
  const text = envoyGatewayConfig(settings());
  expect(documents(text)[0].spec.extAuth).toEqual({
    failOpen: false,
    statusOnError: 503,
    timeout: '7000ms',
    grpc: {
      backendRefs: [{ name: 'rolegate', namespace: 'gateway', port: 8071 }],
      backendSettings: {
        retry: { numRetries: 3, retryOn: { triggers: ['refused-stream', 'reset-before-request'] } },
        circuitBreaker: { maxPendingRequests: 4096, maxParallelRequests: 4096, maxParallelRetries: 4096 },
      },
    },
  });
  expect(text).toContain('kubernetes.io/h2c');
  const secret = '\n  secret: a-secret-of-the-proxies-0123456789abcdef';
  for (const print of [istioConfig, envoyGatewayConfig])
    expect(() => print(settings({ secret }))).toThrow('sends no secret over gRPC');
});
