/** TLS towards another machine: whom it is verified by, and what this process shows of itself. */
import { createSecureContext, getCACertificates, type SecureContext, type SecureContextOptions } from 'node:tls';

/** Texts of PEM files. */
export interface TlsClient {
  /** Who may vouch for the server; null: those whom Node and the system trust. */
  readonly ca: string | null;
  /** What this process shows of itself, both or neither. */
  readonly cert: string | null;
  readonly key: string | null;
  /** The name that the server's certificate must bear; null: the one that it is connected by. */
  readonly serverName: string | null;
}

/** For `tls.connect`. */
export interface TlsOptions {
  readonly secureContext: SecureContext;
  readonly servername?: string;
}

/** Undefined: without settings of its own. Certificates are always verified. */
export function tlsOptions(tls: TlsClient | null): TlsOptions | undefined {
  if (tls === null) return undefined;
  const { ca, cert, key, serverName } = tls;
  const own: SecureContextOptions = cert === null || key === null ? {} : { cert, key };
  // Made once: reading the certificates of the system takes milliseconds.
  const secureContext = createSecureContext({ ca: ca ?? trusted(), ...own });
  return { secureContext, ...(serverName === null ? {} : { servername: serverName }) };
}

/** Whom Node trusts, with `NODE_EXTRA_CA_CERTS`, and whom the machine trusts. */
function trusted(): string[] {
  return [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];
}
