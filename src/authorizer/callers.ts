/** Which callers may ask: peers by address, or callers through the Unix socket; both only with the shared secret, where one is configured. */
import { hash, timingSafeEqual } from 'node:crypto';
import type { TrustedProxies } from '../core/syntax/addresses.ts';

/** Carries the shared secret. Only in checks: no service gets it. */
export const secretHeader = 'x-rolegate-authorizer';

/** `address` is empty for a Unix socket. */
export function mayConnect(address: string, peers: TrustedProxies): boolean {
  return address === '' || peers(address);
}

/** The headers without the secret. Null: it is missing, repeated or wrong. Secrets are compared as digests of one length. */
export function takeSecret(rawHeaders: readonly string[], secret: string | null): string[] | null {
  const rest: string[] = [];
  const offered: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.toLowerCase() === secretHeader) offered.push(rawHeaders[i + 1]!);
    else rest.push(rawHeaders[i]!, rawHeaders[i + 1]!);
  }
  if (secret === null) return rest;
  const same = timingSafeEqual(digest(offered[0] ?? ''), digest(secret));
  return same && offered.length === 1 ? rest : null;
}

function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
