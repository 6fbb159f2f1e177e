/**
 * Compares a presented secret with known ones: the token of the admin port, the secret of a gateway or of a proxy. Both sides are digests
 * of one length and are compared in constant time, so that the time reveals neither how much matched nor which secret matched.
 */
import { hash, timingSafeEqual } from 'node:crypto';

/** The secrets are digested once. */
export function compareSecrets(secrets: readonly string[]): (presented: string) => boolean {
  const known = secrets.map(digest);
  return (presented) => {
    const offered = digest(presented);
    let found = false;
    for (const one of known) found = timingSafeEqual(one, offered) || found;
    return found;
  };
}

function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
