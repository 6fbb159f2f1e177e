/**
 * The three gateways of a run. Each has a limit that the run can reach, and can be stopped, reconfigured and left without a log
 * reader.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, createWriteStream, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import { type Processes, untilListening } from '../processes.ts';

export const adminToken = 'a-token-of-the-benchmark-only-0123456789';

export interface Gateway {
  readonly port: number;
  readonly admin: number;
  readonly authorizer: number;
  /** Of the current process. */
  pid(): number;
  start(unusual?: Unusual): Promise<void>;
  /** Resolves when the process has ended. */
  stop(): Promise<void>;
  /** Writes its configuration file, changed by `change`; without it, as at the start. */
  configure(change?: (text: string) => string): void;
  /** Whether the run reads its standard output. */
  readLog(reads: boolean): void;
}

/** How a gateway may differ from a normal start. */
export interface Unusual {
  /** A file or device for its standard output; if unset, the run reads it. */
  readonly log?: string;
  /** Its clock is ahead of that of the machine by this time. */
  readonly aheadMs?: number;
}

export interface Ports {
  readonly authApi: number;
  readonly redis: number;
  readonly orders: readonly number[];
  readonly search: readonly number[];
}

/** Connections that the first gateway accepts, and descriptors that the second one may open. */
export const maxConnections = 200;
export const maxDescriptors = 300;

interface Kind {
  readonly workers: number;
  /** A key of `server.limits`; empty: none. */
  readonly limit: string;
  readonly log: string;
  /** Null: the limit of this process. */
  readonly descriptors: number | null;
}

const quiet = '{ level: warn, access: false }';
const kinds: readonly Kind[] = [
  { workers: 1, limit: `connections: ${maxConnections}`, log: quiet, descriptors: null },
  { workers: 1, limit: '', log: '{ level: info }', descriptors: maxDescriptors },
  { workers: 2, limit: 'eventLoopLag: 250ms', log: quiet, descriptors: null },
];

export async function startGateways(processes: Processes, folder: string, ports: Ports): Promise<readonly Gateway[]> {
  const gateways: Gateway[] = [];
  for (const [index, kind] of kinds.entries()) {
    const gateway = await createGateway(processes, join(folder, `gateway-${index}`), kind, ports);
    await gateway.start();
    gateways.push(gateway);
  }
  return gateways;
}

/** `place`: path of its files, without extensions. */
async function createGateway(processes: Processes, place: string, kind: Kind, ports: Ports): Promise<Gateway> {
  const own = { port: await freePort(), admin: await freePort(), authorizer: await freePort() };
  const text = configOf(own, kind, ports);
  const config = `${place}.yaml`;
  writeFileSync(config, text);
  const log = createWriteStream(`${place}.log`);
  const serve = ['src/main.ts', 'serve', '--config', config] as const;
  const limited = ['sh', '-c', 'ulimit -n "$0" && exec "$@"', `${kind.descriptors}`] as const;
  let child: ChildProcess;
  return {
    ...own,
    pid: () => child.pid!,
    async start({ log: to, aheadMs = 0 } = {}) {
      const output = to === undefined ? 'pipe' : openSync(to, 'w');
      const clock = aheadMs === 0 ? [] : ['--import', setClock(aheadMs)];
      const node = [process.execPath, ...clock, ...serve] as const;
      const command = kind.descriptors === null ? node : ([...limited, ...node] as const);
      child = processes.start('measured', command, ['ignore', output, 'inherit']);
      if (typeof output === 'number') closeSync(output);
      child.stdout?.pipe(log, { end: false });
      await untilListening(own.admin, child);
    },
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
    configure: (change = (same) => same) => writeFileSync(config, change(text)),
    readLog(reads) {
      if (reads) child.stdout!.pipe(log, { end: false });
      else child.stdout!.unpipe(log).pause();
    },
  };
}

/** A module that sets the clock of its process. */
function setClock(aheadMs: number): string {
  return `data:text/javascript,const { now } = Date; Date.now = () => now() + ${aheadMs};`;
}

function configOf(
  { port, admin, authorizer }: Pick<Gateway, 'port' | 'admin' | 'authorizer'>,
  { workers, limit, log }: Kind,
  ports: Ports,
): string {
  const targets = (list: readonly number[]) => JSON.stringify(list.map((one) => `http://127.0.0.1:${one}`));
  return `version: 1
server:
  listen: "127.0.0.1:${port}"
  admin: "127.0.0.1:${admin}"
  adminToken: "${adminToken}"
  workers: ${workers}
  trustedProxies: [127.0.0.0/8]
  limits:
    failedAuthentications: { perClient: 60, perKey: 100, window: 1m }
    ${limit}
authorizer: { listen: "127.0.0.1:${authorizer}", dialects: { envoy: /envoy } }
log: ${log}
authApi: { url: "http://127.0.0.1:${ports.authApi}", timeout: 1500ms }
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
  - { id: old-search, match: { path: /old-search }, upstream: search, access: [admin] }
  - { id: pages, match: { path: "/pages/**" }, upstream: orders, access: public }
`;
}
