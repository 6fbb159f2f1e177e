/** What the connection of a request has shown of its client. */

/** A certificate whose key the client has proved to have, and which an authority of the configuration has issued. */
export interface CertificateCredential {
  readonly kind: 'certificate';
  /** SHA-256 of the certificate, in lower-case hexadecimal digits. Revocations name it by this alone. */
  readonly fingerprint: string;
  /** The certificate in base64 of DER. */
  readonly der: string;
}

/**
 * `unverified`: a certificate of another authority, or a revoked one. `unavailable`: whether it is revoked is not known, because the list
 * of its authority is missing or has expired. Null: none.
 */
export type PeerCertificate = CertificateCredential | 'unverified' | 'unavailable' | null;
