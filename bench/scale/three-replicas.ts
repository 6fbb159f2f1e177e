/** Three gateway processes, an Auth API that counts calls, a service, and Redis if verdicts are shared. */
import { writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { freePort, type Processes, startLoadClient, startScript, untilListening } from '../processes.ts';
import type { World } from './simulate.ts';

export const adminToken = 'a-token-of-the-benchmark-only-0123456789';
const bearerHead = 's'.repeat(52);
const agent = new Agent({ keepAlive: true, maxSockets: 1_024 });

export interface Replica {
  readonly port: number;
  readonly admin: number;
}

export class ThreeReplicas {
  readonly replicas: readonly Replica[];
  readonly #authApi: number;
  readonly #processes: Processes;

  private constructor(replicas: readonly Replica[], authApi: number, processes: Processes) {
    this.replicas = replicas;
    this.#authApi = authApi;
    this.#processes = processes;
  }

  static async start(processes: Processes, main: string, folder: string, world: World): Promise<ThreeReplicas> {
    const service = await startScript(processes, 'any', 'load/upstream.ts');
    const authApi = await startScript(processes, 'any', 'scale/auth-api.ts');
    const redis = world.redis ? await processes.redis('any') : null;
    if (world.redis && redis === null) throw new Error('there is no redis-server on the PATH');
    const replicas: Replica[] = [];
    for (let index = 0; index < world.replicas; index += 1) {
      const [port, admin] = [await freePort(), await freePort()];
      const config = join(folder, `replica-${index}.yaml`);
      writeFileSync(config, configOf(world, { port, admin }, service.port, authApi.port, redis));
      const command = [process.execPath, main, 'serve', '--config', config] as const;
      await untilListening(admin, processes.start('any', command, ['ignore', 'ignore', 'inherit']));
      replicas.push({ port, admin });
    }
    return new ThreeReplicas(replicas, authApi.port, processes);
  }

  stop(): void {
    this.#processes.stopAll();
  }

  /** Calls to the Auth API so far. */
  async calls(): Promise<number> {
    return Number((await ask(this.#authApi, 'GET', '/counted')).text);
  }

  /** Ends a credential at the Auth API, which sends no notification. */
  async end(bearer: string): Promise<void> {
    await ask(this.#authApi, 'PUT', `/ended/${bearer}`);
  }

  /** Sends the revocation to one replica. */
  async revoke(bearer: string): Promise<void> {
    await this.end(bearer);
    const headers = { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' };
    const { status } = await ask(this.replicas[0]!.admin, 'POST', '/revocations', headers, JSON.stringify({ bearer }));
    if (status !== 202) throw new Error(`the status of a revocation was ${status}`);
  }

  async accepts(bearer: string, { port }: Replica): Promise<boolean> {
    const { status } = await ask(port, 'GET', '/private/7', { authorization: `Bearer ${bearer}` });
    if (status !== 200 && status !== 401) throw new Error(`the status of a request was ${status}`);
    return status === 200;
  }

  /** Distributes requests over all credentials and replicas; returns calls per second after the warm-up. */
  async callsPerSecond(world: World): Promise<number> {
    const warmupMs = 2_000 * world.acceptedS;
    const clients = this.replicas.map(({ port }) => {
      const load = startLoadClient(this.#processes);
      return load({
        port,
        pids: [],
        request: `GET /private/7 HTTP/1.1\r\nHost: api.example.test\r\nAuthorization: Bearer ${bearerHead}{n}\r\n\r\n`,
        numbers: world.credentials,
        status: 200,
        connections: 32,
        warmupMs,
        measureMs: world.seconds * 1_000,
        rate: world.requestsPerSecond / this.replicas.length,
      });
    });
    await after(warmupMs);
    const [before, from] = [await this.calls(), performance.now()];
    await after(world.seconds * 1_000 - 500);
    const found = ((await this.calls()) - before) / ((performance.now() - from) / 1_000);
    const done = await Promise.all(clients);
    const wanted = world.requestsPerSecond * world.seconds;
    const requests = done.reduce((sum, result) => sum + result.requests, 0);
    if (!(requests > 0.97 * wanted)) throw new Error(`only ${requests} of ${wanted} requests were made`);
    return found;
  }
}

function configOf(
  world: World,
  { port, admin }: Replica,
  service: number,
  authApi: number,
  redis: number | null,
): string {
  return `version: 1
server:
  listen: "127.0.0.1:${port}"
  admin: "127.0.0.1:${admin}"
  adminToken: "${adminToken}"
  # Connections that the load has no use for yet.
  limits: { headersTimeout: 5m, requestTimeout: 5m }
log: { level: warn, access: false }
authApi: { url: "http://127.0.0.1:${authApi}" }
cache:
  secret: "a secret of the benchmark that is long enough"
  accepted: ${world.acceptedS * 1_000}ms
  refreshAhead: ${world.refreshAhead}
${redis === null ? '' : `  redis: { url: "redis://127.0.0.1:${redis}", timeout: 1s }\n`}roles: { user: {} }
upstreams: { service: { targets: ["http://127.0.0.1:${service}"] } }
routes:
  - { id: private, match: { path: "/private/**" }, upstream: service, access: [user] }
`;
}

export function ask(
  port: number,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body = '',
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method, path, headers, agent }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

export function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
