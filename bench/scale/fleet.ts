/**
 * Three authorizers and a standby, HAProxy as their data plane, an Auth API that counts calls, and a Redis Cluster of three nodes.
 * HAProxy balances checks over HTTP at random or by a consistent hash of the credential, and gRPC connections as TCP.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort, type Processes, startScript, untilListening } from '../processes.ts';
import type { World } from './simulate.ts';
import { adminToken, after, ask } from './three-replicas.ts';

export interface Authorizer {
  readonly http: number;
  readonly grpc: number;
  readonly admin: number;
}

/** Counters of an authorizer. */
export interface Counted {
  readonly checks: number;
  /** Decisions by a verdict from memory. */
  readonly fromMemory: number;
}

export interface Fleet {
  /** The active authorizers, without the standby. */
  readonly replicas: readonly Authorizer[];
  readonly fourth: Authorizer;
  /** Ports of HAProxy, by its way of balancing. */
  readonly places: Readonly<Record<World['balance'] | 'tcp', number>>;
  /** Adds the fourth authorizer. */
  join(): Promise<void>;
  /** Calls to the Auth API so far. */
  calls(): Promise<number>;
  counted(authorizer: Authorizer): Promise<Counted>;
  /** Sends the revocation to one authorizer. */
  revoke(bearer: string): Promise<void>;
  accepts(bearer: string, authorizer: Authorizer): Promise<boolean>;
}

/** Headers of a check over HTTP, as HAProxy's script sends them. */
export const checkHeaders = {
  Host: 'rolegate',
  'X-Original-Method': 'GET',
  'X-Original-URI': '/private/7',
  'X-Original-Host': 'api.example.test',
  'X-Real-IP': '203.0.113.7',
} as const;

export async function startFleet(processes: Processes, main: string, folder: string, world: World): Promise<Fleet> {
  const authApi = (await startScript(processes, 'any', 'scale/auth-api.ts')).port;
  const cluster = await startCluster(processes, folder);
  const authorizers: Authorizer[] = [];
  for (let index = 0; index < world.replicas + 1; index += 1) {
    const places = { http: await freePort(), grpc: await freePort(), admin: await freePort() };
    const config = join(folder, `authorizer-${index}.yaml`);
    writeFileSync(config, configOf(world, places, authApi, cluster));
    const command = [process.execPath, main, 'serve', '--config', config] as const;
    await untilListening(places.admin, processes.start('any', command, ['ignore', 'ignore', 'inherit']));
    authorizers.push(places);
  }
  const places = { random: await freePort(), hashed: await freePort(), tcp: await freePort() };
  const socket = join(folder, 'haproxy.sock');
  writeFileSync(join(folder, 'haproxy.cfg'), haproxyConfig(places, authorizers, socket));
  const haproxy = processes.start('any', ['haproxy', '-db', '-f', join(folder, 'haproxy.cfg')], 'ignore');
  await untilListening(places.tcp, haproxy);
  return {
    replicas: authorizers.slice(0, -1),
    fourth: authorizers.at(-1)!,
    places,
    async join() {
      for (const backend of ['random', 'hashed', 'tcp']) await command(socket, `enable server ${backend}/fourth`);
    },
    calls: async () => Number((await ask(authApi, 'GET', '/counted')).text),
    async counted({ admin }) {
      const { text } = await ask(admin, 'GET', '/metrics', { authorization: `Bearer ${adminToken}` });
      return {
        checks: sumOf(text, /^rolegate_authorizer_checks_total\{.*outcome="allow"/),
        fromMemory: sumOf(text, /^rolegate_decision_duration_seconds_count\{source="memory"/),
      };
    },
    async revoke(bearer) {
      await ask(authApi, 'PUT', `/ended/${bearer}`);
      const headers = { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' };
      const { status } = await ask(authorizers[0]!.admin, 'POST', '/revocations', headers, JSON.stringify({ bearer }));
      if (status !== 202) throw new Error(`the status of a revocation was ${status}`);
    },
    async accepts(bearer, { http }) {
      const headers = { ...checkHeaders, authorization: `Bearer ${bearer}` };
      const { status } = await ask(http, 'GET', '/haproxy', headers);
      if (status !== 200 && status !== 401) throw new Error(`the status of a check was ${status}`);
      return status === 200;
    },
  };
}

function configOf(
  world: World,
  { http, grpc, admin }: Authorizer,
  authApi: number,
  cluster: readonly number[],
): string {
  return `version: 1
server:
  listen: false
  admin: "127.0.0.1:${admin}"
  adminToken: "${adminToken}"
  limits: { headersTimeout: 5m, requestTimeout: 5m }
authorizer:
  listen: "127.0.0.1:${http}"
  dialects: { haproxy: /haproxy }
  grpc: { listen: "127.0.0.1:${grpc}", maxConnectionAge: ${ageS}s }
log: { level: warn, access: false }
authApi: { url: "http://127.0.0.1:${authApi}" }
cache:
  secret: "a secret of the benchmark that is long enough"
  accepted: ${world.acceptedS * 1_000}ms
  refreshAhead: ${world.refreshAhead}
  redis: { cluster: [${cluster.map((port) => `"127.0.0.1:${port}"`).join(', ')}], timeout: 1s }
roles: { user: {} }
routes:
  - { id: private, match: { path: "/private/**" }, access: [user] }
`;
}

/** Maximum age of gRPC connections. */
export const ageS = 2;

function haproxyConfig(places: Fleet['places'], authorizers: readonly Authorizer[], socket: string): string {
  const servers = (port: 'http' | 'grpc') =>
    authorizers
      .map((one, index) =>
        index === authorizers.length - 1
          ? `  server fourth 127.0.0.1:${one[port]} disabled`
          : `  server s${index} 127.0.0.1:${one[port]}`,
      )
      .join('\n');
  const proxy = (name: keyof Fleet['places'], more: string, port: 'http' | 'grpc') => `
frontend ${name}
  bind 127.0.0.1:${places[name]}
  default_backend ${name}
backend ${name}
${more}
${servers(port)}
`;
  return `global
  stats socket ${socket} level admin
defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  http-reuse always
${proxy('random', '  balance random', 'http')}${proxy('hashed', '  balance hdr(authorization)\n  hash-type consistent', 'http')}
defaults
  mode tcp
  timeout connect 2s
  timeout client 60s
  timeout server 60s
${proxy('tcp', '  balance random(1)', 'grpc')}`;
}

/** Ports of three masters. */
async function startCluster(processes: Processes, folder: string): Promise<readonly number[]> {
  const ports: number[] = [];
  for (let index = 0; index < 3; index += 1) {
    const port = await freePort();
    const dir = join(folder, `redis-${port}`);
    mkdirSync(dir);
    const command = ['redis-server', '--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--dir', dir] as const;
    // By default its second port exceeds 65535 for high ports.
    const own = ['--cluster-enabled', 'yes', '--cluster-port', `${await freePort()}`] as const;
    await untilListening(port, processes.start('any', [...command, ...own], 'ignore'));
    ports.push(port);
  }
  const nodes = ports.map((port) => `127.0.0.1:${port}`);
  execFileSync('redis-cli', ['--cluster', 'create', ...nodes, '--cluster-yes'], { stdio: 'ignore' });
  for (const port of ports) {
    while (!execFileSync('redis-cli', ['-p', `${port}`, 'cluster', 'info'], { encoding: 'utf8' }).includes('state:ok'))
      await after(100);
  }
  return ports;
}

/** A command to HAProxy's runtime API. */
function command(socket: string, line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const client = connect({ path: socket });
    let answer = '';
    client.on('data', (part) => {
      answer += part;
    });
    client.on('error', reject);
    client.on('close', () => (answer.trim() === '' ? resolve() : reject(new Error(`HAProxy: ${answer}`))));
    client.write(`${line}\n`);
  });
}

function sumOf(metrics: string, line: RegExp): number {
  const lines = metrics.split('\n').filter((one) => line.test(one));
  return lines.reduce((sum, one) => sum + Number(one.slice(one.lastIndexOf(' ') + 1)), 0);
}
