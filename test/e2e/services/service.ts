/** A service that runs for its tests: its folder, its processes, and the gateway in front of it. */
import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { freePort } from '../../support/free-port.ts';
import { type RunningCommand, runCommand } from '../../support/running-command.ts';
import { type RunningGateway, startGateway } from '../../support/running-gateway.ts';
import type { SampleRequest } from './sample-requests.ts';
import type { Need } from './tools.ts';
import { writeSite } from './write-site.ts';

export interface Place {
  /** Has the files of `writeSite`. */
  readonly folder: string;
  /** Where the service listens, on 127.0.0.1. */
  readonly port: number;
}

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

export interface Service {
  readonly name: string;
  readonly needs: readonly Need[];
  readonly requests: readonly SampleRequest[];
  /** Target of a page for browsers. */
  readonly page: string;
  /** Its processes. Writes their configuration. */
  commands(place: Place): readonly Command[];
  /** What it needs after it has started. */
  fill?(origin: string, place: Place): Promise<void>;
  /** Settings of its route at the gateway. */
  readonly route?: string;
  /** Headers of its responses that differ between any two requests, with the reason. */
  readonly varies?: Readonly<Record<string, string>>;
}

export interface RunningService {
  readonly folder: string;
  readonly direct: string;
  readonly gateway: string;
  /** The gateway's last lines about failures. */
  warnings(): string;
  close(): Promise<void>;
}

export const credential = { 'api-key': 'key-of-ci', 'api-secret': 'sec_K3Qv9XbT2mWz7LpR' };

export async function startService(service: Service, authApi: string): Promise<RunningService> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'rolegate-service-')));
  // Servers that start as root change to a user of their own.
  chmodSync(folder, 0o755);
  writeSite(folder);
  const place = { folder, port: await freePort() };
  const direct = `http://127.0.0.1:${place.port}`;
  const running: RunningCommand[] = [];
  let gateway: RunningGateway | null = null;
  const warnings = () => {
    const lines = (gateway?.logLines() ?? []).filter(({ level }) => level !== 'info');
    return lines
      .slice(-5)
      .map((line) => JSON.stringify(line))
      .join('\n');
  };
  const kill = () => {
    for (const command of running) command.signal('SIGKILL');
  };
  process.on('exit', kill);
  const close = async () => {
    process.off('exit', kill);
    await gateway?.close();
    kill();
    await Promise.all(running.map(({ ended }) => ended));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    for (const { command, args, env = {} } of service.commands(place))
      running.push(runCommand(command, args, env, { cwd: folder, ownGroup: true }));
    await Promise.race([
      vi.waitUntil(() => serves(direct + service.page), { timeout: 60_000, interval: 50 }),
      Promise.any(running.map(({ ended }) => ended)).then(() => Promise.reject(new Error(`${service.name} ended`))),
    ]);
    await service.fill?.(direct, place);
    gateway = await startGateway(config(direct, authApi, service.route ?? ''));
  } catch (error) {
    const output = running.map((command) => command.output().slice(-2_000)).join('\n');
    await close();
    throw new Error(`${service.name}: ${error}\n${output}`);
  }
  return { folder, direct, gateway: gateway.origin, warnings, close };
}

/** On a busy machine the event loop lags; refusals for that are not the subject here. */
const config = (target: string, authApi: string, route: string) => `version: 1
server: { listen: "127.0.0.1:0", admin: false, limits: { eventLoopLag: 0s } }
log: { access: false }
authApi: { url: "${authApi}" }
roles: { reader: {} }
upstreams: { service: { targets: ["${target}"] } }
routes:
  - { id: all, match: { path: "/**" }, upstream: service, access: [reader]${route === '' ? '' : `, ${route}`} }
`;

/** Its page is there. */
const serves = (url: string): Promise<boolean> =>
  fetch(url).then(
    async (response) => {
      await response.arrayBuffer();
      return response.ok;
    },
    () => false,
  );
