/** The environment of a process: versions, and the file limit. */
import type { Config } from '../../config/config.ts';
import { version } from '../version.ts';
import { type Check, type Finding, findingsOf } from './check.ts';
import { isAlive } from './check-ports.ts';
import { type OpenFiles, openFilesOf } from './port-holder.ts';

export function versionChecks(): readonly Check[] {
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
  ];
}

export function filesCheck(config: Config, timeoutMs: number): Check {
  return {
    group: 'process',
    subject: 'open files',
    run: async () => [filesFinding(config, openFilesLimit(), await openFilesOfGateway(config, timeoutMs))],
  };
}

/** Null: none runs on this machine with this configuration, or its limit is not known. */
async function openFilesOfGateway({ server: { admin } }: Config, timeoutMs: number): Promise<OpenFiles | null> {
  return admin !== null && (await isAlive(admin, 'live', timeoutMs)) ? openFilesOf(admin.port) : null;
}

/** Files of a process besides its connections: its program, logs, Redis, and those of the runtime. */
const otherFiles = 64;

/** `own`: files that a process of this shell may have open; null: it is not known. `running`: of the gateway that runs here. */
export function filesFinding(
  { server, upstreams, sources, authApi }: Config,
  own: number | null,
  running: OpenFiles | null,
): Finding {
  const { ok, warning } = findingsOf('process', 'open files');
  const pooled = [...upstreams.values()].reduce((sum, one) => sum + one.connections * one.targets.length, 0);
  const streams = [...upstreams.values()].reduce((sum, one) => sum + one.streams, 0);
  // A connection of a client opens at most one stream.
  const toServices = pooled + Math.min(streams, server.limits.connections);
  const remote = sources.filter((one) => one.kind !== 'jwt');
  const toSources =
    remote.reduce((sum, { concurrency, urls }) => sum + (concurrency + 1) * urls.length, 0) +
    (authApi === null ? 0 : (authApi.concurrency + 1) * (authApi.kind === 'remote' ? authApi.urls.length : 1));
  const needed = server.limits.connections + toServices + toSources + otherFiles;
  const limit = running?.limit ?? own;
  if (limit === null) return ok(`up to ${needed} are needed; the limit is unknown`);
  const whose = running === null ? '' : ` of the running gateway (process ${running.pid}, ${running.open} open)`;
  const found = `the limit${whose} is ${limit}, and up to ${needed} are needed`;
  if (limit >= needed) return ok(found);
  return warning(
    found,
    `Raise it (ulimit -n, LimitNOFILE of systemd) to ${needed}, or lower "server.limits.connections" (${server.limits.connections}).`,
  );
}

/** The process raises its limit to the hard one at its start, and so does the gateway. */
function openFilesLimit(): number | null {
  // Without host names of its connections, which it would look up.
  Object.assign(process.report, { excludeNetwork: true });
  const report = process.report.getReport() as { readonly userLimits?: { readonly open_files?: { soft?: unknown } } };
  const soft = report.userLimits?.open_files?.soft;
  if (soft === 'unlimited') return Number.POSITIVE_INFINITY;
  return typeof soft === 'number' ? soft : Number.isInteger(Number(soft)) ? Number(soft) : null;
}
