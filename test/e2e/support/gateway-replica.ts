/** Gateway processes as replicas of one installation, with their observable state. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createConfigFolder } from '../../support/config-folder.ts';
import { type RunningCommand, runCommand, runRolegate } from '../../support/running-command.ts';

export interface ReplicaSettings {
  /** Origin of the Auth API, or several as a YAML list. */
  readonly authApi: string;
  /** Port of the service. */
  readonly service: number;
  /** Keys of `cache` besides its secret, one `key: value` per line. */
  readonly cache: readonly string[];
  /** Further keys of `server`; `oneClientMaySendAll` by default. */
  readonly serverKeys?: readonly string[];
  /** Further keys of `authApi`. */
  readonly authApiKeys?: readonly string[];
  /** Keys of `credentials`. */
  readonly credentials?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

export interface GatewayReplica {
  readonly port: number;
  readonly pid: number;
  readonly process: RunningCommand;
  /** `POST /revocations`; the status, and the time of the response by `performance.now()`. */
  revoke(body: object): Promise<{ readonly status: number; readonly text: string; readonly atMs: number }>;
  metrics(): Promise<Metrics>;
  /** Resident memory in bytes. */
  residentBytes(): number;
  stop(): Promise<void>;
}

/** One scrape. */
export interface Metrics {
  readonly text: string;
  /** Sum of the series of a metric whose labels include all of these; 0 without any. */
  sum(name: string, labels?: Readonly<Record<string, string>>): number;
}

/** Shared by every replica that these tests start. */
export const cacheSecret = 'a secret that the replicas of these tests share';
const adminToken = randomBytes(24).toString('hex');
const startedLine = /"listen":\{[^}]*"port":(\d+)\},"admin":\{[^}]*"port":(\d+)\}/;

export async function startReplica(settings: ReplicaSettings): Promise<GatewayReplica> {
  const folder = createConfigFolder();
  const process_ = runRolegate(['serve', '--config', folder.write('gateway.yaml', configText(settings))], {
    NODE_COMPILE_CACHE: 'node_modules/.cache/rolegate/code',
    ...settings.env,
  });
  void process_.ended.then(() => folder.remove());
  const [, listen, admin] = await started(process_);
  const adminUrl = `http://127.0.0.1:${admin}`;
  const headers = { authorization: `Bearer ${adminToken}` };
  return {
    port: Number(listen),
    pid: process_.pid,
    process: process_,
    async revoke(body) {
      const answer = await fetch(`${adminUrl}/revocations`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      const atMs = performance.now();
      return { status: answer.status, text: await answer.text(), atMs };
    },
    async metrics() {
      return readMetrics(await (await fetch(`${adminUrl}/metrics`, { headers })).text());
    },
    residentBytes: () => residentBytes(process_.pid),
    async stop() {
      process_.signal('SIGKILL');
      await process_.ended;
    },
  };
}

/** Several replicas start at once, which takes longer than one wait on a busy machine. */
async function started(command: RunningCommand): Promise<RegExpExecArray> {
  for (let waits = 1; ; waits += 1) {
    try {
      return await command.see(startedLine);
    } catch (error) {
      if (waits === 4) throw error;
    }
  }
}

/** The service of all replicas; its port. */
export async function startEchoService(): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const command = runCommand(process.execPath, ['test/e2e/support/echo-service-process.ts']);
  const [, port] = await command.see(/service on (\d+)/);
  return {
    port: Number(port),
    async stop() {
      command.signal('SIGKILL');
      await command.ended;
    },
  };
}

/** Neither the machine's other load nor a single client address is a reason to refuse requests here. */
const oneClientMaySendAll = ['limits: { eventLoopLag: 0s, failedAuthentications: false }'];

function configText({
  authApi,
  service,
  cache,
  authApiKeys = [],
  credentials = [],
  serverKeys = oneClientMaySendAll,
}: ReplicaSettings): string {
  const indented = (lines: readonly string[]) => lines.map((line) => `  ${line}\n`).join('');
  return `version: 1
server:
  listen: "127.0.0.1:0"
  admin: "127.0.0.1:0"
  adminToken: "${adminToken}"
${indented(serverKeys)}log: { level: info, access: false }
records: { max: 100 }
authApi:
  url: ${authApi.startsWith('[') ? authApi : JSON.stringify(authApi)}
${indented(authApiKeys)}${credentials.length === 0 ? '' : `credentials:\n${indented(credentials)}`}cache:
  secret: "${cacheSecret}"
${indented(cache)}roles: { user: {}, admin: {} }
upstreams:
  service: { targets: ["http://127.0.0.1:${service}"], connections: 512, requestsPerClient: 512 }
routes:
  - { id: public, match: { path: "/public/**" }, upstream: service, access: public }
  - { id: user, match: { path: "/user/**" }, upstream: service, access: [user] }
  - { id: admin, match: { path: "/admin/**" }, upstream: service, access: [admin] }
`;
}

function readMetrics(text: string): Metrics {
  return {
    text,
    sum(name, labels = {}) {
      const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
      return text
        .split('\n')
        .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
        .filter((line) => wanted.every((pair) => line.includes(pair)))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
    },
  };
}

function residentBytes(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  if (kib === undefined) throw new Error(`no resident size of process ${pid}`);
  return Number(kib) * 1024;
}
