/** Proxies in front: without authorization, and with the configuration that `rolegate proxy-config` prints. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { DialectName } from '../../src/authorizer/dialect.ts';
import { caddyConfig } from '../../src/cli/proxy-config/caddy.ts';
import { envoyConfig } from '../../src/cli/proxy-config/envoy.ts';
import { haproxyConfig } from '../../src/cli/proxy-config/haproxy.ts';
import { nginxConfig } from '../../src/cli/proxy-config/nginx.ts';
import { proxySettings } from '../../src/cli/proxy-config/proxy-settings.ts';
import { traefikConfig } from '../../src/cli/proxy-config/traefik.ts';
import type { Config } from '../../src/config/config.ts';
import { caddy, haproxy, nginx, type Ports } from '../compare/rival-configs.ts';

interface Product {
  readonly program: string;
  readonly dialect: DialectName;
  readonly file: string;
  readonly asking: typeof nginxConfig;
  /** `asking`: the other configuration. */
  readonly plain: (ports: Ports, asking: string) => string;
  readonly args: (file: string, place: Place) => readonly string[];
}

const envoy: Product = {
  program: 'envoy',
  dialect: 'envoy',
  file: 'envoy.yaml',
  asking: envoyConfig,
  plain: (_, asking) => {
    const document = parse(asking);
    const manager = document.static_resources.listeners[0].filter_chains[0].filters[0].typed_config;
    manager.http_filters = manager.http_filters.slice(-1);
    return stringify(document);
  },
  args: (file) => ['-c', file, '--disable-hot-restart', '--concurrency', '1', '--log-level', 'error'],
};

const products = {
  nginx: {
    program: 'nginx',
    dialect: 'nginx',
    file: 'nginx.conf',
    // Both write the package's access log.
    plain: (ports) =>
      nginx(ports, false)
        .replace(/^(?:worker_processes|daemon|pid) .*\n/gm, '')
        .replace('access_log off;', ''),
    asking: nginxConfig,
    args: (file, { folder }) => [
      ...['-e', join(folder, 'error.log'), '-p', folder, '-c', file],
      ...['-g', `daemon off; worker_processes 1; pid ${join(folder, 'nginx.pid')};`],
    ],
  },
  haproxy: {
    program: 'haproxy',
    dialect: 'haproxy',
    file: 'haproxy.cfg',
    plain: haproxy,
    asking: (settings) => haproxyConfig(settings).replace('global\n', 'global\n  nbthread 1\n'),
    args: (file) => ['-db', '-f', file],
  },
  caddy: {
    program: 'caddy',
    dialect: 'caddy',
    file: 'Caddyfile',
    plain: (ports) => caddy(ports, false),
    asking: caddyConfig,
    args: (file) => ['run', '--adapter', 'caddyfile', '--config', file],
  },
  traefik: {
    program: 'traefik',
    dialect: 'traefik',
    file: 'dynamic.yaml',
    plain: (_, asking) => {
      const document = parse(asking);
      document.http.routers.all.middlewares = [];
      return stringify(document);
    },
    asking: traefikConfig,
    args: (file, { listen }) => [
      `--entryPoints.web.address=127.0.0.1:${listen}`,
      `--providers.file.filename=${file}`,
      '--global.checkNewVersion=false',
    ],
  },
  envoy,
  /** With checks over gRPC. */
  'envoy-grpc': envoy,
} as const satisfies Record<string, Product>;

export type ProxyName = keyof typeof products;
export const proxyNames = Object.keys(products) as ProxyName[];

/** Name of the program that runs it. */
export const programOf = (name: ProxyName): string => products[name].program;

/** Two Caddys cannot share the port of their API. */
export const proxyEnvironment = (folder: string, apiPort: number): Readonly<Record<string, string>> => ({
  HOME: folder,
  XDG_DATA_HOME: folder,
  XDG_CONFIG_HOME: folder,
  CADDY_ADMIN: `127.0.0.1:${apiPort}`,
});

export interface Place {
  readonly listen: number;
  readonly service: number;
  /** Where Rolegate listens for checks, of this proxy's kind. */
  readonly authorizer: number;
  readonly folder: string;
}

/** Writes its configuration and returns the arguments that start it. `asks`: it checks requests with Rolegate. */
export function proxyArguments(name: ProxyName, place: Place, config: Config, asks = true): readonly string[] {
  const { listen, service, authorizer } = place;
  const { file, plain, asking, args, dialect }: Product = products[name];
  const folder = join(place.folder, `${name}-${asks ? 'asking' : 'alone'}`);
  mkdirSync(folder, { recursive: true });
  const options = {
    service: `http://127.0.0.1:${service}`,
    listen: `127.0.0.1:${listen}`,
    authorizer: `127.0.0.1:${authorizer}`,
    grpc: name === 'envoy-grpc',
  };
  const printed = asking(proxySettings(config, dialect, options)).replace(
    'lua-load rolegate.lua',
    `lua-load ${join(folder, 'rolegate.lua')}`,
  );
  const path = join(folder, file);
  writeFileSync(path, asks ? printed : plain({ listen, upstream: service, authApi: service, folder }, printed));
  writeFileSync(join(folder, 'rolegate.lua'), readFileSync('config/haproxy/rolegate.lua'));
  return args(path, { ...place, folder });
}
