/** The environment of a process: versions, and the file limit. */
import { neededFiles, openFilesLimit } from '../../app/open-files.ts';
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
async function openFilesOfGateway(
  { server: { admin, adminTls } }: Config,
  timeoutMs: number,
): Promise<OpenFiles | null> {
  return admin !== null && (await isAlive({ address: admin, tls: adminTls, status: 'live' }, timeoutMs))
    ? openFilesOf(admin.port)
    : null;
}

/** `own`: files that a process of this shell may have open; null: it is not known. `running`: of the gateway that runs here. */
export function filesFinding(config: Config, own: number | null, running: OpenFiles | null): Finding {
  const { ok, warning } = findingsOf('process', 'open files');
  const needed = neededFiles(config);
  const limit = running?.limit ?? own;
  if (limit === null) return ok(`up to ${needed} are needed; the limit is unknown`);
  const whose = running === null ? '' : ` of the running gateway (process ${running.pid}, ${running.open} open)`;
  const text = `the limit${whose} is ${limit}, and up to ${needed} are needed`;
  if (limit >= needed) return ok(text);
  return warning(
    text,
    `Raise it (ulimit -n, LimitNOFILE of systemd) to ${needed}, or lower "server.limits.connections" (${config.server.limits.connections}).`,
  );
}
