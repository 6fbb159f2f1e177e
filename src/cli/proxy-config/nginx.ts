/** A configuration of nginx with `auth_request`. */
import { ownPaths } from '../../core/credential/sign-in.ts';
import {
  address,
  certificateName,
  headerCase,
  type ProxySettings,
  secretVariable,
  serviceName,
  unremovable,
} from './proxy-settings.ts';

export function nginxConfig(settings: ProxySettings): string {
  const { authorizer, checkPath, identity, credentials, removed, service, listen, webSockets } = settings;
  const upstream = 'path' in authorizer ? `unix:${authorizer.path}` : address(authorizer);
  const decided = [...identity, ...credentials];
  const variable = (name: string) => `$rolegate_${name.replaceAll('-', '_')}`;
  const lines = (indent: number, texts: readonly string[]) =>
    texts.map((text) => `${' '.repeat(indent)}${text}`).join('\n');
  const scheme = settings.tls === null ? 'http' : 'https';
  const waitS = `${settings.waitMs}ms`;
  const check = [
    'proxy_method GET;',
    'proxy_pass_request_body off;',
    'proxy_http_version 1.1;',
    'proxy_set_header Connection "";',
    'proxy_set_header Content-Length "";',
    'proxy_set_header Host rolegate;',
    'proxy_set_header X-Original-Method $request_method;',
    'proxy_set_header X-Original-URI $request_uri;',
    'proxy_set_header X-Original-Host $http_host;',
    'proxy_set_header X-Real-IP $remote_addr;',
    'proxy_set_header X-Forwarded-Proto $scheme;',
    ...(settings.secret
      ? [`proxy_set_header X-Rolegate-Authorizer "${secretVariable}";  # write the secret here`]
      : []),
    ...checkTls(settings),
    'proxy_cache off;',
    `proxy_connect_timeout 1s;`,
    `proxy_read_timeout ${waitS};`,
  ];
  const setBelow = ['x-forwarded-for', 'x-real-ip', 'x-forwarded-proto', 'x-forwarded-host'];
  const toService = [
    'proxy_http_version 1.1;',
    'proxy_set_header Host $http_host;',
    ...(webSockets
      ? ['proxy_set_header Upgrade $rolegate_upgrade;', 'proxy_set_header Connection $rolegate_connection;']
      : ['proxy_set_header Connection "";']),
    'proxy_set_header X-Forwarded-For $remote_addr;',
    'proxy_set_header X-Real-IP $remote_addr;',
    'proxy_set_header X-Forwarded-Proto $scheme;',
    'proxy_set_header X-Forwarded-Host $http_host;',
    ...decided.map((name) => `proxy_set_header ${headerCase(name)} ${variable(name)};`),
    ...removed
      .filter((name) => !name.endsWith('*') && !setBelow.includes(name))
      .map((name) => `proxy_set_header ${headerCase(name)} "";`),
  ];
  const maps = `  # Through any other upgrade, such as h2c, requests would reach the service without a check. One without a key is decided as an
  # ordinary request, and must be one.
  map "$http_sec_websocket_key $http_upgrade" $rolegate_upgrade {
    default "";
    "~*^[^ ]+ websocket$" websocket;
  }
  map $rolegate_upgrade $rolegate_connection {
    default "";
    websocket upgrade;
  }
`;
  return `# nginx checks each request with Rolegate. Printed by "rolegate proxy-config nginx".
${unremovable(settings)}events {}

http {
  upstream rolegate {
    server ${upstream};
    keepalive 32;
  }
  upstream service {
    server ${address(service)};
    keepalive 32;
  }
${webSockets ? maps : ''}
  server {
    listen ${listen.host === '' ? listen.port : address(listen)};
    # Headers such as "user_id" never reach the service.
    underscores_in_headers off;
    ignore_invalid_headers on;
    # The largest "maxBody" of the routes, 0 for unlimited; without it, nginx refuses bodies of more than 1 MB. It receives a body before
    # the service does; "proxy_request_buffering off;" passes it on as it arrives.
    client_max_body_size ${Number.isFinite(settings.maxBodyBytes) ? settings.maxBodyBytes : 0};

    location / {
      auth_request /.rolegate;
${lines(
  6,
  decided.map((name) => `auth_request_set ${variable(name)} $upstream_http_${name.replaceAll('-', '_')};`),
)}

      # The whole refusal, with its status and body. If Rolegate or the service is down, 502 and 503 remain.
      error_page 401 403 500 502 503 504 = @rolegate;

      # Without a path after the name. Otherwise nginx would forward another target than the decided one.
      proxy_pass ${service.tls ? 'https' : 'http'}://service;
${lines(6, [...toService, ...serviceTls(settings)])}
    }

${settings.signIn !== null ? signInPages(settings) : ''}    location = /.rolegate {
      internal;
      proxy_pass ${scheme}://rolegate${checkPath};
${lines(6, check)}
    }

    location @rolegate {
      internal;
      rewrite ^ ${checkPath}/refusal? break;
      proxy_pass ${scheme}://rolegate;
${lines(6, check)}
    }
  }
}
`;
}

/** Files of the machine that nginx runs on. */
const file = (name: string) => `/etc/nginx/${name}.pem`;

/** Without these lines, nginx accepts any certificate. */
const verified = (ca: string, name: string) => [
  'proxy_ssl_verify on;',
  `proxy_ssl_trusted_certificate ${file(ca)};`,
  `proxy_ssl_name ${name};`,
  'proxy_ssl_server_name on;',
];

function serviceTls({ service }: ProxySettings): readonly string[] {
  return service.tls ? verified('service-ca', serviceName(service, 'nginx')) : [];
}

function checkTls({ tls, authorizer }: ProxySettings): readonly string[] {
  if (tls === null) return [];
  return [
    ...verified('rolegate-ca', certificateName(authorizer)),
    ...(tls.clientCertificate
      ? [`proxy_ssl_certificate ${file('nginx')};`, `proxy_ssl_certificate_key ${file('nginx-key')};`]
      : []),
  ];
}

/** Sign-in, callback and sign-out: requests for them are not checked, and never reach the service. */
function signInPages(settings: ProxySettings): string {
  const { secret, tls } = settings;
  const headers = [
    'proxy_http_version 1.1;',
    'proxy_set_header Connection "";',
    'proxy_set_header Host $http_host;',
    'proxy_set_header X-Forwarded-For $remote_addr;',
    'proxy_set_header X-Forwarded-Proto $scheme;',
    'proxy_set_header X-Forwarded-Host $http_host;',
    'proxy_set_header Forwarded "";',
    ...checkTls(settings),
    ...(secret ? [`proxy_set_header X-Rolegate-Authorizer "${secretVariable}";  # write the secret here`] : []),
  ];
  return `    # The pages of sign-in, among them callback and sign-out.
    location ${ownPaths} {
      proxy_pass ${tls === null ? 'http' : 'https'}://rolegate;
${headers.map((line) => `      ${line}`).join('\n')}
    }

`;
}
