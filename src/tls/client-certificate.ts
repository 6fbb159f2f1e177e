/** What the client of a finished handshake has shown: a certificate of the authorities of its context, another one, or none. */
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { PeerCertificate } from '../core/request/peer-certificate.ts';

/** Node sets `authorized` only for sockets of a `tls.Server`, from its result. Without it, no certificate counts as verified. */
interface Verifying {
  readonly ssl?: { readonly verifyError?: () => { readonly code?: unknown } | null };
}

/** Whether it is revoked is not known. OpenSSL looks at lists only for a certificate of the authorities. */
const withoutList =
  /^(?:UNABLE_TO_GET_CRL|UNABLE_TO_GET_CRL_ISSUER|CRL_HAS_EXPIRED|CRL_NOT_YET_VALID|CRL_SIGNATURE_FAILURE|UNABLE_TO_DECRYPT_CRL_SIGNATURE|ERROR_IN_CRL_LAST_UPDATE_FIELD|ERROR_IN_CRL_NEXT_UPDATE_FIELD|DIFFERENT_CRL_SCOPE)$/;

/** Of the socket of requests; it computes a digest, so a connection reads it once. */
export function peerCertificate(secured: Duplex): PeerCertificate {
  if (!(secured instanceof TLSSocket)) return null;
  const certificate = secured.getPeerX509Certificate();
  if (certificate === undefined) return null;
  const { ssl } = secured as TLSSocket & Verifying;
  const fault = typeof ssl?.verifyError === 'function' ? ssl.verifyError() : {};
  if (fault !== null) return withoutList.test(String(fault.code)) ? 'unavailable' : 'unverified';
  const fingerprint = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
  return { kind: 'certificate', fingerprint, der: certificate.raw.toString('base64') };
}
