/** Three gateways, an Auth API and two services that can be made slow or fail, Redis, and Prometheus that scrapes all. */
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { freePort, type Processes, untilListening } from '../processes.ts';

export const adminToken = 'a-token-of-the-benchmark-only-0123456789';
const repository = new URL('../../', import.meta.url).pathname;

export interface Gateway {
  readonly pid: number;
  readonly port: number;
  readonly admin: number;
  readonly authorizer: number;
  readonly config: string;
}

/** What the tests of a service do to it. */
export interface Behavior {
  delayMs: number;
  /** Share of requests that get 500. */
  failing: number;
  healthy: boolean;
  /** Share of requests whose connection is closed without a response. */
  broken: number;
}

export interface World {
  readonly gateways: readonly Gateway[];
  readonly authApi: Behavior;
  readonly orders: Behavior;
  readonly search: Behavior;
  /** Origin of Prometheus. */
  readonly prometheus: string;
  /** Scrape interval in seconds. */
  readonly everyS: number;
  stopRedis(): void;
  startRedis(): Promise<void>;
  /** Makes the configuration on the disk of a gateway wrong, or right again. */
  spoil(index: number, wrong: boolean): void;
}

/** `rules`: makes the rules that Prometheus loads out of the text of those that operators get. */
export async function startWorld(
  processes: Processes,
  folder: string,
  prometheus: string,
  rules: (text: string) => string = (text) => text,
): Promise<World> {
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
  await startRedis();
  const gateways: Gateway[] = [];
  for (let index = 0; index < 3; index += 1) {
    const place = {
      port: await freePort(),
      admin: await freePort(),
      authorizer: await freePort(),
      config: join(folder, `gateway-${index}.yaml`),
    };
    const text = configOf(place, index === 2 ? 2 : 1, { authApi: authApiPort, redis: redisPort, ...services });
    writeFileSync(place.config, text);
    const log = join(folder, `gateway-${index}.log`);
    const { pid } = await processes.rolegate('serve', place.config, place.admin, log);
    gateways.push({ ...place, pid });
  }
  const everyS = 2;
  const alerts = rules(readFileSync(join(repository, 'monitoring/alerts.yaml'), 'utf8'));
  writeFileSync(join(folder, 'alerts.yaml'), alerts);
  const origin = await startPrometheus(processes, folder, prometheus, everyS, gateways);
  return {
    ...{ gateways, authApi, orders, search, prometheus: origin, everyS, startRedis },
    stopRedis: () => redis.kill('SIGTERM'),
    spoil(index, wrong) {
      const { config } = gateways[index]!;
      if (!wrong) return copyFileSync(`${config}.good`, config);
      copyFileSync(config, `${config}.good`);
      writeFileSync(config, 'version: 1\nroute: []\n');
    },
  };
}

const usual = (): Behavior => ({ delayMs: 2, failing: 0, healthy: true, broken: 0 });

/** An Auth API: bearers of `user-`, `admin-` and `limited-` are good, every other one is not. */
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

function serve({ delayMs, failing, healthy, broken }: Behavior, url: string, response: ServerResponse): void {
  if (url === '/live') {
    response.writeHead(healthy ? 200 : 503).end();
    return;
  }
  if (Math.random() < broken) {
    response.socket?.resetAndDestroy();
    return;
  }
  const status = Math.random() < failing ? 500 : 200;
  setTimeout(
    () => response.writeHead(status, { 'content-type': 'application/json' }).end(body),
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

interface Ports {
  readonly authApi: number;
  readonly redis: number;
  readonly orders: readonly number[];
  readonly search: readonly number[];
}

function configOf({ port, admin, authorizer }: Omit<Gateway, 'pid'>, workers: number, ports: Ports): string {
  const targets = (list: readonly number[]) => JSON.stringify(list.map((one) => `http://127.0.0.1:${one}`));
  return `version: 1
server:
  listen: "127.0.0.1:${port}"
  admin: "127.0.0.1:${admin}"
  adminToken: "${adminToken}"
  workers: ${workers}
  trustedProxies: [127.0.0.0/8]
  limits: { failedAuthentications: { perClient: 60, perKey: 100, window: 1m } }
authorizer: { listen: "127.0.0.1:${authorizer}", dialects: { envoy: /envoy } }
log: { level: warn, access: false }
authApi: { url: "http://127.0.0.1:${ports.authApi}", timeout: 300ms }
cache:
  secret: "a secret of the benchmark that is long enough"
  accepted: 10s
  rejected: 5s
  staleOnOutage: 15s
  redis: { url: "redis://127.0.0.1:${ports.redis}" }
roles: { user: {}, admin: { inherits: [user] } }
upstreams:
  orders: { targets: ${targets(ports.orders)}, health: { path: /live, interval: 2s, timeout: 1s } }
  search: { targets: ${targets(ports.search)}, connections: 8, health: { path: /live, interval: 2s, timeout: 1s } }
routes:
  - { id: order, match: { path: "/orders/{id}" }, upstream: orders, access: { GET: [user], DELETE: [admin] } }
  - { id: tenant, match: { path: "/tenants/{tenant}/orders" }, upstream: orders, access: [user], when: [{ param: tenant, in: identity.groups, reason: wrong_tenant }] }
  - { id: search, match: { path: /search }, upstream: search, access: [user] }
  - { id: old-search, match: { path: /old-search }, upstream: search, access: [admin], mode: shadow }
  - { id: pages, match: { path: "/pages/**" }, upstream: orders, access: public }
`;
}

async function startPrometheus(
  processes: Processes,
  folder: string,
  program: string,
  everyS: number,
  gateways: readonly Gateway[],
): Promise<string> {
  const port = await freePort();
  const file = join(folder, 'prometheus.yml');
  writeFileSync(join(folder, 'token'), adminToken);
  // Named as replicas are, so that pictures do not show ports that were free by chance.
  const targets = gateways.map(({ admin }, index) => ({
    targets: [`127.0.0.1:${admin}`],
    labels: { instance: `gateway-${index + 1}` },
  }));
  writeFileSync(
    file,
    JSON.stringify({
      global: { scrape_interval: `${everyS}s`, evaluation_interval: `${everyS}s` },
      rule_files: ['alerts.yaml'],
      scrape_configs: [
        { job_name: 'rolegate', authorization: { credentials_file: join(folder, 'token') }, static_configs: targets },
      ],
    }),
  );
  const child = processes.start(
    'any',
    [
      program,
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    ['ignore', 'ignore', 'ignore'],
  );
  await untilListening(port, child);
  return `http://127.0.0.1:${port}`;
}
