/**
 * Mistakes in a configuration of nginx that calls the authorizer: each is planted in the printed configuration and must be found. The printed
 * configuration itself has no findings.
 */
import { expect, test } from 'vitest';
import { checkNginx } from '../../../src/cli/proxy-config/check/check-nginx.ts';
import { type FindingCode, UnreadableFileError } from '../../../src/cli/proxy-config/check/finding.ts';
import { nginxConfig } from '../../../src/cli/proxy-config/nginx.ts';
import { proxySettings } from '../../../src/cli/proxy-config/proxy-settings.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';

const text = (more: string) => `
version: 1
server: { listen: "127.0.0.1:8080" }
authorizer:
  listen: "127.0.0.1:8070"
  dialects: { nginx: /nginx }
${more}
authApi: { url: "http://auth-api:8081" }
upstreams: { service: { targets: ["http://service:3000"] } }
routes:
  - { id: all, match: { path: "/**" }, access: authenticated, upstream: service, websocket: true }
`;

function settingsFor(more = '') {
  const read = parseConfig(text(more), { file: 'gateway.yaml', env: {}, readSecret: () => '' });
  if (!read.ok) throw new Error('the configuration of this test has problems');
  return proxySettings(read.config, 'nginx', { listen: ':8000' });
}

test.each([
  '',
  '  secret: a-secret-of-the-proxies-0123456789abcdef',
  'identityHeaders: { x-user: userId, x-user-roles: roles }\ncredentials: { bearerCookie: session, keyPair: false }',
])('finds nothing in the printed configuration %#', (more) => {
  const settings = settingsFor(more);
  expect(checkNginx(nginxConfig(settings), settings)).toEqual([]);
});

const settings = settingsFor();
const printed = nginxConfig(settings);

type Change = readonly [from: string | RegExp, to: string];
type Mistake = readonly [name: string, code: FindingCode, subject: string, ...changes: Change[]];

const mistakes: readonly Mistake[] = [
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
  ['satisfy any', 'not_checked', 'satisfy any', ['      auth_request /.', '      satisfy any;\n      auth_request /.']],
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
  ['an included file', 'not_read', 'include', ['events {}', 'events {}\ninclude /etc/nginx/conf.d/*.conf;']],
  [
    'an included file in a location',
    'not_read',
    'include',
    ['proxy_pass http://service;', 'proxy_pass http://service;\n      include extra;'],
  ],
  [
    'a condition',
    'not_read',
    'if',
    ['proxy_pass http://service;', 'if ($arg_a) { rewrite ^ /b; }\n      proxy_pass http://service;'],
  ],
  ['a script', 'not_read', 'js_content', ['location / {', 'location /x { js_content all.open; }\n    location / {']],
  [
    'another method for the service',
    'not_read',
    'proxy_method',
    ['proxy_pass http://service;', 'proxy_pass http://service;\n      proxy_method POST;'],
  ],
  ['another client address', 'not_read', 'real_ip_header', ['events {}', 'events {}\nreal_ip_header X-Real-IP;']],
];

test.each(mistakes.map((row) => [row[0], row] as const))('%s', (_, [, code, subject, ...changes]) => {
  let changed = printed;
  for (const [from, to] of changes) {
    const next = changed.replace(from, to);
    expect(next).not.toBe(changed);
    changed = next;
  }
  const found = checkNginx(changed, settings);
  expect(found).toContainEqual({ code, line: expect.any(Number), subject });
  const lines = changed.split('\n').length;
  for (const { line } of found) expect(line > 0 && line <= lines).toBe(true);
});

test('does not call a file safe that forwards nothing, or only includes others', () => {
  expect(() => checkNginx('# nothing\n', settings)).toThrow(UnreadableFileError);
  expect(checkNginx('http { include sites/*; }\n', settings)).toEqual([
    { code: 'not_read', line: 1, subject: 'include' },
  ]);
});

test('lines that change nothing for the check are read', () => {
  const more = 'user www-data; worker_processes auto;\nevents { worker_connections 768; }';
  const inner =
    'http {\n  sendfile on; gzip on; ssl_protocols TLSv1.3; types { text/css css; }\n  server { listen 80; return 301 https://$host$request_uri; }';
  const changed = printed.replace('events {}', more).replace('http {', inner);
  expect(checkNginx(changed, settings)).toEqual([]);
});
