/** The contenders: how each is started, and which requests measure it. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadJob } from '../load/load.ts';
import { badBearer, distinct, get, goodBearer, manyBearers, mixed, withBearer } from '../load/requests.ts';
import { caddy, haproxy, nginx, type Ports } from './rival-configs.ts';
import { gateway, type Variant } from './rolegate-config.ts';

/** A command that is started once for all its cases. */
export interface Contender {
  readonly name: string;
  /** Null: not installed on this machine. */
  readonly version: string | null;
  /** Writes the files that it needs into its folder. */
  command(ports: Ports & { readonly redis: number }): readonly [string, ...string[]];
  /** The file for its standard output; null: discarded. */
  readonly logs: string | null;
  readonly cases: readonly Case[];
}

export interface Case extends Pick<LoadJob, 'request' | 'numbers' | 'other'> {
  readonly name: string;
  readonly what: string;
  /** The same request without an accepted credential, and the status that it must get; null: it needs no credential. */
  readonly refused: { readonly request: string; readonly status: number } | null;
}

const bearer = withBearer(goodBearer);
const keyPair = `api-key: ${'k'.repeat(32)}\r\napi-secret: ${'s'.repeat(64)}\r\n`;
const badPair = `api-key: ${'k'.repeat(32)}\r\napi-secret: ${'x'.repeat(64)}\r\n`;

const open = (name: string): Case => ({ name, what: 'bare', request: get('/public/items/7'), refused: null });
const guarded = (path: string, good = bearer, bad = withBearer(badBearer)) => ({
  request: get(path, good),
  refused: { request: get(path, bad), status: 401 },
});

/** The workloads that count. Mixed is the headline; distinct: the same without POSTs; repeated: the same bytes every time. */
function workloads(name: string, refused = true): readonly Case[] {
  const bad = refused ? guarded('/private/items/7').refused : null;
  return [
    { ...mixed, name: `${name} mixed`, what: '200 identities, 10 % POST', refused: bad },
    { ...distinct, name: `${name} distinct`, what: '200 identities, GET', refused: bad },
    { name: `${name} repeated`, what: 'one GET, repeated', request: get('/private/items/7', bearer), refused: bad },
  ];
}

export const contenders: readonly Contender[] = [
  rolegate('rolegate', [
    { name: 'rolegate public', what: 'public route', request: get('/public/items/7'), refused: null },
    ...workloads('rolegate'),
    { name: 'rolegate key pair', what: 'key pair in memory, role', ...guarded('/private/items/7', keyPair, badPair) },
    { name: 'rolegate conditions', what: 'bearer in memory, role, conditions', ...guarded('/acme/items/7') },
  ]),
  rolegate('rolegate-redis', [
    {
      name: 'rolegate redis',
      what: 'verdict from Redis each time',
      ...guarded('/private/items/7', withBearer(manyBearers)),
      numbers: 2_000,
    },
  ]),
  rolegate('rolegate-signed', [
    { name: 'rolegate signed', what: 'repeated, with a signed identity', ...guarded('/private/items/7') },
  ]),
  // Separate from the others, because its memory is full of identities that are not used again.
  rolegate('rolegate-cold', [
    { name: 'rolegate cold', what: 'a new bearer each time', ...guarded('/private/items/7', withBearer(manyBearers)) },
  ]),
  nginxOf('nginx-auth', true, workloads('nginx auth_request')),
  floorOf('floor', null),
  floorOf('floor-observed', 'access.log'),
  nginxOf('nginx', false, [open('nginx')]),
  {
    name: 'haproxy',
    version: versionOf('haproxy', ['-v'], /version ([\d.]+)/),
    logs: null,
    command: (ports) => ['haproxy', '-db', '-f', file(ports, 'haproxy.cfg', haproxy(ports))],
    cases: [open('haproxy')],
  },
  caddyOf('caddy-auth', true, [
    { name: 'caddy forward_auth', what: 'calls the Auth API', ...guarded('/private/items/7') },
  ]),
  caddyOf('caddy', false, [open('caddy')]),
  ...['http-proxy', 'http-proxy-3', 'httpxy', 'fastify-http-proxy'].map(
    (name): Contender => ({
      name,
      version: nodeModule(name),
      logs: null,
      command: ({ listen, upstream }) => [
        process.execPath,
        join(import.meta.dirname, 'rivals', `${name}.mjs`),
        `${listen}`,
        `${upstream}`,
      ],
      cases: [open(name)],
    }),
  ),
];

function rolegate(name: string, cases: readonly Case[]): Contender {
  const variant = ({ redis }: { readonly redis: number }): Variant => {
    if (name === 'rolegate-redis') return { redis };
    return { signs: name === 'rolegate-signed' };
  };
  return {
    name,
    version: 'this working copy',
    logs: 'access.log',
    command: (ports) => [
      process.execPath,
      'dist/main.js',
      'serve',
      '--config',
      file(ports, 'gateway.yaml', gateway(ports, variant(ports))),
    ],
    cases,
  };
}

/** Our own relays: one only forwards, the other also writes a log line and metrics. */
function floorOf(name: string, logs: string | null): Contender {
  const script = join(import.meta.dirname, 'rivals', `${name}.mjs`);
  return {
    name,
    version: 'this working copy',
    logs,
    command: ({ folder, listen, upstream }) => {
      mkdirSync(folder, { recursive: true });
      return [process.execPath, script, `${listen}`, `${upstream}`];
    },
    cases: workloads(logs === null ? 'floor' : 'floor, log and metrics', false),
  };
}

function nginxOf(name: string, auth: boolean, cases: readonly Case[]): Contender {
  return {
    name,
    version: versionOf('nginx', ['-v'], /nginx\/([\d.]+)/),
    logs: null,
    command: (ports) => [
      'nginx',
      '-e',
      join(ports.folder, 'error.log'),
      '-c',
      file(ports, 'nginx.conf', nginx(ports, auth)),
    ],
    cases,
  };
}

function caddyOf(name: string, auth: boolean, cases: readonly Case[]): Contender {
  return {
    name,
    version: versionOf('caddy', ['version'], /v?([\d.]+)/),
    logs: null,
    command: (ports) => [
      'caddy',
      'run',
      '--adapter',
      'caddyfile',
      '--config',
      file(ports, 'Caddyfile', caddy(ports, auth)),
    ],
    cases,
  };
}

function file({ folder }: Ports, name: string, text: string): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function versionOf(command: string, args: readonly string[], pattern: RegExp): string | null {
  try {
    const output = execFileSync('sh', ['-c', `${command} ${args.join(' ')} 2>&1`], { encoding: 'utf8' });
    return pattern.exec(output)?.[1] ?? null;
  } catch {
    return null;
  }
}

function nodeModule(name: string): string | null {
  const folder = name === 'fastify-http-proxy' ? '@fastify/http-proxy' : name;
  const manifest = join(import.meta.dirname, 'node_modules', folder, 'package.json');
  if (!existsSync(manifest)) return null;
  return /"version": "([^"]+)"/.exec(execFileSync('cat', [manifest], { encoding: 'utf8' }))?.[1] ?? null;
}
