/** Several gateway processes that take turns, request by request, behind HAProxy at one address. */
import { spawnSync } from 'node:child_process';
import { vi } from 'vitest';
import type { ConfigFolder } from './config-folder.ts';
import { type RunningCommand, runCommand, runRolegate } from './running-command.ts';
import { skipHere } from './skip-here.ts';

export interface ReplicasInTurn {
  readonly replicas: readonly RunningCommand[];
  close(): Promise<void>;
}

export function demandHaproxy(): void {
  if (spawnSync('haproxy', ['-v']).error !== undefined) skipHere('no haproxy: install it to distribute requests');
}

/** `config`: a file that listens on port 0 of loopback. `environments`: one for each process. */
export async function startReplicasInTurn(
  port: number,
  {
    folder,
    config,
    environments,
  }: { folder: ConfigFolder; config: string; environments: readonly NodeJS.ProcessEnv[] },
): Promise<ReplicasInTurn> {
  const running: RunningCommand[] = [];
  async function close() {
    for (const command of running.reverse()) {
      command.signal('SIGKILL');
      await command.ended;
    }
  }
  try {
    const replicas = environments.map((environment) => runRolegate(['serve', '--config', config], environment));
    running.push(...replicas);
    const ports: string[] = [];
    for (const replica of replicas) ports.push((await replica.see(/"listen":\{[^}]*"port":(\d+)\}/))[1]!);
    running.push(runCommand('haproxy', ['-db', '-f', folder.write('haproxy.cfg', inTurn(port, ports))]));
    await vi.waitFor(() => fetch(`http://127.0.0.1:${port}`), { timeout: 15_000 });
    return { replicas, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const inTurn = (port: number, ports: readonly string[]) => `
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 5s
listen pages
  bind 127.0.0.1:${port}
  balance roundrobin
${ports.map((one, index) => `  server replica-${index} 127.0.0.1:${one}`).join('\n')}
`;
