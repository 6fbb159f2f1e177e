/** What this machine gives the gateway: versions, files that it may open, and its ports. */
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Config } from '../../config/config.ts';
import { type ListenAddress, listenAt } from '../../http1/server/listen.ts';
import { version } from '../version.ts';
import { type Check, type Finding, findingsOf, withinCheck } from './check.ts';
import { portHolder } from './port-holder.ts';

export function machineChecks(config: Config, timeoutMs: number): readonly Check[] {
  const { ok } = findingsOf('versions', 'rolegate');
  const node = findingsOf('versions', 'node');
  return [
    { group: 'versions', subject: 'rolegate', run: async () => [ok(version)] },
    {
      group: 'versions',
      subject: 'node',
      run: async () => [
        node.ok(`${process.versions.node}, OpenSSL ${process.versions.openssl}, ${process.platform}-${process.arch}`),
      ],
    },
    { group: 'process', subject: 'open files', run: async () => [filesFinding(config, openFilesLimit())] },
    { group: 'ports', subject: 'ports', run: () => checkPorts(config, timeoutMs) },
  ];
}

/** Files of a process besides its connections: its program, logs, Redis, and what the runtime holds open. */
const otherFiles = 64;

/** `limit`: files that a process may have open; null: it is not known. */
export function filesFinding({ server, upstreams, sources, authApi }: Config, limit: number | null): Finding {
  const { ok, warning } = findingsOf('process', 'open files');
  const toServices = [...upstreams.values()].reduce((sum, one) => sum + one.connections * one.targets.length, 0);
  const remote = sources.filter((one) => one.kind !== 'jwt');
  const toSources =
    remote.reduce((sum, { concurrency, urls }) => sum + (concurrency + 1) * urls.length, 0) +
    (authApi === null ? 0 : (authApi.concurrency + 1) * (authApi.kind === 'remote' ? authApi.urls.length : 1));
  const needed = server.limits.connections + toServices + toSources + otherFiles;
  if (limit === null) return ok(`up to ${needed} are needed; the limit is not known`);
  const found = `the limit is ${limit}, and up to ${needed} are needed`;
  if (limit >= needed) return ok(found);
  return warning(
    found,
    `Raise it (ulimit -n, LimitNOFILE of systemd) to ${needed}, or lower "server.limits.connections" (${server.limits.connections}).`,
  );
}

/** The process raises its limit to the hard one at its start, and so does the gateway. */
function openFilesLimit(): number | null {
  // Without names of its connections, which it would look up.
  Object.assign(process.report, { excludeNetwork: true });
  const report = process.report.getReport() as { readonly userLimits?: { readonly open_files?: { soft?: unknown } } };
  const soft = report.userLimits?.open_files?.soft;
  if (soft === 'unlimited') return Number.POSITIVE_INFINITY;
  return typeof soft === 'number' ? soft : Number.isInteger(Number(soft)) ? Number(soft) : null;
}

async function checkPorts(config: Config, timeoutMs: number): Promise<readonly Finding[]> {
  const running = await adminResponds(config, timeoutMs);
  return await Promise.all(portsOf(config).map(([setting, address]) => checkPort(setting, address, running)));
}

function portsOf({ server, authorizer }: Config): readonly (readonly [setting: string, address: ListenAddress])[] {
  const wanted: readonly (readonly [string, ListenAddress | null | undefined | false])[] = [
    ['server.listen', server.listen],
    ['server.admin', server.admin],
    ['authorizer.listen', authorizer?.listen],
    ['authorizer.grpc.listen', authorizer?.grpc?.listen],
  ];
  return wanted.flatMap(([setting, address]) => (address ? [[setting, address] as const] : []));
}

async function checkPort(setting: string, address: ListenAddress, running: boolean): Promise<Finding> {
  const { host, port, path } = address;
  const place = path === undefined ? `${host === '' ? 'port ' : `${host}:`}${port}` : `unix:${path}`;
  const { ok, warning, error } = findingsOf('ports', setting);
  // To listen on a socket would create its file, and another process may wait for that.
  if (path !== undefined) return ok(`${place} ${existsSync(path) ? 'exists' : 'is free'}`);
  const code = await listenFailure(address);
  switch (code) {
    case null:
      return ok(`${place} is free`);
    case 'EADDRINUSE': {
      const holder = portHolder(port) ?? 'another process';
      if (running) return ok(`${place} is used by ${holder}; a gateway is running here`);
      return warning(
        `${place} is used by ${holder}`,
        `Stop it, or change "${setting}", unless it is the gateway itself.`,
      );
    }
    case 'EACCES':
      return error(
        `this user may not listen on ${place}`,
        `Use a port from 1024 on for "${setting}", or grant CAP_NET_BIND_SERVICE.`,
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

/** Whether a gateway with this configuration's admin port runs on this machine. */
async function adminResponds({ server: { admin } }: Config, timeoutMs: number): Promise<boolean> {
  if (admin === null) return false;
  const host = ['', '0.0.0.0', '::'].includes(admin.host) ? '127.0.0.1' : admin.host;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${admin.port}/health/live`;
  try {
    const response = await fetch(url, {
      signal: AbortSignal.timeout(withinCheck(1_000, timeoutMs)),
      redirect: 'error',
    });
    const body: unknown = await response.json();
    return typeof body === 'object' && body !== null && 'status' in body && body.status === 'live';
  } catch {
    return false;
  }
}
