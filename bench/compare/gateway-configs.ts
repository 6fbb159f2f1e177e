/** Configurations of the gateways that are compared: the same three routes, as their documentation has them. Logs of requests are on. */
import { stringify } from 'yaml';
import type { Ports } from './contenders.ts';
import { audience, issuer } from './token-issuer.ts';

/** It accepts no opaque tokens, and has no rules for roles. */
export function oauth2Proxy({ listen, upstream, keys }: Ports): readonly string[] {
  const here = (port: number, path = '') => `http://127.0.0.1:${port}${path}`;
  return [
    `--http-address=127.0.0.1:${listen}`,
    `--upstream=${here(upstream)}`,
    '--provider=oidc',
    `--oidc-issuer-url=${issuer}`,
    '--skip-oidc-discovery',
    `--oidc-jwks-url=${here(keys, '/keys')}`,
    `--login-url=${here(keys, '/login')}`,
    `--redeem-url=${here(keys, '/token')}`,
    `--client-id=${audience}`,
    '--client-secret=unused',
    `--cookie-secret=${'c'.repeat(32)}`,
    '--email-domain=*',
    '--skip-jwt-bearer-tokens',
    '--skip-auth-route=^/public/',
    // Otherwise it redirects to a sign-in page.
    '--api-route=^/',
    '--silence-ping-logging',
  ];
}

/** It asks the same Auth API as Rolegate, and keeps results as long. */
export function heimdall({ listen, upstream, authApi, folder, others: [management] }: Ports): Files {
  const role = (name: string) => ({
    id: name,
    type: 'cel',
    config: { expressions: [{ expression: `Subject.Attributes.roles.exists(role, role == "${name}")` }] },
  });
  const config = {
    log: { format: 'gelf', level: 'info' },
    metrics: { enabled: false },
    tracing: { enabled: false },
    serve: { host: '127.0.0.1', port: listen },
    management: { host: '127.0.0.1', port: management },
    mechanisms: {
      authenticators: [
        { id: 'anonymous', type: 'anonymous' },
        { id: 'nobody', type: 'unauthorized' },
        {
          id: 'session',
          type: 'generic',
          config: {
            identity_info_endpoint: { url: `http://127.0.0.1:${authApi}/api/auth/v2/session`, method: 'GET' },
            authentication_data_source: [{ header: 'Authorization', scheme: 'Bearer' }],
            forward_headers: ['Authorization'],
            principal: { id: 'userID' },
            cache_ttl: '30s',
          },
        },
      ],
      authorizers: [role('user'), role('admin')],
      finalizers: [
        { id: 'none', type: 'noop' },
        { id: 'user_id', type: 'header', config: { headers: { 'User-Id': '{{ .Subject.ID }}' } } },
      ],
    },
    default_rule: { execute: [{ authenticator: 'nobody' }] },
    providers: { file_system: { src: `${folder}/rules.yaml` } },
  };
  const rule = (id: string, path: string, execute: readonly object[]) => ({
    id,
    match: { http: { paths: [{ path }], methods: ['GET', 'POST'] } },
    forward_to: { host: `127.0.0.1:${upstream}` },
    execute,
  });
  const access = (name: string) => [{ authenticator: 'session' }, { authorizer: name }, { finalizer: 'user_id' }];
  const rules = [
    rule('public', '/public/**', [{ authenticator: 'anonymous' }, { finalizer: 'none' }]),
    rule('private', '/private/**', access('user')),
    rule('admin', '/admin/**', access('admin')),
  ];
  return { config: stringify(config), rules: stringify({ version: '1beta1', rules }) };
}

/** Its results of opaque tokens are cached only with introspection. Scopes are its roles. */
export function oathkeeper({ listen, upstream, authApi, folder, others: [api, prometheus] }: Ports): Files {
  const config = {
    serve: {
      proxy: { host: '127.0.0.1', port: listen },
      api: { host: '127.0.0.1', port: api },
      prometheus: { host: '127.0.0.1', port: prometheus },
    },
    access_rules: { repositories: [`file://${folder}/rules.json`], matching_strategy: 'regexp' },
    authenticators: {
      anonymous: { enabled: true },
      oauth2_introspection: {
        enabled: true,
        config: {
          introspection_url: `http://127.0.0.1:${authApi}/introspect`,
          scope_strategy: 'exact',
          cache: { enabled: true, ttl: '30s', max_cost: 10_000 },
        },
      },
    },
    authorizers: { allow: { enabled: true } },
    mutators: {
      noop: { enabled: true },
      header: { enabled: true, config: { headers: { 'User-Id': '{{ print .Subject }}' } } },
    },
    errors: { fallback: ['json'], handlers: { json: { enabled: true, config: {} } } },
  };
  const rule = (id: string, role: string | null) => ({
    id,
    upstream: { url: `http://127.0.0.1:${upstream}` },
    match: { url: `http://<[^/]+>/${id}/<.*>`, methods: ['GET', 'POST'] },
    authenticators: [
      role === null
        ? { handler: 'anonymous' }
        : { handler: 'oauth2_introspection', config: { required_scope: [role] } },
    ],
    authorizer: { handler: 'allow' },
    mutators: [{ handler: role === null ? 'noop' : 'header' }],
  });
  const rules = [rule('public', null), rule('private', 'user'), rule('admin', 'admin')];
  return { config: stringify(config), rules: JSON.stringify(rules) };
}

interface Files {
  readonly config: string;
  readonly rules: string;
}
