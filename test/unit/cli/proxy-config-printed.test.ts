/**
 * The configurations printed for Envoy, Istio, Envoy Gateway, the Gateway API and Traefik match what these products
 * parse: Envoy's field by field against its published protos; the others are checked as valid YAML.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { DialectName } from '../../../src/authorizer/dialect.ts';
import { caddyConfig } from '../../../src/cli/proxy-config/caddy.ts';
import { envoyConfig } from '../../../src/cli/proxy-config/envoy.ts';
import { haproxyConfig } from '../../../src/cli/proxy-config/haproxy.ts';
import { envoyGatewayConfig, gatewayApiConfig, istioConfig } from '../../../src/cli/proxy-config/kubernetes.ts';
import { nginxConfig } from '../../../src/cli/proxy-config/nginx.ts';
import { proxySettings } from '../../../src/cli/proxy-config/proxy-settings.ts';
import { traefikConfig } from '../../../src/cli/proxy-config/traefik.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';

const modules = fileURLToPath(new URL('../../../node_modules/', import.meta.url));
const folders = [
  ...['envoy-api', 'googleapis', 'protoc-gen-validate', 'xds'].map(
    (name) => `${modules}@grpc/grpc-js-xds/deps/${name}/`,
  ),
  `${modules}protobufjs/`,
];

const root = new protobuf.Root();
// The protos lack OpenCensus traces, which are not used here.
root.resolvePath = (_, target) =>
  folders.map((folder) => folder + target).find(existsSync) ?? (null as unknown as string);
root.loadSync(
  [
    'envoy/config/bootstrap/v3/bootstrap.proto',
    'envoy/extensions/filters/http/ext_authz/v3/ext_authz.proto',
    'envoy/extensions/filters/http/router/v3/router.proto',
    'envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto',
    'envoy/extensions/transport_sockets/tls/v3/tls.proto',
    'envoy/extensions/upstreams/http/v3/http_protocol_options.proto',
  ],
  { keepCase: true },
);

/** Messages whose JSON form is a string, a number or a boolean. */
const asText = new Set([
  'google.protobuf.Duration',
  'google.protobuf.UInt32Value',
  'google.protobuf.BoolValue',
  'google.protobuf.DoubleValue',
  'google.protobuf.StringValue',
]);

interface Patch {
  readonly value: object;
}

/** Newer than the published protos. A running Envoy reads it in `test/e2e/authorizer-attacks.test.ts`. */
const newer = 'envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation';

/** One line per field that the message lacks or that has another type; `at`: its path. */
function problems(type: protobuf.Type, value: unknown, at: string): string[] {
  const name = type.fullName.slice(1);
  if (asText.has(name)) return typeof value === 'object' ? [`${at}: an object in place of ${name}`] : [];
  if (typeof value !== 'object' || value === null) return [`${at}: no ${name}`];
  const { '@type': url, ...fields } = value as Record<string, unknown>;
  if (name === 'google.protobuf.Any') {
    const [, own = ''] = /^type\.googleapis\.com\/(.+)$/.exec(String(url)) ?? [];
    if (own === newer) return [];
    const found = root.lookup(own);
    return found instanceof protobuf.Type ? problems(found, fields, at) : [`${at}: no type ${String(url)}`];
  }
  return Object.entries(fields).flatMap(([key, part]) => {
    const field = type.fields[key];
    const place = `${at}.${key}`;
    if (field === undefined) return [`${place}: ${name} has no such field`];
    const { resolvedType } = field.resolve();
    const parts = field.map ? Object.values(part as object) : field.repeated ? (part as unknown[]) : [part];
    if (!Array.isArray(parts)) return [`${place}: no list`];
    return parts.flatMap((one) => {
      if (resolvedType instanceof protobuf.Type) return problems(resolvedType, one, place);
      if (resolvedType instanceof protobuf.Enum)
        return String(one) in resolvedType.values ? [] : [`${place}: no ${String(one)}`];
      return typeof one === 'object' ? [`${place}: an object in place of a ${field.type}`] : [];
    });
  });
}

const read = parseConfig(
  `version: 1
server: { listen: false, proxyHeaders: [x-tenant, "x-edge-*"] }
authorizer:
  listen: "127.0.0.1:8070"
  dialects: { envoy: /envoy, gateway-api: /gateway-api, traefik: /traefik, nginx: /nginx, caddy: /caddy, haproxy: /haproxy }
  grpc: { listen: "127.0.0.1:8071" }
authApi: { url: "http://auth:8081" }
credentials: { keyPair: { apiKeyHeader: x_key, apiSecretHeader: x-secret }, bearerCookie: session }
roles: { user: {} }
routes: [{ id: a, match: { path: /socket }, access: [user], websocket: true }]
`,
  { file: 'gateway.yaml', env: {}, readSecret: () => '' },
);
if (!read.ok) throw new Error(JSON.stringify(read.problems));
const { config } = read;
const settings = (dialect: DialectName, grpc: boolean, more = {}) =>
  proxySettings(config, dialect, {
    service: 'https://orders:3000',
    listen: ':8000',
    authorizer: 'rolegate.edge.svc:8070',
    grpc,
    ...more,
  });

/** With them, Rolegate signs people in. */
const pages = { host: 'app.example.test' };

const documentsOf = (text: string): readonly Record<string, unknown>[] =>
  parseAllDocuments(text, { strict: true, uniqueKeys: true }).map((document) => {
    expect([...document.errors, ...document.warnings]).toEqual([]);
    return document.toJS() as Record<string, unknown>;
  });

describe('Envoy', () => {
  const bootstrap = root.lookupType('envoy.config.bootstrap.v3.Bootstrap');

  test.each([
    ['HTTP', false, {}],
    ['HTTP, with pages of sign-in', false, { signIn: true }],
    ['gRPC', true, {}],
    ['gRPC over TLS with client certificates', true, { tls: true }],
  ])(
    "over %s, every field is in Envoy's protos",
    (_, grpc, { tls = false, signIn = false }: { tls?: boolean; signIn?: boolean }) => {
      const secret = { secret: signIn || settings('envoy', grpc).secret };
      const printed = {
        ...settings('envoy', grpc),
        ...secret,
        signIn: signIn ? pages : null,
        ...(tls ? { tls: { clientCertificate: true } } : {}),
      };
      const [document] = documentsOf(envoyConfig(printed));
      expect(problems(bootstrap, document, 'bootstrap')).toEqual([]);
    },
  );

  test('no name in other characters, and no X-Forwarded-* but those of Envoy or a trusted proxy in front, passes the start', () => {
    const regexesOf = (trusted: boolean) => {
      const printed = settings('envoy', false);
      const [document] = documentsOf(envoyConfig(trusted ? { ...printed, trustedRanges: ['10.0.0.0/8'] } : printed));
      const text = JSON.stringify(document);
      const regexes = text.match(/(?<="regex":")[^"]*/g) ?? [];
      const prefixes = text.match(/(?<="prefix":")[a-z][^"]*/g) ?? [];
      // 100 instructions: one for each letter and class, some twenty for ".*", and a few around them.
      for (const regex of regexes) expect([regex, regex.length < 70]).toEqual([regex, true]);
      return (name: string) =>
        regexes.some((regex) => new RegExp(`^(?:${regex})$`).test(name)) ||
        prefixes.some((prefix) => name.startsWith(prefix));
    };
    const [direct, behind] = [regexesOf(false), regexesOf(true)];
    for (const name of [
      'user.id',
      'x.forwarded-user',
      'x~real_ip',
      'x.key',
      'x-forwarded-user',
      'x-forwarded-forwarded',
    ])
      expect([name, direct(name), behind(name)]).toEqual([name, true, true]);
    for (const name of ['x-forwarded-for', 'x-forwarded-host', 'x-edge-tenant', 'x-ssl-client-cert'])
      expect([name, direct(name), behind(name)]).toEqual([name, true, false]);
    for (const name of ['user-id', ':path', 'authorization', 'x-tenant'])
      expect([name, direct(name), behind(name)]).toEqual([name, false, false]);
  });

  test('control: finds a misnamed field and an invalid enum value', () => {
    const [document] = documentsOf(
      envoyConfig(settings('envoy', true)).replace('failure_mode_allow', 'failure_mode_open'),
    );
    expect(problems(bootstrap, document, 'b')).toEqual([
      expect.stringContaining('failure_mode_open: envoy.extensions'),
    ]);
    const [other] = documentsOf(envoyConfig(settings('envoy', true)).replace('DROP_HEADER', 'DROP_HEADERS'));
    expect(problems(bootstrap, other, 'b')).toEqual([expect.stringContaining('no DROP_HEADERS')]);
  });
});

test.each([
  ['Istio over HTTP', () => istioConfig(settings('envoy', false)), [undefined, 'AuthorizationPolicy', 'EnvoyFilter']],
  ['Istio over gRPC', () => istioConfig(settings('envoy', true)), [undefined, 'AuthorizationPolicy', 'EnvoyFilter']],
  [
    'Envoy Gateway over HTTP',
    () => envoyGatewayConfig(settings('envoy', false)),
    ['SecurityPolicy', 'ClientTrafficPolicy', 'BackendTrafficPolicy'],
  ],
  [
    'Envoy Gateway over gRPC',
    () => envoyGatewayConfig(settings('envoy', true)),
    ['SecurityPolicy', 'ClientTrafficPolicy', 'BackendTrafficPolicy'],
  ],
  ['the Gateway API', () => gatewayApiConfig(settings('gateway-api', false)), ['HTTPRoute']],
  ['Traefik', () => traefikConfig(settings('traefik', false)), [undefined]],
  [
    'Traefik with pages of sign-in',
    () => traefikConfig({ ...settings('traefik', false), signIn: pages, secret: true }),
    [undefined],
  ],
] as const)('%s: valid YAML', (_, print, kinds) => {
  expect(documentsOf(print()).map((document) => document['kind'])).toEqual(kinds);
});

test.each([
  [
    'nginx',
    () => nginxConfig({ ...settings('nginx', false), signIn: pages, secret: true }),
    /location \/\.rolegate\/ \{/,
  ],
  [
    'Caddy',
    () => caddyConfig({ ...settings('caddy', false), signIn: pages, secret: true }),
    /reverse_proxy \/\.rolegate\/\* /,
  ],
  [
    'HAProxy',
    () => haproxyConfig({ ...settings('haproxy', false), signIn: pages, secret: true }),
    /lua\.rolegate unless \{ path_beg \/\.rolegate\/ \}\n[\s\S]*use_backend rolegate if \{ path_beg \/\.rolegate\/ \}/,
  ],
  ['Traefik', () => traefikConfig({ ...settings('traefik', false), signIn: pages }), /PathPrefix\(`\/\.rolegate\/`\)/],
  ['Envoy', () => envoyConfig({ ...settings('envoy', false), signIn: pages }), /prefix: \/\.rolegate\/\n/],
  [
    'Istio',
    () => istioConfig({ ...settings('envoy', false), signIn: pages }),
    /applyTo: HTTP_ROUTE\n[\s\S]*disabled: true\n[\s\S]*kind: VirtualService\n[\s\S]*prefix: \/\.rolegate\/\n/,
  ],
  [
    'Envoy Gateway',
    () => envoyGatewayConfig({ ...settings('envoy', false), signIn: pages }),
    /kind: HTTPRoute\n[\s\S]*value: \/\.rolegate\n[\s\S]*kind: SecurityPolicy\n/,
  ],
  [
    'the Gateway API',
    () => gatewayApiConfig({ ...settings('gateway-api', false), signIn: pages }),
    /value: \/\.rolegate\n/,
  ],
])('%s sends the pages of sign-in to Rolegate, only if there are any', (_, print, expected) => {
  expect(print()).toMatch(expected);
  expect(settings('envoy', false).signIn).toBeNull();
});

test.each([
  ['Istio', istioConfig, 'envoy', false],
  ['Istio over gRPC', istioConfig, 'envoy', true],
  ['Envoy Gateway', envoyGatewayConfig, 'envoy', false],
  ['the Gateway API', gatewayApiConfig, 'gateway-api', false],
] as const)('%s exempts nothing from the check without pages of sign-in', (_, print, dialect, grpc) => {
  const printed = print(settings(dialect, grpc));
  expect(printed).not.toMatch(/HTTP_ROUTE|disabled|VirtualService|\/\.rolegate/);
  expect(printed.match(/kind: SecurityPolicy/g)?.length ?? 1).toBe(1);
});

describe('with pages of sign-in', () => {
  const rolegate = { name: 'rolegate', namespace: 'edge', port: 8070 };

  test('Istio exempts only the route that leads to Rolegate', () => {
    const [, policy, filter, route] = documentsOf(istioConfig({ ...settings('envoy', false), signIn: pages }));
    expect(policy?.['spec']).toMatchObject({ action: 'CUSTOM', rules: [{}] });
    const { configPatches } = filter!['spec'] as { configPatches: { applyTo: string; match: object; patch: Patch }[] };
    const exempt = configPatches.filter(({ applyTo }) => applyTo === 'HTTP_ROUTE');
    expect(exempt.map(({ match }) => match)).toEqual([
      { context: 'GATEWAY', routeConfiguration: { vhost: { route: { name: 'rolegate-sign-in' } } } },
    ]);
    const ofEnvoy = root.lookupType('envoy.config.route.v3.Route');
    expect(exempt.flatMap(({ patch }) => problems(ofEnvoy, patch.value, 'route'))).toEqual([]);
    expect(route?.['spec']).toEqual({
      hosts: ['app.example.test'],
      gateways: ['gateway'],
      http: [
        {
          name: 'rolegate-sign-in',
          match: [{ uri: { prefix: '/.rolegate/' } }],
          route: [{ destination: { host: 'rolegate.edge.svc', port: { number: 8070 } } }],
        },
      ],
    });
  });

  test('Envoy Gateway exempts only the route that leads to Rolegate', () => {
    const printed = documentsOf(envoyGatewayConfig({ ...settings('envoy', false), signIn: pages }));
    const [security, , , route, exemption] = printed;
    expect(security?.['spec']).toMatchObject({ targetRefs: [{ kind: 'Gateway' }], extAuth: { failOpen: false } });
    expect(route).toMatchObject({
      metadata: { name: 'rolegate-sign-in' },
      spec: {
        hostnames: ['app.example.test'],
        rules: [{ matches: [{ path: { type: 'PathPrefix', value: '/.rolegate' } }], backendRefs: [rolegate] }],
      },
    });
    expect(exemption?.['spec']).toEqual({
      targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'rolegate-sign-in' }],
    });
  });

  test('the rule of the Gateway API without a check leads to Rolegate', () => {
    const [route] = documentsOf(gatewayApiConfig({ ...settings('gateway-api', false), signIn: pages }));
    const { rules } = route!['spec'] as { rules: { filters?: { type: string }[]; backendRefs: object[] }[] };
    const unchecked = rules.filter(({ filters = [] }) => !filters.some(({ type }) => type === 'ExternalAuth'));
    expect(unchecked).toEqual([
      {
        filters: [rules[0]!.filters![0]],
        matches: [{ path: { type: 'PathPrefix', value: '/.rolegate' } }],
        backendRefs: [rolegate],
      },
    ]);
    expect(rules).toHaveLength(2);
  });
});

test('the host of the pages is that of their origin', () => {
  const withPages = parseConfig(
    `version: 1
server: { listen: false }
signIn:
  origin: https://app.example.test
  providers: { corp: { issuer: "https://id.example.test", clientId: rolegate, clientSecret: "\${OIDC_CLIENT_SECRET}" } }
authorizer: { listen: "127.0.0.1:8070", dialects: { envoy: /envoy }, grpc: { listen: "127.0.0.1:8071" } }
routes: [{ id: a, match: { path: /a }, credentials: [session], access: authenticated }]
`,
    { file: 'gateway.yaml', env: { OIDC_CLIENT_SECRET: 'a secret of the client' }, readSecret: () => '' },
  );
  if (!withPages.ok) throw new Error(JSON.stringify(withPages.problems));
  const asked = (grpc: boolean) =>
    proxySettings(withPages.config, 'envoy', { service: 'http://orders:3000', listen: ':8000', grpc }).signIn;
  expect(asked(false)).toEqual({ host: 'app.example.test' });
  // Over gRPC the authorizer serves no pages.
  expect(asked(true)).toBeNull();
});

test('Envoy Gateway, whose number of header fields is fixed, gets the limit for Rolegate that leaves room', () => {
  const printed = (headerCount: number) => envoyGatewayConfig({ ...settings('envoy', true), headerCount });
  const [, most = ''] = /^# .*: set server\.limits\.headers to (\d+) or less/m.exec(printed(100)) ?? [];
  expect(Number(most)).toBeGreaterThan(60);
  expect(printed(Number(most))).not.toContain('server.limits.headers');
  expect(istioConfig(settings('envoy', true))).toMatch(/max_headers_count: 1[23]\d$/m);
});

test('products without header removal by pattern list all patterns', () => {
  expect(gatewayApiConfig(settings('gateway-api', false))).toMatch(
    /^# It cannot remove headers by a pattern, .*: x-edge-\*, ssl-client-\*, x-ssl-client-\*, x-forwarded-\*\.$/m,
  );
  for (const text of [envoyConfig(settings('envoy', true)), envoyGatewayConfig(settings('envoy', true))]) {
    expect(text).not.toContain('It cannot remove');
    expect(text).toMatch(/(?:prefix|value): x-edge-$/m);
  }
});

test('Traefik deletes every other X-Forwarded-*, patterns, and names in other characters, by one short expression', () => {
  const [document] = documentsOf(traefikConfig(settings('traefik', false))) as unknown as [
    { http: { middlewares: { rolegate: { forwardAuth: { authResponseHeadersRegex: string } } } } },
  ];
  const pattern = document.http.middlewares.rolegate.forwardAuth.authResponseHeadersRegex;
  expect(pattern.length).toBeLessThan(500);
  // Without an anchor Go tries it at each character of each name, and without letter case it has more to try.
  expect(pattern).toMatch(/^\^\(\?:.*\)$/);
  const deletes = new RegExp(pattern);
  for (const name of ['User_id', 'X.Edge', 'X-Edge-Tenant', 'X-Ssl-Client-Dn', 'X-Forwarded-User', 'X-Forwarded-Fo'])
    expect([name, deletes.test(name)]).toEqual([name, true]);
  for (const name of ['X-Forwarded-For', 'X-Forwarded-Proto', 'X-Real-Ip', 'User-Id', 'X-Tenant'])
    expect([name, deletes.test(name)]).toEqual([name, false]);
});

test('the Gateway API route removes as many headers as it may and lists the others', () => {
  const text = gatewayApiConfig(settings('gateway-api', false));
  const [route] = documentsOf(text) as unknown as [
    { spec: { rules: { filters: { requestHeaderModifier?: { remove: string[] } }[] }[] } },
  ];
  const { remove } = route.spec.rules[0]!.filters[0]!.requestHeaderModifier!;
  expect(remove).toHaveLength(16);
  expect(remove).toEqual(expect.arrayContaining(['x-key', 'x-tenant', 'x-original-url', 'x-rolegate-authorizer']));
  expect(text).toMatch(/^# A filter removes 16 headers at most, .*true-client-ip/m);
});
