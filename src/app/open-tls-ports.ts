/** The ports with TLS of a gateway's process: what they have in common, and the log line about files that they do not use. */
import { randomBytes } from 'node:crypto';
import type { Config } from '../config/config.ts';
import type { Deadlines } from '../http1/deadline-wheel.ts';
import type { Telemetry } from '../telemetry/create-telemetry.ts';
import { type OpenTlsPort, TlsPort } from '../tls/tls-port.ts';

export interface TlsPorts {
  readonly openTlsPort: OpenTlsPort;
  /** Logs files whose certificates are not used, because they are not valid now. */
  certificatesSkipped(files: readonly string[]): void;
}

export function openTlsPorts(
  { cache, server }: Config,
  deadlines: Deadlines,
  { log, watchTls }: Pick<Telemetry, 'log' | 'watchTls'>,
): TlsPorts {
  const common = {
    deadlines,
    timeoutMs: server.limits.headersTimeoutMs,
    // Of the keys of session tickets; the same in all processes.
    secret: cache.secret ?? randomBytes(32),
    now: Date.now,
  };
  return {
    openTlsPort(tls, protocol = 'http/1.1') {
      const port = new TlsPort(tls, { ...common, protocol });
      watchTls(port);
      return port;
    },
    certificatesSkipped(files) {
      for (const certificate of files)
        log.error({ certificate }, 'the certificate in this file is not valid now: the last valid one stays in use');
    },
  };
}
