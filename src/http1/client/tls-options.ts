/** TLS to another machine: trusted authorities, client certificate and server name. */
import { createSecureContext, getCACertificates, type SecureContext, type SecureContextOptions } from 'node:tls';

/** Contents of PEM files. */
export interface TlsClient {
  /** Certificate authorities; null: those that Node and the system trust. */
  readonly ca: string | null;
  /** Client certificate and its key, both or neither. */
  readonly cert: string | null;
  readonly key: string | null;
  /** Name that the certificate of the server must have; null: the host of the connection. */
  readonly serverName: string | null;
}

/** For `tls.connect`. */
export interface TlsOptions {
  readonly secureContext: SecureContext;
  readonly servername?: string;
}

/** Undefined: the defaults of Node. Certificates are always verified. */
export function tlsOptions(tls: TlsClient | null): TlsOptions | undefined {
  if (tls === null) return undefined;
  const { ca, cert, key, serverName } = tls;
  const own: SecureContextOptions = cert === null || key === null ? {} : { cert, key };
  // Made once: reading the certificates of the system takes milliseconds.
  const secureContext = createSecureContext({ ca: ca ?? trusted(), ...own });
  return { secureContext, ...(serverName === null ? {} : { servername: serverName }) };
}

/** The authorities of Node, `NODE_EXTRA_CA_CERTS` included, and of the system. */
function trusted(): string[] {
  return [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];
}
