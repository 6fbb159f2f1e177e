/** Who is compared: how each is started, and which requests it is measured with. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { goodBearer, goodKey, goodSecret } from './credentials.ts';
import { caddy, haproxy, nginx, type Ports } from './rival-configs.ts';
import { gateway } from './rolegate-config.ts';

/** A command that is started once for all its cases. */
export interface Contender {
  readonly name: string;
  /** Null: this machine does not have it. */
  readonly version: string | null;
  /** Writes what it needs into its folder. */
  command(ports: Ports & { readonly redis: number }): readonly string[];
  /** What it writes to standard output goes here; null: nowhere. */
  readonly logs: string | null;
  readonly cases: readonly Case[];
}

export interface Case {
  readonly name: string;
  readonly what: string;
  readonly request: string;
  /** The same without a good credential, and what it must answer; null: everyone may. */
  readonly refused: { readonly request: string; readonly status: number } | null;
  /** For `{n}` in the request: how many there are. */
  readonly numbers?: number;
  /** Sent in place of `request` every so many times. */
  readonly other?: { readonly request: string; readonly every: number };
}

const headers =
  'Host: api.example.test\r\nUser-Agent: bench/1.0\r\nAccept: application/json\r\nAccept-Encoding: gzip\r\n';
const get = (path: string, credential = '') => `GET ${path} HTTP/1.1\r\n${headers}${credential}\r\n`;
const bearer = `Authorization: Bearer ${goodBearer}\r\n`;
const badBearer = `Authorization: Bearer ${'x'.repeat(64)}\r\n`;
const keyPair = `api-key: ${goodKey}\r\napi-secret: ${goodSecret}\r\n`;
const badPair = `api-key: ${goodKey}\r\napi-secret: ${'x'.repeat(64)}\r\n`;
const manyBearers = `Authorization: Bearer ${goodBearer.slice(0, -12)}{n}\r\n`;

const open = (name: string): Case => ({ name, what: 'bare', request: get('/public/items/7'), refused: null });
const guarded = (path: string, good = bearer, bad = badBearer) => ({
  request: get(path, good),
  refused: { request: get(path, bad), status: 401 },
});

const trace = 'traceparent: 00-{t}-00f067aa0ba902b7-01\r\n';
const json = `{"note":"${'a'.repeat(288)}"}`;
const post = `POST /private/items HTTP/1.1\r\n${headers}${manyBearers}${trace}Content-Type: application/json\r\nContent-Length: ${json.length}\r\n\r\n${json}`;

/**
 * The workloads that count. Mixed, because that is what load balancers send: 200 identities over shared connections, a trace of its
 * own in every request, one POST in ten. Distinct: the same without the POSTs. Repeated: the same bytes every time.
 */
function workloads(name: string, refused = true): readonly Case[] {
  const bad = refused ? { request: get('/private/items/7', badBearer), status: 401 } : null;
  const distinct = get('/private/items/7', manyBearers + trace);
  return [
    {
      ...{ name: `${name} mixed`, what: '200 identities, 10 % POST', request: distinct, refused: bad, numbers: 200 },
      other: { request: post, every: 10 },
    },
    { name: `${name} distinct`, what: '200 identities, GET', request: distinct, refused: bad, numbers: 200 },
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
      what: 'verdict out of Redis each time',
      ...guarded('/private/items/7', manyBearers),
      numbers: 2_000,
    },
  ]),
  nginxOf('nginx-auth', true, [...workloads('nginx auth_request')]),
  {
    name: 'floor',
    version: 'this working copy',
    logs: null,
    command: ({ listen, upstream }) => [
      process.execPath,
      join(import.meta.dirname, 'rivals/floor.mjs'),
      `${listen}`,
      `${upstream}`,
    ],
    cases: workloads('floor', false),
  },
  nginxOf('nginx', false, [open('nginx')]),
  {
    name: 'haproxy',
    version: versionOf('haproxy', ['-v'], /version ([\d.]+)/),
    logs: null,
    command: (ports) => ['haproxy', '-db', '-f', file(ports, 'haproxy.cfg', haproxy(ports))],
    cases: [open('haproxy')],
  },
  caddyOf('caddy-auth', true, [{ name: 'caddy forward_auth', what: 'asks each time', ...guarded('/private/items/7') }]),
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
  return {
    name,
    version: 'this working copy',
    logs: 'access.log',
    command: (ports) => [
      process.execPath,
      'dist/main.js',
      'serve',
      '--config',
      file(ports, 'gateway.yaml', gateway(ports, name === 'rolegate-redis' ? ports.redis : null)),
    ],
    cases,
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
