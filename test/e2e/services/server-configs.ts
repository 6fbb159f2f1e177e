/** Configurations of nginx, Apache and php-fpm for a place. Each returns the path of its file. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Place } from './service.ts';

const isRoot = process.getuid?.() === 0;
/** Debian's user for web servers, which they change to when they start as root. */
const user = 'www-data';

function write({ folder }: Place, name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** It compresses nothing for requests with `Via` unless `gzip_proxied` allows it. */
export const nginxFor = (place: Place): string =>
  write(
    place,
    'nginx.conf',
    `${isRoot ? `user ${user};` : ''}
daemon off;
pid ${place.folder}/nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path ${place.folder}/nginx-bodies;
  proxy_temp_path ${place.folder}/nginx-proxy;
  fastcgi_temp_path ${place.folder}/nginx-fastcgi;
  uwsgi_temp_path ${place.folder}/nginx-uwsgi;
  scgi_temp_path ${place.folder}/nginx-scgi;
  types { text/plain txt; text/html html; }
  default_type application/octet-stream;
  gzip on;
  gzip_types text/plain;
  gzip_proxied any;
  absolute_redirect off;
  client_max_body_size 10m;
  server {
    listen 127.0.0.1:${place.port};
    root ${place.folder}/site;
    location = /empty { return 204; }
    location /stored/ { root ${place.folder}; dav_methods PUT; }
  }
}
`,
  );

const loaded = [
  'mpm_event',
  'authz_core',
  'mime',
  'dir',
  'alias',
  'env',
  'setenvif',
  'filter',
  'deflate',
  'proxy',
  'proxy_fcgi',
  'cgid',
];

export const apacheFor = (place: Place, site: string): string =>
  write(
    place,
    'apache.conf',
    `${loaded.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
${isRoot ? `User ${user}\nGroup ${user}` : ''}
ServerRoot ${place.folder}
ServerName localhost
DefaultRuntimeDir ${place.folder}
PidFile ${place.folder}/apache.pid
ScriptSock ${place.folder}/cgid.sock
ErrorLog ${place.folder}/apache.log
LogLevel crit
Listen 127.0.0.1:${place.port}
TypesConfig /dev/null
AddType text/plain .txt
AddType text/html .html
<Directory />
  Require all granted
</Directory>
${site}`,
  );

/** The site, with PHP for everything that is not a file. */
export const phpSite = ({ folder }: Place): string => `DocumentRoot ${folder}/site
DirectoryIndex index.html
FallbackResource /index.php
AddOutputFilterByType DEFLATE text/plain
SetEnv proxy-sendcl 1
<FilesMatch "\\.php$">
  SetHandler "proxy:unix:${folder}/php-fpm.sock|fcgi://localhost/"
</FilesMatch>
`;

/** The repositories, which belong to another user than that of the server. */
export const gitSite = ({ folder }: Place): string => {
  const backend = join(execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim(), 'git-http-backend');
  return `SetEnv GIT_PROJECT_ROOT ${folder}/repositories
SetEnv GIT_HTTP_EXPORT_ALL 1
SetEnv GIT_CONFIG_COUNT 1
SetEnv GIT_CONFIG_KEY_0 safe.directory
SetEnv GIT_CONFIG_VALUE_0 *
SetEnvIf Git-Protocol ".*" GIT_PROTOCOL=$0
ScriptAlias / ${backend}/
`;
};

export const phpFpmFor = (place: Place): string =>
  write(
    place,
    'php-fpm.conf',
    `[global]
error_log = ${place.folder}/php-fpm.log
log_level = error
[www]
${isRoot ? `user = ${user}\ngroup = ${user}\nlisten.owner = ${user}` : ''}
listen = ${place.folder}/php-fpm.sock
pm = static
pm.max_children = 2
`,
  );
