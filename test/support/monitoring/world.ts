/** Three gateways, an Auth API, two services that can be slow or fail, Redis, and a Prometheus that scrapes all of them. */
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { freePort } from '../free-port.ts';
import { type Processes, untilListening } from '../processes.ts';
import { type Gateway, startGateways } from './gateways.ts';
import { type PrometheusOptions, startPrometheus } from './prometheus.ts';

/** How a service behaves during the run. */
export interface Behavior {
  delayMs: number;
  /** Share of requests that get 500. */
  failing: number;
  healthy: boolean;
  /** Share of requests whose connection is closed without a response. */
  broken: number;
  /** Share of requests that get a second response. */
  repeated: number;
  /** Share of responses that break off in the middle. */
  cut: number;
}

export interface World {
  readonly gateways: readonly Gateway[];
  readonly authApi: Behavior;
  readonly orders: Behavior;
  readonly search: Behavior;
  /** Origin of Prometheus. */
  readonly prometheus: string;
  stopRedis(): Promise<void>;
  /** Redis starts empty. */
  startRedis(): Promise<void>;
}

export async function startWorld(processes: Processes, folder: string, options: PrometheusOptions): Promise<World> {
  const [authApi, orders, search] = [usual(), usual(), usual()];
  const authApiPort = await listen(createServer((request, response) => judge(authApi, request.headers, response)));
  const slowly = (behavior: Behavior) => (request: { url?: string | undefined }, response: ServerResponse) =>
    serve(behavior, request.url ?? '', response);
  const services = {
    orders: [await listen(createServer(slowly(usual()))), await listen(createServer(slowly(orders)))],
    search: [await listen(createServer(slowly(search)))],
  };
  const redisPort = await freePort();
  let redis: ChildProcess;
  const startRedis = async () => {
    redis = processes.start(
      'any',
      ['redis-server', '--port', `${redisPort}`, '--save', '', '--bind', '127.0.0.1'],
      'ignore',
    );
    await untilListening(redisPort, redis);
  };
  const stopRedis = async () => {
    const ended = once(redis, 'exit');
    redis.kill('SIGTERM');
    await ended;
  };
  await startRedis();
  const gateways = await startGateways(processes, folder, { authApi: authApiPort, redis: redisPort, ...services });
  const prometheus = await startPrometheus(processes, folder, gateways, options);
  return { gateways, authApi, orders, search, prometheus, startRedis, stopRedis };
}

const usual = (): Behavior => ({ delayMs: 2, failing: 0, healthy: true, broken: 0, repeated: 0, cut: 0 });

/** An Auth API that accepts only bearers beginning with `user-`, `admin-` or `limited-`. */
function judge(
  { delayMs, healthy }: Behavior,
  headers: NodeJS.Dict<string | string[]>,
  response: ServerResponse,
): void {
  const bearer = /^Bearer ((user|admin|limited)-\S+)$/.exec(String(headers['authorization'] ?? ''));
  setTimeout(() => {
    if (!healthy) response.writeHead(500).end();
    else if (bearer === null) response.writeHead(401, { 'content-type': 'application/json' }).end('{}');
    else response.writeHead(200, { 'content-type': 'application/json' }).end(sessionOf(bearer[1]!, bearer[2]!));
  }, delayMs);
}

function sessionOf(bearer: string, role: string): string {
  const hash = createHash('sha256').update(bearer).digest('hex');
  const id = `${hash.slice(0, 8)}-${hash.slice(8, 12)}-4${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
  const roles = role === 'limited' ? [] : [role];
  const expireAt = Math.floor(Date.now() / 1000) + 86_400;
  return JSON.stringify({ userID: id, sessionID: id, expireAt, verified: true, roles, groups: ['acme'] });
}

function serve(behavior: Behavior, url: string, response: ServerResponse): void {
  const { delayMs, failing, healthy, broken, repeated, cut } = behavior;
  const { socket } = response;
  if (url === '/live') {
    response.writeHead(healthy ? 200 : 503).end();
    return;
  }
  if (Math.random() < broken) {
    socket?.resetAndDestroy();
    return;
  }
  if (Math.random() < cut) {
    response.writeHead(200, { 'content-length': 2 * body.length }).write(body, () => socket?.destroy());
    return;
  }
  const status = Math.random() < failing ? 500 : 200;
  const ended = () =>
    Math.random() < repeated && socket?.write('HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n');
  setTimeout(
    () => response.writeHead(status, { 'content-type': 'application/json' }).end(body, ended),
    delayMs * (0.5 + Math.random()),
  );
}

const body = JSON.stringify({ items: Array.from({ length: 20 }, (_, id) => ({ id, name: `item ${id}` })) });

async function listen(server: Server): Promise<number> {
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
