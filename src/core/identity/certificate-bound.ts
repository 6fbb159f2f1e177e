/**
 * Tokens that are bound to a certificate of their client (RFC 8705): only on a connection with this certificate are they accepted. The result of
 * a token may be cached, so the connection of each request is compared.
 */
import type { PeerCertificate } from '../request/peer-certificate.ts';
import type { Resolution } from './identity.ts';

/** On the connection of another client, the credential is rejected. */
export function heldBy(resolution: Resolution, certificate: PeerCertificate | undefined): Resolution {
  const boundTo = resolution.identity?.boundTo;
  if (boundTo === undefined) return resolution;
  if (certificate != null && typeof certificate !== 'string' && certificate.fingerprint === boundTo) return resolution;
  const { source } = resolution;
  return { identity: null, reason: 'credential_rejected', retryAfterS: null, source, rejection: 'bound' };
}
