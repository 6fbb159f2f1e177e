/**
 * Compares what is presented with secrets that are known: the token of the admin port, the secret of a gateway or of a proxy that asks.
 * As digests of one length and in constant time, so that time tells neither how much of it was right nor which secret it was.
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
