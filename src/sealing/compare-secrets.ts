/**
 * Compares a presented secret with known ones: the token of the admin port, the secret of a gateway or of a proxy. Both sides are digests
 * of one length and are compared in constant time, so that the time reveals neither how much matched nor which secret matched.
 */
import { hash, timingSafeEqual } from 'node:crypto';

/** The secrets are digested once. */
export function compareSecrets(secrets: readonly string[]): (presented: string) => boolean {
  const find = findSecret(secrets);
  return (presented) => find(presented) !== -1;
}

/** Index of the matching secret, or -1. */
export function findSecret(secrets: readonly string[]): (presented: string) => number {
  const known = secrets.map(digest);
  return (presented) => {
    const offered = digest(presented);
    let match = -1;
    // All are compared, for constant time.
    for (const [index, one] of known.entries()) match = timingSafeEqual(one, offered) ? index : match;
    return match;
  };
}

function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
