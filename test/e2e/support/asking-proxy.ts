/**
 * Real proxies, each with the configuration printed by `rolegate proxy-config`, unchanged. Programs come from a variable such as
 * `ENVOY_BIN`, or from the PATH; `.ci/get-proxies.sh` gets those that Debian does not have.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import type { DialectName } from '../../../src/authorizer/dialect.ts';
import { caddyConfig } from '../../../src/cli/proxy-config/caddy.ts';
import { envoyConfig } from '../../../src/cli/proxy-config/envoy.ts';
import { haproxyConfig } from '../../../src/cli/proxy-config/haproxy.ts';
import { nginxConfig } from '../../../src/cli/proxy-config/nginx.ts';
import { proxySettings } from '../../../src/cli/proxy-config/proxy-settings.ts';
import { traefikConfig } from '../../../src/cli/proxy-config/traefik.ts';
import type { Config } from '../../../src/config/config.ts';
import { freePort } from '../../support/free-port.ts';
import type { GoldenWorld } from '../../support/golden-worlds.ts';
import { sendRaw } from '../../support/raw-client.ts';
import { type RunningCommand, runCommand } from '../../support/running-command.ts';
import { skipHere } from '../../support/skip-here.ts';

export interface AskingProxy {
  readonly port: number;
  /** What it printed so far. */
  output(): string;
  stop(): Promise<void>;
}

interface Product {
  /** Name of the program. */
  readonly program: string;
  readonly version: string;
  /** If the program exists in several versions: the beginning of the one that is meant. */
  readonly release?: string;
  readonly dialect: DialectName;
  readonly print: typeof nginxConfig;
  readonly file: string;
  readonly args: (file: string, folder: string, port: number) => readonly string[];
}

const haproxy = {
  program: 'haproxy',
  version: '-v',
  dialect: 'haproxy',
  print: haproxyConfig,
  file: 'haproxy.cfg',
  args: (file) => ['-db', '-f', file],
} as const satisfies Product;

const envoy = {
  program: 'envoy',
  version: '--version',
  dialect: 'envoy',
  print: envoyConfig,
  file: 'envoy.yaml',
  args: (file) => ['-c', file, '--disable-hot-restart', '--concurrency', '1', '--log-level', 'warning'],
} as const satisfies Product;

const products = {
  nginx: {
    program: 'nginx',
    version: '-v',
    dialect: 'nginx',
    print: nginxConfig,
    file: 'nginx.conf',
    // Where its files are, which a package sets for the one that it starts.
    args: (file, folder) => ['-e', 'stderr', '-p', folder, '-c', file, '-g', `daemon off; pid ${folder}/nginx.pid;`],
  },
  'haproxy-2.6': { ...haproxy, release: '2.6' },
  'haproxy-3.0': { ...haproxy, release: '3.0' },
  caddy: {
    program: 'caddy',
    version: 'version',
    dialect: 'caddy',
    print: caddyConfig,
    file: 'Caddyfile',
    args: (file) => ['run', '--config', file, '--adapter', 'caddyfile'],
  },
  traefik: {
    program: 'traefik',
    version: 'version',
    dialect: 'traefik',
    print: traefikConfig,
    // The printed file is the dynamic part. Traefik reads "traefik.yaml" in its folder as the static one.
    file: 'dynamic.yaml',
    args: (file, _folder, port) => [`--entryPoints.web.address=127.0.0.1:${port}`, `--providers.file.filename=${file}`],
  },
  envoy,
  /** With checks over gRPC. */
  'envoy-grpc': envoy,
} as const satisfies Record<string, Product>;

export type ProductName = keyof typeof products;
export const productNames = Object.keys(products) as ProductName[];

/** A product without its version. */
export type ProductFamily = 'nginx' | 'haproxy' | 'caddy' | 'traefik' | 'envoy' | 'envoy-grpc';
export const familyOf = (name: ProductName): ProductFamily => name.replace(/-[0-9.]+$/, '') as ProductFamily;

/** Null: it is not here. */
function programOf(name: ProductName): string | null {
  const { program, version, release }: Product = products[name];
  const named = process.env[`${program.toUpperCase()}_BIN`];
  const candidates = [
    ...(named === undefined ? [] : [named]),
    ...(release === undefined ? [] : [`${program}-${release}`]),
    program,
  ];
  const here = candidates.find((candidate) => {
    const { error, stdout } = spawnSync(candidate, [version], { encoding: 'utf8' });
    return error === undefined && (release === undefined || stdout.includes(`version ${release}.`));
  });
  return here ?? null;
}

export function requireProduct(name: ProductName): void {
  if (programOf(name) === null)
    skipHere(
      `no ${name.replace('-grpc', '')}: put it on the PATH to try it in front (.ci/get-proxies.sh gets some, on Linux on x86-64)`,
    );
}

/**
 * `service`: base URL. `ports`: where the gateway listens for checks, over HTTP and gRPC; 0: at the socket in its configuration. `flags`:
 * further arguments of the program. `edit`: plants mistakes in the printed configuration.
 */
export async function startAskingProxy(
  name: ProductName,
  config: Config,
  {
    service,
    ports,
    port: chosen,
    flags = [],
  }: {
    readonly service: string;
    readonly ports: Pick<GoldenWorld, 'authorizerPort' | 'grpcPort'>;
    /** Where the proxy listens; if unset, a free one. */
    readonly port?: number;
    readonly flags?: readonly string[];
  },
  edit: (text: string) => string = (text) => text,
): Promise<AskingProxy> {
  const { print, file: fileName, args, dialect }: Product = products[name];
  const program = programOf(name);
  if (program === null) throw new Error(`no ${name}: requireProduct comes first`);
  const port = chosen ?? (await freePort());
  const folder = mkdtempSync(join(tmpdir(), 'rolegate-proxy-'));
  const file = join(folder, fileName);
  const grpc = name === 'envoy-grpc';
  const checks = grpc ? ports.grpcPort : ports.authorizerPort;
  const authorizer = checks === 0 ? {} : { authorizer: `127.0.0.1:${checks}` };
  const options = { service, listen: `127.0.0.1:${port}`, grpc, ...authorizer };
  writeFileSync(file, edit(print(proxySettings(config, dialect, options))));
  writeFileSync(join(folder, 'rolegate.lua'), readFileSync('config/haproxy/rolegate.lua'));
  // Two Caddys cannot share the port of their API.
  const env = {
    HOME: folder,
    XDG_DATA_HOME: folder,
    XDG_CONFIG_HOME: folder,
    CADDY_ADMIN: `127.0.0.1:${await freePort()}`,
  };
  const command: RunningCommand = runCommand(program, [...args(file, folder, port), ...flags], env, { cwd: folder });
  try {
    await vi.waitFor(() => (name === 'traefik' ? routes(port) : opened(port)), { timeout: 15_000, interval: 20 });
  } catch {
    command.signal('SIGKILL');
    throw new Error(`${name} does not listen: ${command.output()}`);
  }
  return {
    port,
    output: command.output,
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

/** Traefik listens before it has read its file, and responds 404 until then. Rolegate refuses this request. */
async function routes(port: number): Promise<void> {
  const { status, header } = await sendRaw(port, 'TRACE / HTTP/1.1\r\nHost: a.test\r\n\r\n');
  if (status === 404 && header('x-error') === undefined) throw new Error('no router yet');
}
