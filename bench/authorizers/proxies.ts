/** nginx, HAProxy and Caddy: without authorization, and with the configuration that `rolegate proxy-config` prints. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { caddyConfig } from '../../src/cli/proxy-config/caddy.ts';
import { haproxyConfig } from '../../src/cli/proxy-config/haproxy.ts';
import { nginxConfig } from '../../src/cli/proxy-config/nginx.ts';
import { proxySettings } from '../../src/cli/proxy-config/proxy-settings.ts';
import type { Config } from '../../src/config/config.ts';
import { caddy, haproxy, nginx, type Ports } from '../compare/rival-configs.ts';

export const proxyNames = ['nginx', 'haproxy', 'caddy'] as const;
export type ProxyName = (typeof proxyNames)[number];

interface Product {
  readonly file: string;
  readonly plain: (ports: Ports) => string;
  readonly asking: typeof nginxConfig;
  readonly command: (file: string, folder: string) => readonly [string, ...string[]];
}

const products: Readonly<Record<ProxyName, Product>> = {
  nginx: {
    file: 'nginx.conf',
    // Both write the package's access log.
    plain: (ports) =>
      nginx(ports, false)
        .replace(/^(?:worker_processes|daemon|pid) .*\n/gm, '')
        .replace('access_log off;', ''),
    asking: nginxConfig,
    command: (file, folder) => [
      'nginx',
      ...['-e', join(folder, 'error.log'), '-p', folder, '-c', file],
      ...['-g', `daemon off; worker_processes 1; pid ${join(folder, 'nginx.pid')};`],
    ],
  },
  haproxy: {
    file: 'haproxy.cfg',
    plain: haproxy,
    asking: haproxyConfig,
    command: (file) => ['haproxy', '-db', '-f', file],
  },
  caddy: {
    file: 'Caddyfile',
    plain: (ports) => caddy(ports, false),
    asking: caddyConfig,
    command: (file) => ['caddy', 'run', '--adapter', 'caddyfile', '--config', file],
  },
};

export interface Place {
  readonly listen: number;
  readonly service: number;
  readonly authorizer: number;
  readonly folder: string;
}

/** Writes its configuration and returns the command that starts it. `config` null: it forwards without authorization. */
export function proxyCommand(name: ProxyName, place: Place, config: Config | null): readonly [string, ...string[]] {
  const { listen, service, authorizer } = place;
  const { file, plain, asking, command } = products[name];
  const folder = join(place.folder, `${name}-${config === null ? 'alone' : 'asking'}`);
  mkdirSync(folder, { recursive: true });
  const options = {
    service: `http://127.0.0.1:${service}`,
    listen: `127.0.0.1:${listen}`,
    authorizer: `127.0.0.1:${authorizer}`,
  };
  const text =
    config === null
      ? plain({ listen, upstream: service, authApi: service, folder })
      : asking(proxySettings(config, name, options)).replace(
          'lua-load rolegate.lua',
          `lua-load ${join(folder, 'rolegate.lua')}`,
        );
  const path = join(folder, file);
  writeFileSync(
    path,
    name === 'haproxy' && config !== null ? text.replace('global\n', 'global\n  nbthread 1\n') : text,
  );
  writeFileSync(join(folder, 'rolegate.lua'), readFileSync('config/haproxy/rolegate.lua'));
  return command(path, folder);
}
