/** The contenders: how each is started, and which requests measure it. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ProxyName, programOf, proxyArguments, proxyEnvironment } from '../authorizers/proxies.ts';
import { type Found, findProgram } from '../programs.ts';
import { type Case, check, mixedOf, mixedOfTokens, open, own, relayedBy, repeatedOf } from './cases.ts';
import { heimdall, oathkeeper, oauth2Proxy } from './gateway-configs.ts';
import { caddy, haproxy, nginx, type Ports as RivalPorts } from './rival-configs.ts';
import { gateway, parsed } from './rolegate-config.ts';

/** Figures of another run. */
export interface Earlier {
  readonly version: string;
  readonly date: string;
  readonly cpuUs: number;
  readonly perSecond: number;
  readonly megabytes: number;
}

export interface Ports extends RivalPorts {
  readonly redis: number;
  /** Of the endpoint with the key of JWTs. */
  readonly keys: number;
  /** Free, for what else it listens on. */
  readonly others: readonly [number, number, number];
}

export interface Program {
  readonly command: readonly [string, ...string[]];
  /** It listens there when it is ready. */
  readonly port: number;
  readonly env?: Readonly<Record<string, string>>;
  /** The file for its standard output; if unset: discarded. */
  readonly logs?: string;
}

/** Started once for all its cases. The run, the table, the chart and the page follow from what is declared here. */
export interface Contender {
  readonly name: string;
  /** Called only if it is wanted. */
  find(): Found;
  /** In the order in which they start, with files written into its folder. `path`: of the program that was found. */
  programs(ports: Ports, path: string): readonly Program[];
  readonly cases: readonly Case[];
  /** Shown if it is not measured. */
  readonly earlier?: Earlier;
}

export const contenders: readonly Contender[] = [
  rolegate('rolegate', [
    own.public,
    mixedOf('rolegate'),
    repeatedOf('rolegate'),
    own.split,
    own.keyPair,
    own.conditions,
  ]),
  rolegate('rolegate-redis', [own.redis], ({ redis, ...ports }) => gateway(ports, { redis })),
  rolegate('rolegate-signed', [own.signed], (ports) => gateway(ports, { signs: true })),
  // Separate from the others, because its memory is full of identities that are not used again.
  rolegate('rolegate-cold', [own.cold]),
  rolegate('rolegate-checks', [check.kept, check.reconnecting], ({ listen, others: [proxy, grpc], ...ports }) =>
    gateway({ ...ports, listen: proxy }, { checks: { http: listen, grpc } }),
  ),
  nginxOf('nginx-auth', true, [mixedOf('nginx auth_request'), repeatedOf('nginx auth_request')]),
  asking('traefik', 'Traefik with Rolegate'),
  asking('envoy', 'Envoy with Rolegate, HTTP'),
  asking('envoy-grpc', 'Envoy with Rolegate, gRPC'),
  caddyOf('caddy-auth', true, [mixedOf('Caddy forward_auth')]),
  {
    name: 'oauth2-proxy',
    find: () => findProgram('oauth2-proxy'),
    programs: (ports, path) => [{ port: ports.listen, command: [path, ...oauth2Proxy(ports)] }],
    cases: [mixedOfTokens('oauth2-proxy')],
  },
  {
    name: 'heimdall',
    find: () => findProgram('heimdall'),
    programs: (ports, path) => {
      const { config, rules } = heimdall(ports);
      write(ports, 'rules.yaml', rules);
      const command = [path, 'serve', 'proxy', '-c', write(ports, 'heimdall.yaml', config), '--insecure'] as const;
      return [{ port: ports.listen, command, logs: 'access.log' }];
    },
    cases: [mixedOf('Heimdall')],
    earlier: { version: '0.17.18', date: 'November 2026', cpuUs: 191, perSecond: 4_683, megabytes: 77 },
  },
  {
    name: 'oathkeeper',
    find: () => findProgram('oathkeeper'),
    programs: (ports, path) => {
      const { config, rules } = oathkeeper(ports);
      write(ports, 'rules.json', rules);
      const command = [path, 'serve', '-c', write(ports, 'oathkeeper.yaml', config)] as const;
      return [{ port: ports.listen, command, logs: 'access.log' }];
    },
    cases: [mixedOf('Oathkeeper')],
    earlier: { version: '26.2', date: 'November 2026', cpuUs: 612, perSecond: 1_561, megabytes: 94 },
  },
  floorOf('floor', 'floor'),
  floorOf('floor-observed', 'floor, log and metrics', 'access.log'),
  nginxOf('nginx', false, [open('nginx')]),
  {
    name: 'haproxy',
    find: () => findProgram('haproxy'),
    programs: (ports, path) => [
      { port: ports.listen, command: [path, '-db', '-f', write(ports, 'haproxy.cfg', haproxy(ports))] },
    ],
    cases: [open('haproxy')],
  },
  caddyOf('caddy', false, [open('caddy')]),
  ...['http-proxy', 'http-proxy-3', 'httpxy', 'fastify-http-proxy'].map(
    (name): Contender => ({
      name,
      find: () => nodeModule(name),
      programs: (ports) => [relay(ports, `${name}.mjs`)],
      cases: [open(name)],
    }),
  ),
];

function workingCopy(): Found {
  return { path: process.execPath, version: 'this working copy' };
}

function rolegate(
  name: string,
  cases: readonly Case[],
  configOf: (ports: Ports) => string = (ports) => gateway(ports),
): Contender {
  return { name, find: workingCopy, programs: (ports) => [served(ports, configOf(ports), ports.listen)], cases };
}

function served(ports: Ports, config: string, port: number): Program {
  const file = write(ports, 'gateway.yaml', config);
  return { port, command: [process.execPath, 'dist/main.js', 'serve', '--config', file], logs: 'access.log' };
}

/** A proxy that checks every request with Rolegate, as `rolegate proxy-config` configures it. Both count. */
function asking(name: ProxyName, title: string): Contender {
  return {
    name,
    find: () => findProgram(programOf(name)),
    programs: (ports, path) => {
      const { listen, upstream, folder, others } = ports;
      const [checks, grpc, api] = others;
      const config = gateway({ ...ports, listen: api }, { checks: { http: checks, grpc } });
      const place = { listen, service: upstream, authorizer: name === 'envoy-grpc' ? grpc : checks, folder };
      const args = proxyArguments(name, place, parsed(config));
      return [
        served(ports, config, grpc),
        { port: listen, command: [path, ...args], env: proxyEnvironment(folder, api) },
      ];
    },
    cases: [mixedOf(title)],
  };
}

/** Our own relays: one only forwards, the other also writes a log line and metrics. */
function floorOf(name: string, title: string, logs?: string): Contender {
  return {
    name,
    find: workingCopy,
    programs: (ports) => [{ ...relay(ports, `${name}.mjs`), ...(logs === undefined ? {} : { logs }) }],
    cases: relayedBy(title),
  };
}

function relay({ listen, upstream }: Ports, script: string): Program {
  const file = join(import.meta.dirname, 'rivals', script);
  return { port: listen, command: [process.execPath, file, `${listen}`, `${upstream}`] };
}

function nginxOf(name: string, auth: boolean, cases: readonly Case[]): Contender {
  return {
    name,
    find: () => findProgram('nginx'),
    programs: (ports, path) => {
      const file = write(ports, 'nginx.conf', nginx(ports, auth));
      return [{ port: ports.listen, command: [path, '-e', join(ports.folder, 'error.log'), '-c', file] }];
    },
    cases,
  };
}

function caddyOf(name: string, auth: boolean, cases: readonly Case[]): Contender {
  return {
    name,
    find: () => findProgram('caddy'),
    programs: (ports, path) => {
      const file = write(ports, 'Caddyfile', caddy(ports, auth));
      return [{ port: ports.listen, command: [path, 'run', '--adapter', 'caddyfile', '--config', file] }];
    },
    cases,
  };
}

function write({ folder }: Ports, name: string, text: string): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function nodeModule(name: string): Found {
  const folder = name === 'fastify-http-proxy' ? '@fastify/http-proxy' : name;
  const manifest = join(import.meta.dirname, 'node_modules', folder, 'package.json');
  if (!existsSync(manifest)) return { missing: 'npm ci --prefix bench/compare installs it' };
  const version = /"version": "([^"]+)"/.exec(execFileSync('cat', [manifest], { encoding: 'utf8' }))?.[1];
  return { path: process.execPath, version: version ?? 'unknown' };
}
