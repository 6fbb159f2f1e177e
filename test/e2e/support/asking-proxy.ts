/**
 * nginx, HAProxy and Caddy of this machine, each with the configuration printed by `rolegate proxy-config`, unchanged.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { caddyConfig } from '../../../src/cli/proxy-config/caddy.ts';
import { envoyConfig } from '../../../src/cli/proxy-config/envoy.ts';
import { haproxyConfig } from '../../../src/cli/proxy-config/haproxy.ts';
import { nginxConfig } from '../../../src/cli/proxy-config/nginx.ts';
import { proxySettings } from '../../../src/cli/proxy-config/proxy-settings.ts';
import { traefikConfig } from '../../../src/cli/proxy-config/traefik.ts';
import type { Config } from '../../../src/config/config.ts';
import { freePort } from '../../support/free-port.ts';
import type { GoldenWorld } from '../../support/golden-worlds.ts';
import { type RunningCommand, runCommand } from '../../support/running-command.ts';
import { skipHere } from '../../support/skip-here.ts';

export interface AskingProxy {
  readonly port: number;
  stop(): Promise<void>;
}

interface Product {
  readonly version: readonly string[];
  readonly print: typeof nginxConfig;
  readonly file: string;
  readonly args: (file: string, folder: string, port: number) => readonly string[];
}

const products = {
  nginx: {
    version: ['-v'],
    print: nginxConfig,
    file: 'nginx.conf',
    // Where its files are, which a package sets for the one that it starts.
    args: (file, folder) => ['-e', 'stderr', '-p', folder, '-c', file, '-g', `daemon off; pid ${folder}/nginx.pid;`],
  },
  haproxy: { version: ['-v'], print: haproxyConfig, file: 'haproxy.cfg', args: (file) => ['-db', '-f', file] },
  caddy: {
    version: ['version'],
    print: caddyConfig,
    file: 'Caddyfile',
    args: (file) => ['run', '--config', file, '--adapter', 'caddyfile'],
  },
  traefik: {
    version: ['version'],
    print: traefikConfig,
    file: 'traefik.yaml',
    // The printed file is the dynamic part.
    args: (file, _folder, port) => [`--entryPoints.web.address=127.0.0.1:${port}`, `--providers.file.filename=${file}`],
  },
  envoy: {
    version: ['--version'],
    print: envoyConfig,
    file: 'envoy.yaml',
    args: (file, _folder, port) => ['-c', file, '--base-id', String(port), '--log-level', 'warning'],
  },
  /** Envoy with gRPC checks. */
  'envoy-grpc': {
    version: ['--version'],
    print: envoyConfig,
    file: 'envoy.yaml',
    args: (file, _folder, port) => ['-c', file, '--base-id', String(port), '--log-level', 'warning'],
  },
} as const satisfies Record<string, Product>;

export type ProductName = keyof typeof products;
export const productNames = Object.keys(products) as ProductName[];
/** Those packaged by Debian. */
export const packagedNames = ['nginx', 'haproxy', 'caddy'] as const satisfies readonly ProductName[];

/** Others are used only if a variable points to them. */
function programOf(name: ProductName): string {
  const program = name === 'envoy-grpc' ? 'envoy' : name;
  return process.env[`${program.toUpperCase()}_BIN`] ?? program;
}

export function requireProduct(name: ProductName): void {
  if (spawnSync(programOf(name), products[name].version).error === undefined) return;
  const isPackaged = packagedNames.some((packaged) => packaged === name);
  skipHere(
    isPackaged
      ? `no ${name}: install it to try it in front`
      : `no ${name}: name a binary in ${name === 'traefik' ? 'TRAEFIK_BIN' : 'ENVOY_BIN'} to try it in front`,
  );
}

/**
 * `service`: base URL. `authorizer`: where the gateway listens for checks, over HTTP and gRPC. `edit`: plants mistakes
 * in the printed configuration.
 */
export async function startAskingProxy(
  name: ProductName,
  config: Config,
  { service, ports }: { readonly service: string; readonly ports: Pick<GoldenWorld, 'authorizerPort' | 'grpcPort'> },
  edit: (text: string) => string = (text) => text,
): Promise<AskingProxy> {
  const { print, file: fileName, args } = products[name];
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'rolegate-proxy-'));
  const file = join(folder, fileName);
  const grpc = name === 'envoy-grpc';
  const authorizer = `127.0.0.1:${grpc ? ports.grpcPort : ports.authorizerPort}`;
  const options = { service, listen: `127.0.0.1:${port}`, authorizer, grpc };
  writeFileSync(file, edit(print(proxySettings(config, grpc ? 'envoy' : name, options))));
  writeFileSync(join(folder, 'rolegate.lua'), readFileSync('config/haproxy/rolegate.lua'));
  // Two Caddys cannot share the port of their API.
  const env = {
    HOME: folder,
    XDG_DATA_HOME: folder,
    XDG_CONFIG_HOME: folder,
    CADDY_ADMIN: `127.0.0.1:${await freePort()}`,
  };
  const command: RunningCommand = runCommand(programOf(name), args(file, folder, port), env, { cwd: folder });
  try {
    await vi.waitFor(() => opened(port), { timeout: 15_000, interval: 20 });
  } catch {
    throw new Error(`${name} does not listen: ${command.output()}`);
  }
  return {
    port,
    async stop() {
      command.signal(name === 'caddy' ? 'SIGKILL' : 'SIGTERM');
      await command.ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function opened(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.destroy();
}
