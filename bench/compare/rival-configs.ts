/** Configurations of the rivals that are not Node programs: as their documentation recommends, tuned for kept connections. */

export interface Ports {
  readonly listen: number;
  readonly upstream: number;
  readonly authApi: number;
  /** A separate folder. */
  readonly folder: string;
}

/**
 * `auth`: requests are authorized by a subrequest with a cached verdict, except below `/public`, and logged as usual. The Auth API
 * decides by the role of the path, so a verdict is cached for each.
 */
export function nginx({ listen, upstream, authApi, folder }: Ports, auth: boolean): string {
  const forward = `proxy_pass http://service;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_request_buffering off;`;
  const authorize = auth
    ? `auth_request /_auth;
      auth_request_set $user_id $upstream_http_user_id;
      auth_request_set $groups $upstream_http_groups;
      proxy_set_header user-id $user_id;
      proxy_set_header groups $groups;
      proxy_set_header Authorization "";`
    : '';
  const roles = auth ? 'map $request_uri $role { ~^/admin/ admin; default user; }' : '';
  const verdicts = auth
    ? `location = /_auth {
      internal;
      proxy_pass http://auth_api/api/auth/v2/session?role=$role;
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_cache verdicts;
      proxy_cache_key "$role|$http_authorization|$http_api_key|$http_api_secret";
      proxy_cache_valid 200 30s;
      proxy_cache_valid 401 403 5s;
      proxy_ignore_headers Cache-Control Expires Set-Cookie;
    }
    location /public/ {
      ${forward}
      proxy_set_header Authorization "";
    }`
    : '';
  // If nginx starts as root, its worker would run as a user who cannot write to the folder.
  const user = process.getuid?.() === 0 ? 'user root;\n' : '';
  return `${user}worker_processes 1;
daemon off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log warn;
events { worker_connections 4096; }
http {
  access_log ${auth ? `${folder}/access.log combined buffer=64k flush=1s` : 'off'};
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  proxy_cache_path ${folder}/cache keys_zone=verdicts:10m;
  keepalive_requests 100000000; keepalive_timeout 75s; client_max_body_size 0;
  upstream service { server 127.0.0.1:${upstream}; keepalive 128; keepalive_requests 100000000; }
  upstream auth_api { server 127.0.0.1:${authApi}; keepalive 16; }
  ${roles}
  server {
    listen 127.0.0.1:${listen};
    ${verdicts}
    location / {
      ${authorize}
      ${forward}
    }
  }
}
`;
}

export function haproxy({ listen, upstream }: Ports): string {
  return `global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  option forwardfor
  http-reuse always
frontend f
  bind 127.0.0.1:${listen}
  default_backend b
backend b
  server s 127.0.0.1:${upstream}
`;
}

/** `auth`: the Auth API decides about every request, except below `/public`. */
export function caddy({ listen, upstream, authApi }: Ports, auth: boolean): string {
  const authorize = auth
    ? ['admin', 'user']
        .map(
          (role) => `forward_auth @${role} 127.0.0.1:${authApi} {
    uri /api/auth/v2/session?role=${role}
    copy_headers User-Id Groups
  }`,
        )
        .join('\n  ')
    : '';
  return `{
  admin off
  auto_https off
}
http://:${listen} {
  bind 127.0.0.1
  @admin path /admin/*
  @user not path /admin/* /public/*
  ${authorize}
  reverse_proxy 127.0.0.1:${upstream} {
    transport http {
      keepalive_idle_conns_per_host 128
    }
  }
}
`;
}
