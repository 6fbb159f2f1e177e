/** `rolegate serve` with several workers as a process, and connections with a known worker. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import { type ConfigFolder, createConfigFolder } from '../../support/config-folder.ts';
import { type FakeAuthApi, startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../../support/recording-upstream.ts';
import { type RunningCommand, runRolegate } from '../../support/running-command.ts';

export const adminToken = 'operators-0123456789abcdef0123456789abcdef';

export interface Answer {
  readonly status: number;
  readonly text: string;
  /** The gateway closes the connection after it. */
  readonly last: boolean;
}

/** A request without a response. */
export class NoAnswerError extends Error {
  readonly code: string;
  /** It was sent on a previously used connection, which the gateway may have closed by then. */
  readonly reused: boolean;

  constructor(error: NodeJS.ErrnoException, reused: boolean) {
    super(error.message);
    this.code = error.code ?? '';
    this.reused = reused;
  }
}

/** A client with one connection, which belongs to one worker. */
export interface Connection {
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
}

export interface WorkersWorld {
  readonly folder: ConfigFolder;
  readonly file: string;
  readonly command: RunningCommand;
  readonly authApi: FakeAuthApi;
  readonly upstream: RecordingUpstream;
  readonly port: number;
  /** Where other proxies send gRPC checks; 0: nowhere. */
  readonly grpcPort: number;
  /** Calls the admin port with the token; a body is sent as JSON by POST. */
  admin(path: string, body?: object): Promise<Answer>;
  /** Sum of the samples whose line matches. */
  metric(line: RegExp): Promise<number>;
  open(): Connection;
  /** One connection to each worker, by number from 1; each has requested `path` at least once. */
  toEach(path: string, headers?: Record<string, string>): Promise<Connection[]>;
  /** Process ids by number of the worker, the newest. */
  pids(): Map<number, number>;
}

export interface WorldOptions {
  readonly workers?: number;
  /** Between `version: 1` and the routes; unset: an Auth API and one upstream. */
  readonly config?: (world: {
    readonly authApi: string;
    readonly upstream: string;
    readonly workers: number;
  }) => string;
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly answer?: Parameters<typeof startRecordingUpstream>[0];
}

export function usualConfig({
  authApi,
  upstream,
  workers,
  access = '[user]',
  more = '',
}: {
  readonly authApi: string;
  readonly upstream: string;
  readonly workers: number;
  readonly access?: string;
  readonly more?: string;
}): string {
  return `version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0", adminToken: ${adminToken}, workers: ${workers} }
authApi: { url: "${authApi}" }
cache: { accepted: 10m }
roles: { user: {}, admin: { inherits: [user] } }
upstreams: { orders: { targets: ["${upstream}"] } }
routes:
  - { id: open, match: { path: "/open" }, upstream: orders, access: public }
  - { id: order, match: { path: "/orders/{id}" }, upstream: orders, access: ${access} }
  - { id: leave, match: { path: "/leave" }, upstream: orders, access: authenticated, evict: { session: "{identity.sessionId}" } }
${more}`;
}

/** Closed with the test. */
export async function startWorkers(options: WorldOptions = {}): Promise<WorkersWorld> {
  const { workers = 2, config = usualConfig, args = [], env = {} } = options;
  const folder = createConfigFolder();
  const authApi = await startFakeAuthApi();
  const upstream = await startRecordingUpstream(options.answer);
  const parts = { authApi: new URL(authApi.url).origin, upstream: upstream.origin, workers };
  const file = folder.write('gateway.yaml', config(parts));
  const command = runRolegate(['serve', '--config', file, ...args], env);
  const agents: Agent[] = [];
  onTestFinished(async () => {
    command.signal('SIGKILL');
    await command.ended;
    for (const agent of agents) agent.destroy();
    folder.remove();
    await Promise.all([authApi.close(), upstream.close()]);
  });
  // Starting three processes takes time on a busy machine.
  const started = /^(\{.*"msg":"started".*\})$/m;
  const [, line] = await command.see(started).catch(() => command.see(started));
  const places = JSON.parse(line!);
  const { port } = places.listen;
  const base = `http://127.0.0.1:${places.admin.port}`;

  async function admin(path: string, body?: object): Promise<Answer> {
    const answer = await fetch(`${base}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, text: await answer.text(), last: false };
  }

  async function metric(line: RegExp): Promise<number> {
    const lines = (await admin('/metrics')).text.split('\n').filter((one) => line.test(one));
    return lines.reduce((sum, one) => sum + Number(one.slice(one.lastIndexOf(' ') + 1)), 0);
  }

  async function requestsByWorker(): Promise<number[]> {
    const samples = (await admin('/metrics')).text.matchAll(/^rolegate_worker_requests_total\{worker="\d+"\} (\d+)$/gm);
    return [...samples].map(([, count]) => Number(count));
  }

  function open(): Connection {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    agents.push(agent);
    return { get: (path, headers = {}) => getOver(agent, port, path, headers) };
  }

  return {
    folder,
    file,
    command,
    authApi,
    upstream,
    port,
    grpcPort: places.authorizer?.grpc?.port ?? 0,
    admin,
    metric,
    open,
    async toEach(path, headers) {
      const found = new Map<number, Connection>();
      while (found.size < workers) {
        const connection = open();
        const before = await requestsByWorker();
        await connection.get(path, headers);
        // A request counts when it has ended, which may be shortly after its response.
        let number = 0;
        while (number === 0)
          number = (await requestsByWorker()).findIndex((count, index) => count > before[index]!) + 1;
        found.set(number, connection);
      }
      return [...found].sort(([a], [b]) => a - b).map(([, connection]) => connection);
    },
    pids() {
      const lines = command.output().matchAll(/"worker":(\d+),"pid":(\d+),"msg":"worker serves"/g);
      return new Map([...lines].map(([, number, pid]) => [Number(number), Number(pid)]));
    },
  };
}

async function getOver(agent: Agent, port: number, path: string, headers: Record<string, string>): Promise<Answer> {
  const sent = request({ agent, port, host: '127.0.0.1', path, headers });
  sent.end();
  const [answer] = (await once(sent, 'response').catch((error: NodeJS.ErrnoException) => {
    throw new NoAnswerError(error, sent.reusedSocket);
  })) as [IncomingMessage];
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part as Buffer);
  const last = answer.headers.connection === 'close';
  return { status: answer.statusCode ?? 0, text: Buffer.concat(parts).toString(), last };
}

/** The flag of a process that executes nothing more, and closes its descriptors (proc_pid_stat(5)). */
const exiting = 0x4;

/** Whether a process runs. One that has ended may wait for its parent to collect its status. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    if (process.platform !== 'linux') return true;
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state, , , , , , flags] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state !== 'Z' && (Number(flags) & exiting) === 0;
  } catch {
    return false;
  }
}

/** Whether the port is open. */
export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const settle = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}

/** Processes take time on a busy machine. */
export function poll<T>(read: () => T) {
  return expect.poll(read, { timeout: 60_000 });
}
