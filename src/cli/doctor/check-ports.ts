/** Whether the ports of a configuration are free, or which process holds them. */
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Address, PortTlsConfig } from '../../config/config.ts';
import { type ListenAddress, listenAt } from '../../http1/server/listen.ts';
import { getOwnPort } from '../get-own-port.ts';
import { type Check, type Finding, findingsOf, withinCheck } from './check.ts';
import { portHolder } from './port-holder.ts';

export interface PortsOptions {
  /** By setting; null: it does not listen there. */
  readonly addresses: Readonly<Record<string, ListenAddress | null>>;
  /** The program that listens there. */
  readonly program: 'a gateway' | 'an Auth API';
  /** Address of its health check, and the status in its response; null: none. */
  readonly health: { readonly address: Address; readonly tls: PortTlsConfig | null; readonly status: string } | null;
  readonly timeoutMs: number;
}

export function portsCheck({ addresses, program, health, timeoutMs }: PortsOptions): Check {
  const wanted = Object.entries(addresses).flatMap(([setting, address]) =>
    address === null ? [] : [[setting, address] as const],
  );
  return {
    group: 'ports',
    subject: 'ports',
    async run() {
      const running = health !== null && (await isAlive(health, timeoutMs)) ? program : null;
      return await Promise.all(wanted.map(([setting, address]) => checkPort(setting, address, running)));
    },
  };
}

/** `running`: the program that runs on this machine with these addresses, or null. */
async function checkPort(
  setting: string,
  address: ListenAddress,
  running: PortsOptions['program'] | null,
): Promise<Finding> {
  const { host, port, path, fd } = address;
  if (fd !== undefined) return findingsOf('ports', setting).ok(`fd:${fd} comes from the service manager`);
  const place = path === undefined ? `${host === '' ? 'port ' : `${host}:`}${port}` : `unix:${path}`;
  const { ok, warning, error } = findingsOf('ports', setting);
  // Listening on a socket would create its file, and another process may wait for that.
  if (path !== undefined) return ok(`${place} ${existsSync(path) ? 'exists' : 'is free'}`);
  const code = await listenFailure(address);
  switch (code) {
    case null:
      return ok(`${place} is free`);
    case 'EADDRINUSE': {
      const holder = portHolder(port) ?? 'another process';
      if (running !== null) return ok(`${place} is used by ${holder}; ${running} is running here`);
      return warning(`${place} is used by ${holder}`, `Stop it, or change "${setting}", unless it is Rolegate itself.`);
    }
    case 'EACCES':
      return error(
        `this user may not listen on ${place}`,
        `Use port 1024 or higher for "${setting}", or grant CAP_NET_BIND_SERVICE.`,
      );
    case 'EADDRNOTAVAIL':
      return error(`this machine has no address ${host}`, `Correct "${setting}".`);
    default:
      return error(`${place} cannot be used (${code})`, `Correct "${setting}".`);
  }
}

async function listenFailure(address: ListenAddress): Promise<string | null> {
  const server = createServer((socket) => socket.destroy());
  try {
    await listenAt(server, address, false);
    await new Promise<void>((closed) => server.close(() => closed()));
    return null;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  }
}

/** Whether a process that listens there reports this status on this machine. */
export async function isAlive(
  { address, tls, status }: NonNullable<PortsOptions['health']>,
  timeoutMs: number,
): Promise<boolean> {
  const host = ['', '0.0.0.0', '::'].includes(address.host) ? '127.0.0.1' : address.host;
  const place = `${host.includes(':') ? `[${host}]` : host}:${address.port}/health/live`;
  const certificate = tls?.certificates[0]?.cert;
  try {
    const { body: text } = await getOwnPort(
      `${certificate === undefined ? 'http' : 'https'}://${place}`,
      certificate ?? null,
      withinCheck(1_000, timeoutMs),
    );
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null && 'status' in body && body.status === status;
  } catch {
    return false;
  }
}
