/**
 * TLS of an Auth API that runs alone. Its certificates are read again when a file changes, and on SIGHUP; its other settings change with
 * the next start. A file with problems changes nothing.
 */
import type { WatchedFiles } from '../config/config-files.ts';
import { loadAuthApiRecorded } from '../config/load-config.ts';
import type { AuthApiFileResult } from '../config/parse-config.ts';
import { DeadlineWheel } from '../http1/deadline-wheel.ts';
import type { Logger } from '../telemetry/log/logger.ts';
import type { TlsPort } from '../tls/tls-port.ts';
import { openTlsPorts } from './open-tls-ports.ts';
import { watchFiles } from './watch-files.ts';

type AuthApiFileConfig = Extract<AuthApiFileResult, { readonly ok: true }>['config'];

export interface AuthApiTls {
  /** Null: without TLS. */
  readonly listen: TlsPort | null;
  readonly metrics: TlsPort | null;
  /** Null: there is no TLS. */
  readonly reload: (() => void) | null;
  close(): void;
}

export interface AuthApiTlsParts {
  readonly file: string;
  /** As read at `readAtMs`, with its further files. */
  readonly config: AuthApiFileConfig;
  readonly watched: WatchedFiles;
  readonly readAtMs: number;
  readonly log: Pick<Logger, 'info' | 'error'>;
  /** For metrics. */
  readonly opened: (port: TlsPort) => void;
  readonly intervalMs?: number;
}

/** Longest time of a handshake. */
const timeoutMs = 10_000;

export function openAuthApiTls({ file, config, log, opened, ...read }: AuthApiTlsParts): AuthApiTls {
  const { secret } = config.settings;
  const ports = openTlsPorts({ deadlines: new DeadlineWheel(), timeoutMs, secret, log, watchTls: opened });
  const open = (tls: AuthApiFileConfig['tls']) => (tls === null ? null : ports.openTlsPort(tls));
  const listen = open(config.tls);
  const metrics = open(config.metricsTls);
  /** Of the last valid file: a problem may prevent that its certificates are read. */
  let last = read.watched;

  function reload(): void {
    const startedAtMs = Date.now();
    const { result, watched } = loadAuthApiRecorded(file, process.env);
    if (result.ok) last = watched;
    files?.watch({ names: [...new Set([...watched.names, ...last.names])], patterns: [] }, startedAtMs);
    if (result.ok) use(result.config);
    else refused(result.problems.map((problem) => `${problem.file}:${problem.line} ${problem.message}`));
  }

  function use(next: AuthApiFileConfig): void {
    try {
      ports.certificatesSkipped([
        ...(listen !== null && next.tls !== null ? listen.use(next.tls) : []),
        ...(metrics !== null && next.metricsTls !== null ? metrics.use(next.metricsTls) : []),
      ]);
      log.info({}, 'certificates reloaded');
    } catch (error) {
      refused([error instanceof Error ? error.message : String(error)]);
    }
  }

  function refused(problems: readonly string[]): void {
    log.error(
      { problems: problems.slice(0, 10), count: problems.length },
      'certificates not reloaded; the last good ones stay',
    );
  }

  const files = listen === null && metrics === null ? null : watchFiles(file, read.intervalMs ?? 1000, reload);
  files?.watch(read.watched, read.readAtMs);
  return {
    listen,
    metrics,
    reload: files === null ? null : reload,
    close: () => files?.close(),
  };
}
