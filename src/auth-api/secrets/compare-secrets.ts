/** Compares what is presented with secrets that are known, in constant time. */
import { createHash, timingSafeEqual } from 'node:crypto';

/** Whether it is one of them. */
export function compareSecrets(secrets: readonly string[]): (presented: string) => boolean {
  const known = secrets.map(digest);
  return (presented) => {
    const hash = digest(presented);
    let found = false;
    for (const one of known) found = timingSafeEqual(one, hash) || found;
    return found;
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
