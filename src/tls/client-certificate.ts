/** Whether the client of a finished handshake has shown a certificate of the authorities of its context. */
import type { TLSSocket } from 'node:tls';

/** Node sets `authorized` only for sockets of a `tls.Server`, from these two results. Without one of them, the client counts as one without a certificate. */
interface Verifying {
  readonly ssl?: { readonly verifyError?: () => unknown };
}

export function isCertified(tls: TLSSocket): boolean {
  const { ssl } = tls as TLSSocket & Verifying;
  if (typeof ssl?.verifyError !== 'function') return false;
  return tls.getPeerX509Certificate() !== undefined && ssl.verifyError() === null;
}
