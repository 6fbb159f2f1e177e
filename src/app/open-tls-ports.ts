/** The ports with TLS of a process: what they have in common, and the log line about files that they do not use. */
import type { Logger } from '../telemetry/log/logger.ts';
import { type OpenTlsPort, TlsPort, type TlsPortOptions } from '../tls/tls-port.ts';

export interface TlsPorts {
  readonly openTlsPort: OpenTlsPort;
  /** Logs files whose certificates are not used, because they are not valid now. */
  certificatesSkipped(files: readonly string[]): void;
}

export interface TlsPortsOptions extends Pick<TlsPortOptions, 'deadlines' | 'timeoutMs' | 'secret'> {
  readonly log: Pick<Logger, 'error'>;
  /** For metrics. */
  readonly watchTls: (port: TlsPort) => void;
}

export function openTlsPorts({ log, watchTls, ...common }: TlsPortsOptions): TlsPorts {
  return {
    openTlsPort(tls, protocols) {
      const port = new TlsPort(tls, { ...common, ...(protocols === undefined ? {} : { protocols }), now: Date.now });
      watchTls(port);
      return port;
    },
    certificatesSkipped(files) {
      for (const certificate of files)
        log.error({ certificate }, 'the certificate in this file is not valid now: the last valid one stays in use');
    },
  };
}
