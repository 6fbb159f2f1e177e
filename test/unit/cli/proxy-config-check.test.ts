/**
 * Mistakes in the configurations of proxies that call the authorizer: each is planted in the printed configuration and
 * must be found. The printed configurations themselves have no findings.
 */
import { describe, expect, test } from 'vitest';
import { caddyConfig } from '../../../src/cli/proxy-config/caddy.ts';
import { checkCaddy } from '../../../src/cli/proxy-config/check/check-caddy.ts';
import { checkEnvoy } from '../../../src/cli/proxy-config/check/check-envoy.ts';
import { checkHaproxy } from '../../../src/cli/proxy-config/check/check-haproxy.ts';
import { checkNginx } from '../../../src/cli/proxy-config/check/check-nginx.ts';
import { checkTraefik } from '../../../src/cli/proxy-config/check/check-traefik.ts';
import { type FindingCode, UnreadableFileError } from '../../../src/cli/proxy-config/check/finding.ts';
import { envoyConfig } from '../../../src/cli/proxy-config/envoy.ts';
import { haproxyConfig } from '../../../src/cli/proxy-config/haproxy.ts';
import { nginxConfig } from '../../../src/cli/proxy-config/nginx.ts';
import { type ProxySettings, proxySettings } from '../../../src/cli/proxy-config/proxy-settings.ts';
import { traefikConfig } from '../../../src/cli/proxy-config/traefik.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';

const text = (more: string) => `
version: 1
server: { listen: "127.0.0.1:8080" }
authorizer:
  listen: "127.0.0.1:8070"
  grpc: { listen: "127.0.0.1:8071" }
  dialects: { nginx: /nginx, caddy: /caddy, haproxy: /haproxy, traefik: /traefik, envoy: /envoy }
${more}
authApi: { url: "http://auth-api:8081" }
upstreams: { service: { targets: ["http://service:3000"] } }
routes:
  - { id: all, match: { path: "/**" }, access: authenticated, upstream: service, websocket: true }
`;

function settingsFor(product: keyof typeof products, more = ''): ProxySettings {
  const read = parseConfig(text(more), { file: 'gateway.yaml', env: {}, readSecret: () => '' });
  if (!read.ok) throw new Error('the configuration of this test has problems');
  const grpc = product === 'envoy-grpc';
  return proxySettings(read.config, grpc ? 'envoy' : product, { listen: ':8000', grpc });
}

const products = {
  nginx: { print: nginxConfig, check: checkNginx },
  caddy: { print: caddyConfig, check: checkCaddy },
  haproxy: { print: haproxyConfig, check: checkHaproxy },
  traefik: { print: traefikConfig, check: checkTraefik },
  envoy: { print: envoyConfig, check: checkEnvoy },
  /** Envoy over gRPC. */
  'envoy-grpc': { print: envoyConfig, check: checkEnvoy },
} as const;
type Product = keyof typeof products;

const all = Object.keys(products) as Product[];
const secret = '  secret: a-secret-of-the-proxies-0123456789abcdef';
const redis =
  'identityHeaders: { x-user: userId, x-user-roles: roles }\ncredentials: { bearerCookie: session, keyPair: false }';

test.each(all.flatMap((name) => ['', secret, redis].map((more) => [name, more] as const)))(
  'finds nothing in the printed configuration of %s %#',
  (name, more) => {
    const settings = settingsFor(name, more);
    expect(products[name].check(products[name].print(settings), settings)).toEqual([]);
  },
);

type Change = readonly [from: string | RegExp, to: string];
type Mistake = readonly [name: string, code: FindingCode, subject: string, ...changes: Change[]];

/** Over HTTP and gRPC. */
const ofEnvoy: readonly Mistake[] = [
  ['no check', 'not_checked', '', [/filters\.http\.ext_authz\.v3\.ExtAuthz/, 'filters.http.fault.v3.HTTPFault']],
  [
    'a route without the check',
    'not_checked',
    '',
    [
      '                          route:\n',
      '                          typed_per_filter_config:\n                            envoy.filters.http.ext_authz:\n                              disabled: true\n                          route:\n',
    ],
  ],
  ['failure_mode_allow', 'outage_opens', '', ['failure_mode_allow: false', 'failure_mode_allow: true']],
  [
    'an outage reported as 403',
    'outage_as_refusal',
    'status_on_error',
    ['code: ServiceUnavailable', 'code: Forbidden'],
  ],
  [
    'a rewritten prefix',
    'path_changed',
    'prefix_rewrite',
    ['cluster: service\n', 'cluster: service\n                            prefix_rewrite: /v1\n'],
  ],
  [
    'an override of the method',
    'override_forwarded',
    'x-http-method-override',
    ['- x-http-method-override\n', '- x-other\n'],
  ],
  ['another upgrade', 'upgrade_forwarded', 'h2c', ['upgrade_type: websocket', 'upgrade_type: h2c']],
  ['a short timeout', 'deadline_short', '', ['timeout: 7s', 'timeout: 0.2s']],
];

const mistakes: Readonly<Record<Product, readonly Mistake[]>> = {
  nginx: [
    [
      'a service over gRPC without a check',
      'not_checked',
      '',
      [
        '    location = /.rolegate {',
        '    location /rpc/ {\n      grpc_pass grpc://service;\n    }\n\n    location = /.rolegate {',
      ],
    ],
    [
      "a service over FastCGI, which receives the client's headers",
      'identity_missing',
      'user-id',
      ['      proxy_pass http://service;', '      fastcgi_pass 127.0.0.1:9000;'],
    ],
    [
      'another path inside a condition',
      'path_changed',
      '',
      [
        '      proxy_pass http://service;',
        '      if ($arg_old) {\n        proxy_pass http://service/old;\n      }\n      proxy_pass http://service;',
      ],
    ],
    ['no check', 'not_checked', '', ['      auth_request /.rolegate;\n', '']],
    [
      'a location without the check',
      'not_checked',
      '',
      [
        '    location = /.rolegate {',
        '    location /files/ {\n      auth_request off;\n      proxy_pass http://service;\n    }\n\n    location = /.rolegate {',
      ],
    ],
    [
      'satisfy any',
      'not_checked',
      'satisfy any',
      ['      auth_request /.', '      satisfy any;\n      auth_request /.'],
    ],
    ['a path on the upstream URL', 'path_changed', '', ['proxy_pass http://service;', 'proxy_pass http://service/;']],
    [
      'a path on the upstream URL, in a variable',
      'path_changed',
      '',
      ['proxy_pass http://service;', 'proxy_pass http://service$uri;'],
    ],
    [
      'a rewrite',
      'path_changed',
      '',
      ['      auth_request /.', '      rewrite ^/v1/(.*)$ /$1 break;\n      auth_request /.'],
    ],
    [
      'an identity header that is not set',
      'identity_missing',
      'groups',
      ['      proxy_set_header Groups $rolegate_groups;\n', ''],
    ],
    [
      'an identity header set from the client',
      'identity_not_from_check',
      'user-id',
      ['User-Id $rolegate_user_id', 'User-Id $http_user_id'],
    ],
    [
      'an identity variable that is never set',
      'identity_not_from_check',
      'user-id',
      ['      auth_request_set $rolegate_user_id $upstream_http_user_id;\n', ''],
    ],
    [
      'headers that a nested location drops',
      'identity_missing',
      'user-id',
      [
        '      proxy_pass http://service;',
        '      location /api/ {\n        proxy_set_header Host $host;\n        proxy_pass http://service;\n      }\n      proxy_pass http://service;',
      ],
    ],
    [
      'a forwarded credential',
      'credential_forwarded',
      'authorization',
      ['      proxy_set_header Authorization $rolegate_authorization;\n', ''],
    ],
    [
      'an override of the method',
      'override_forwarded',
      'x-http-method-override',
      ['      proxy_set_header X-Http-Method-Override "";\n', ''],
    ],
    [
      'underscores',
      'spelling_forwarded',
      'underscores_in_headers',
      ['underscores_in_headers off', 'underscores_in_headers on'],
    ],
    [
      'invalid headers accepted',
      'spelling_forwarded',
      'ignore_invalid_headers',
      ['ignore_invalid_headers on', 'ignore_invalid_headers off'],
    ],
    ['refusals without their body', 'refusal_lost', 'error_page 500', ['401 403 500 502', '401 403 502']],
    [
      'refusals as 200',
      'refusal_bypassed',
      '',
      ['      error_page 401', '      error_page 404 =200 /index.html;\n      error_page 401'],
    ],
    ['a decoded target', 'target_not_raw', 'x-original-uri', ['X-Original-URI $request_uri', 'X-Original-URI $uri']],
    [
      'the method of the check',
      'target_not_raw',
      'x-original-method',
      ['X-Original-Method $request_method', 'X-Original-Method GET'],
    ],
    ['no host', 'field_missing', 'x-original-host', ['      proxy_set_header X-Original-Host $http_host;\n', '']],
    [
      "the address from a client's header",
      'client_forgeable',
      'x-real-ip',
      [
        'X-Real-IP $remote_addr;\n      proxy_set_header X-Forwarded-Proto $scheme;\n      proxy_cache',
        'X-Real-IP $http_x_real_ip;\n      proxy_set_header X-Forwarded-Proto $scheme;\n      proxy_cache',
      ],
    ],
    ['a cache', 'check_cached', '', ['proxy_cache off', 'proxy_cache verdicts']],
    [
      'a check endpoint that clients can reach',
      'check_reachable',
      '',
      ['    location = /.rolegate {\n      internal;', '    location = /.rolegate {'],
    ],
    ['forwarding any upgrade', 'upgrade_forwarded', '', ['Upgrade $rolegate_upgrade', 'Upgrade $http_upgrade']],
    [
      'forwarding any upgrade, in a variable',
      'upgrade_forwarded',
      '',
      ['"~*^[^ ]+ websocket$" websocket;', '"~*^[^ ]+ websocket$" $http_upgrade;'],
    ],
    ['forwarding every upgrade that is present', 'upgrade_forwarded', '', ['default "";', 'default h2c;']],
    [
      'forwarding upgrades to another protocol',
      'upgrade_forwarded',
      '',
      ['"~*^[^ ]+ websocket$" websocket;', '"~*^[^ ]+ websocket$" websocket;\n    "~*^[^ ]+ foo$" foo;'],
    ],
    ['a short timeout', 'deadline_short', '', ['proxy_read_timeout 7000ms', 'proxy_read_timeout 1s']],
    ['another dialect', 'check_path_wrong', '', ['http://rolegate/nginx', 'http://rolegate/caddy']],
  ],
  caddy: [
    ['a check of some paths only', 'not_checked', '/api/*', ['forward_auth ', 'forward_auth /api/* ']],
    ['a check of some requests only', 'not_checked', '@upgrade', ['forward_auth ', 'forward_auth @upgrade ']],
    ['no check', 'not_checked', '', ['forward_auth 127.0.0.1:8070 {', 'log {']],
    [
      'another handler without the check',
      'not_checked',
      '',
      ['\troute {', '\thandle /files/* {\n\t\treverse_proxy files:3000\n\t}\n\troute {'],
    ],
    [
      'a check after the service',
      'not_checked',
      '',
      ['\t\tforward_auth', '\t\treverse_proxy /fast/* service:3000\n\t\tforward_auth'],
    ],
    ['an identity header that is not copied', 'identity_missing', 'groups', ['User-Id Groups ', 'User-Id ']],
    [
      'an identity header copied under another name',
      'identity_missing',
      'user-id',
      ['User-Id Groups', 'User-Id>X-User Groups'],
    ],
    [
      'an identity header set by the configuration',
      'identity_not_from_check',
      'user-id',
      ['reverse_proxy service:3000', 'reverse_proxy service:3000 {\n\t\t\theader_up User-Id {header.User-Id}\n\t\t}'],
    ],
    [
      'a forwarded credential',
      'credential_forwarded',
      'authorization',
      [' Authorization Api-Key', ' Api-Key'],
      [
        '\t\t@no_authorization header_regexp Authorization ^$\n\t\trequest_header @no_authorization -Authorization\n',
        '',
      ],
    ],
    ['a stripped prefix', 'path_changed', '', ['\t\treverse_proxy', '\t\turi strip_prefix /api\n\t\treverse_proxy']],
    ['handle_path', 'path_changed', '', ['\troute {', '\thandle_path /api/* {']],
    [
      'a rewrite at the service',
      'path_changed',
      '',
      ['reverse_proxy service:3000', 'reverse_proxy service:3000 {\n\t\t\trewrite /v2{uri}\n\t\t}'],
    ],
    [
      'another target in the check',
      'target_not_raw',
      'x-forwarded-uri',
      ['\t\t\turi /caddy?', '\t\t\theader_up X-Forwarded-Uri {path}\n\t\t\turi /caddy?'],
    ],
    [
      "the address from a client's header",
      'client_forgeable',
      'x-forwarded-for',
      ['\t\t\turi /caddy?', '\t\t\theader_up X-Forwarded-For {header.X-Real-IP}\n\t\t\turi /caddy?'],
    ],
    [
      "trust in a client's headers",
      'trusts_forwarded',
      '',
      ['\t\t\turi /caddy?', '\t\t\ttrusted_proxies 0.0.0.0/0\n\t\t\turi /caddy?'],
    ],
    [
      'replaced refusals',
      'refusal_bypassed',
      '',
      ['\t\t\turi /caddy?', '\t\t\thandle_response {\n\t\t\t\trespond 200\n\t\t\t}\n\t\t\turi /caddy?'],
    ],
    ['another path', 'check_path_wrong', '', ['uri /caddy?', 'uri /check']],
    ['an override of the path', 'override_forwarded', 'x-original-url', ['\t\trequest_header -X-Original-Url\n', '']],
    ['Connection headers with lists', 'connection_list', '', ['\t\trequest_header @plain -Connection\n', '']],
    ['a cache', 'check_cached', '', ['\t\tforward_auth', '\t\tcache\n\t\tforward_auth']],
    [
      'forwarding any upgrade',
      'upgrade_forwarded',
      '',
      [/.*request_header @(?:websocket|plain) .*Upgrade.*\n/g, ''],
      [/.*request_header @plain .*\n/g, ''],
    ],
    [
      'forwarding every upgrade that is present',
      'upgrade_forwarded',
      '',
      [/@plain \{[\s\S]*?\n\t\t\}\n/, '@plain not header Upgrade *\n'],
    ],
    [
      'an upgrade in a list',
      'upgrade_forwarded',
      '',
      [/@plain \{[\s\S]*?\n\t\t\}\n/, '@plain not header_regexp Upgrade (?i)websocket\n'],
    ],
    ['a second upgrade', 'upgrade_forwarded', '', ['\t\trequest_header @websocket Upgrade websocket\n', '']],
    ['a short timeout', 'deadline_short', '', ['response_header_timeout 7000ms', 'response_header_timeout 2s']],
  ],
  haproxy: [
    [
      'a PCRE expression for another header',
      'override_forwarded',
      'x-original-url',
      [/del-header \^\(user.* -m reg/, 'del-header (?i)^x-other$ -m reg'],
    ],
    ['no check', 'not_checked', '', ['  http-request lua.rolegate\n', '']],
    [
      'a check under a condition',
      'not_checked',
      'if { path_beg /api }',
      ['lua.rolegate\n', 'lua.rolegate if { path_beg /api }\n'],
    ],
    [
      'an allow rule before the check',
      'not_checked',
      '',
      ['  http-request lua.rolegate', '  http-request allow if { src 10.0.0.0/8 }\n  http-request lua.rolegate'],
    ],
    [
      'a second frontend without the check',
      'not_checked',
      '',
      ['\nbackend service', '\nfrontend second\n  bind :8001\n  default_backend service\n\nbackend service'],
    ],
    ['TCP', 'not_checked', 'mode tcp', ['mode http', 'mode tcp']],
    ['an identity header that is not listed', 'identity_missing', 'groups', ['user-id,groups,', 'user-id,']],
    ['a credential that is not listed', 'credential_forwarded', 'api-secret', [',api-secret', '']],
    [
      'an identity header that is set',
      'identity_not_from_check',
      'user-id',
      ['  default_backend', '  http-request set-header User-Id %[req.hdr(x-user)]\n  default_backend'],
    ],
    [
      'a changed path',
      'path_changed',
      '',
      ['  default_backend', '  http-request replace-path /v1/(.*) /\\1\n  default_backend'],
    ],
    [
      'a changed path in the backend',
      'path_changed',
      '',
      ['backend service\n', 'backend service\n  http-request set-path /v2%[path]\n'],
    ],
    [
      'a changed method',
      'path_changed',
      '',
      ['  default_backend', '  http-request set-method POST if { path /x }\n  default_backend'],
    ],
    ['other spellings', 'spelling_forwarded', 'user_id', ['user[^a-z0-9]id|', 'user-id|']],
    ['an override of the path', 'override_forwarded', 'x-rewrite-url', ['x[^a-z0-9]rewrite[^a-z0-9]url|', '']],
    [
      'a cache',
      'check_cached',
      '',
      ['  http-request lua.rolegate', '  http-request cache-use verdicts\n  http-request lua.rolegate'],
    ],
    ['lists in Connection', 'connection_list', '', [/ {2}http-request del-header connection .*\n/, '']],
    ['forwarding any upgrade', 'upgrade_forwarded', '', [/ {2}http-request del-header upgrade .*\n/, '']],
    ['an upgrade in a list', 'upgrade_forwarded', '', ['{ req.hdr_cnt(upgrade) 1 } ', '']],
    ['forwarding every upgrade that is present', 'upgrade_forwarded', '', [' -i websocket', ' -m found']],
    [
      'removing upgrades on some paths only',
      'upgrade_forwarded',
      '',
      [/del-header upgrade unless .*/, 'del-header upgrade if { path_beg /api }'],
    ],
    ['a short timeout', 'deadline_short', '', ['MILLISECONDS 7000', 'MILLISECONDS 500']],
    ['another dialect', 'check_path_wrong', '', ['http://rolegate/haproxy', 'http://rolegate/nginx']],
    [
      'a URL that is set after the script',
      'check_path_wrong',
      '',
      [/( {2}setenv \S+_URL .*\n)([\s\S]*lua-load .*\n)/, '$2$1'],
    ],
    [
      'a list of headers that is replaced',
      'identity_missing',
      'groups',
      ['  lua-load', '  setenv ROLEGATE_CHECK_HEADERS user-id,authorization,api-key,api-secret\n  lua-load'],
    ],
  ],
  traefik: [
    ['no check', 'not_checked', '', [/ {8}- rolegate\n/, '']],
    ['a bare trustForwardHeader', 'trusts_forwarded', '', ['trustForwardHeader: false', 'trustForwardHeader: true']],
    [
      'an insecure entrypoint',
      'trusts_forwarded',
      '',
      ['http:\n', 'entryPoints:\n  web:\n    forwardedHeaders:\n      insecure: true\nhttp:\n'],
    ],
    [
      'trust in every proxy',
      'trusts_forwarded',
      '',
      ['http:\n', 'entryPoints:\n  web:\n    forwardedHeaders:\n      trustedIPs:\n        - 0.0.0.0/0\nhttp:\n'],
    ],
    ['an identity header that is not listed', 'identity_missing', 'groups', ['          - Groups\n', '']],
    ['a credential that is not listed', 'credential_forwarded', 'authorization', ['          - Authorization\n', '']],
    [
      'a stripped prefix after the check',
      'path_changed',
      'stripPrefix',
      ['        - rolegate\n', '        - rolegate\n        - strip\n'],
      ['    rolegate:\n', '    strip:\n      stripPrefix:\n        prefixes:\n          - /v1\n    rolegate:\n'],
    ],
    [
      'an identity header that is set',
      'identity_not_from_check',
      'user-id',
      ['        - rolegate\n', '        - rolegate\n        - set\n'],
      [
        '    rolegate:\n',
        '    set:\n      headers:\n        customRequestHeaders:\n          User-Id: root\n    rolegate:\n',
      ],
    ],
    [
      'a cache',
      'check_cached',
      'httpCache',
      ['        - rolegate\n', '        - fast\n        - rolegate\n'],
      ['    rolegate:\n', '    fast:\n      plugin:\n        httpCache:\n          ttl: 60\n    rolegate:\n'],
    ],
    ['forwarding any upgrade', 'upgrade_forwarded', '', ['        - rolegate-no-upgrade\n', '']],
    ['forwarding any upgrade of WebSockets', 'upgrade_forwarded', '', ['        - rolegate-upgrade\n', '']],
    ['another upgrade', 'upgrade_forwarded', '', ['Upgrade: websocket\n', 'Upgrade: h2c\n']],
    ['another path', 'check_path_wrong', '', [':8070/traefik', ':8070/']],
    ['an override of the path', 'override_forwarded', 'x-original-url', ['          - X-Original-Url\n', '']],
    [
      'a check that does not see the credential',
      'field_missing',
      'api-key',
      ['        maxResponse', '        authRequestHeaders:\n          - Authorization\n        maxResponse'],
    ],
    [
      'an unverified server certificate',
      'check_unverified',
      '',
      ['        maxResponse', '        tls:\n          insecureSkipVerify: true\n        maxResponse'],
    ],
  ],
  envoy: [
    ...ofEnvoy,
    [
      'an RE2 expression for another header',
      'identity_missing',
      'user-id',
      ['- exact: user-id\n', '- safe_regex: { regex: "(?i)user-name" }\n'],
    ],
    [
      'a disabled filter',
      'not_checked',
      '',
      [
        '- name: envoy.filters.http.ext_authz\n',
        '- name: envoy.filters.http.ext_authz\n                    disabled: true\n',
      ],
    ],
    [
      'no status_on_error',
      'outage_as_refusal',
      'status_on_error',
      ['                      status_on_error:\n                        code: ServiceUnavailable\n', ''],
    ],
    ['an identity header that is not listed', 'identity_missing', 'groups', ['- exact: groups\n', '- exact: team\n']],
    [
      'a credential that is not sent',
      'field_missing',
      'api-key',
      [/allowed_headers:([\s\S]*?)- exact: api-key\n/, 'allowed_headers:$1- exact: api-kay\n'],
    ],
    [
      'a client address that is not sent',
      'field_missing',
      'x-forwarded-for',
      ['- exact: x-forwarded-for', '- exact: x-forwarded-fur'],
    ],
    [
      'WebSocket headers that are not sent',
      'field_missing',
      'sec-websocket-key',
      ['- exact: sec-websocket-key', '- exact: sec-websocket'],
    ],
    [
      "the address from a client's header",
      'client_forgeable',
      'use_remote_address',
      ['use_remote_address: true', 'use_remote_address: false'],
    ],
    [
      'a lost target',
      'target_not_raw',
      'path_override',
      ['path_prefix: /envoy', 'path_prefix: /envoy\n                        path_override: /envoy'],
    ],
    ['no prefix', 'check_path_wrong', '', ['                        path_prefix: /envoy\n', '']],
    ['other spellings', 'spelling_forwarded', 'user_id', ['DROP_HEADER', 'ALLOW']],
    [
      'an identity header set by the configuration',
      'identity_not_from_check',
      'user-id',
      [
        '                  request_headers_to_add:\n',
        '                  request_headers_to_add:\n                    - header:\n                        key: User-Id\n                        value: root\n',
      ],
    ],
    [
      'refusals without their headers',
      'refusal_lost',
      'x-error',
      [
        'authorization_response:\n',
        'authorization_response:\n                          allowed_client_headers:\n                            patterns:\n                              - exact: content-type\n',
      ],
    ],
    [
      'a cache',
      'check_cached',
      '',
      [
        '- name: envoy.filters.http.ext_authz\n',
        '- name: envoy.filters.http.cache\n                  - name: envoy.filters.http.ext_authz\n',
      ],
    ],
  ],
  'envoy-grpc': [
    ...ofEnvoy,
    ["Envoy's default timeout", 'deadline_short', '', ['                        timeout: 7s\n', '']],
    [
      'a list without a credential',
      'field_missing',
      'api-key',
      ['encode_raw_headers: true\n', 'allowed_headers: { patterns: [{ prefix: x- }, { exact: authorization }] }\n'],
    ],
    [
      'a credential that is not sent',
      'field_missing',
      'authorization',
      ['encode_raw_headers: true\n', 'disallowed_headers: { patterns: [{ exact: authorization }] }\n'],
    ],
    [
      'another spelling that is not sent',
      'spelling_forwarded',
      'user_id',
      ['encode_raw_headers: true\n', 'disallowed_headers: { patterns: [{ contains: _ }] }\n'],
      ['DROP_HEADER', 'ALLOW'],
    ],
  ],
};

test('there are enough mistakes across five products', () => {
  expect(Object.values(mistakes).flat().length).toBeGreaterThanOrEqual(30);
  for (const rows of Object.values(mistakes)) expect(rows.length).toBeGreaterThanOrEqual(10);
});

test.each(all)('does not call a file that forwards nothing safe: %s', (name) => {
  const comment = '# nothing\n';
  expect(() => products[name].check(comment, settingsFor(name))).toThrow(UnreadableFileError);
});

test('a static Traefik file has no routers', () => {
  const entryPoints = 'entryPoints:\n  web:\n    address: ":80"\n';
  expect(checkTraefik(entryPoints, settingsFor('traefik'))).toEqual([]);
});

describe.each(all)('%s', (product) => {
  const { print, check } = products[product];
  const settings = settingsFor(product);
  const printed = print(settings);

  test.each(mistakes[product].map((row) => [row[0], row] as const))('%s', (_, [, code, subject, ...changes]) => {
    let changed = printed;
    for (const [from, to] of changes) {
      const next = changed.replace(from, to);
      expect(next).not.toBe(changed);
      changed = next;
    }
    const found = check(changed, settings);
    expect(found).toContainEqual({ code, line: expect.any(Number), subject });
    const lines = changed.split('\n').length;
    for (const { line } of found) expect(line > 0 && line <= lines).toBe(true);
  });
});
