/** Addresses on which this process listens, and their TLS. */
import type { z } from 'zod';
import type { listenerTls } from './schema/listeners.ts';
import type { Address } from './units/parse-address.ts';

/** An entry of `server.listen`. */
export interface ListenerConfig {
  readonly address: Address;
  /** Null: without TLS. */
  readonly tls: PortTlsConfig | null;
  /** Clients may speak HTTP/2; only with TLS. */
  readonly http2: boolean;
  /** Connections begin with a header of the PROXY protocol. */
  readonly proxyProtocol: boolean;
  /** Value of the header; null: it is not added. */
  readonly strictTransportSecurity: string | null;
  /** Port of https to which requests are redirected; null: they are served. */
  readonly redirectToHttps: number | null;
}

/** An address without settings. */
export function plainListener(address: Address): ListenerConfig {
  return {
    address,
    tls: null,
    http2: false,
    proxyProtocol: false,
    strictTransportSecurity: null,
    redirectToHttps: null,
  };
}

/** Of an address for clients, or of a port for programs. */
export interface PortTlsConfig extends Omit<z.output<typeof listenerTls>, 'certificates' | 'clientCertificates'> {
  /** At least one. */
  readonly certificates: readonly CertificateConfig[];
  /** Text of the authorities of client certificates; null: none are requested. */
  readonly clientCa: string | null;
  readonly clientMode: 'required' | 'optional';
  /** Texts of their revocation lists; null: none are needed. */
  readonly clientCrls: readonly string[] | null;
  /** The path of their file, as written. */
  readonly clientCrlFile: string | null;
}

/** Texts of PEM files, read with the configuration. */
export interface CertificateConfig {
  /** The path of the certificate, as written. */
  readonly file: string;
  readonly cert: string;
  readonly key: string;
}
