/**
 * How long a response may be kept by its own headers (RFC 9111 sections 4.2 and 5.2.2). Read only if configured
 * (`authApi.honorCacheControl`), and only to shorten the life of a verdict. `private` is ignored: the response to a credential is always
 * private, and is kept for this credential alone.
 */
import type { IncomingHttpHeaders } from 'node:http';

/**
 * Milliseconds from the request; `Infinity` if the response sets no limit, 0 if it must not be kept. An invalid limit counts as 0 (section
 * 4.2.1: treat it as stale).
 */
export function keepableMs(headers: IncomingHttpHeaders): number {
  const directives = headers['cache-control'];
  if (directives === undefined) return Number.POSITIVE_INFINITY;
  let maxAgeS: number | null = null;
  let sharedMaxAgeS: number | null = null;
  for (const directive of directives.split(',')) {
    const [name = '', value = ''] = directive.split('=', 2).map((part) => part.trim().toLowerCase());
    if (name === 'no-store' || name === 'no-cache') return 0;
    // Of several, the shortest.
    if (name === 'max-age') maxAgeS = Math.min(maxAgeS ?? Number.POSITIVE_INFINITY, secondsOf(value));
    if (name === 's-maxage') sharedMaxAgeS = Math.min(sharedMaxAgeS ?? Number.POSITIVE_INFINITY, secondsOf(value));
  }
  const lifeS = sharedMaxAgeS ?? maxAgeS;
  if (lifeS === null) return Number.POSITIVE_INFINITY;
  return Math.max(lifeS - ageS(headers), 0) * 1000;
}

/** `max-age="5"` is accepted too, as recipients should (section 5.2). */
function secondsOf(value: string): number {
  const digits = /^"?(\d{1,10})"?$/.exec(value)?.[1];
  return digits === undefined ? 0 : Number(digits);
}

/** How long caches held the response; of several values, the first (section 5.1). */
function ageS({ age = '' }: IncomingHttpHeaders): number {
  return Number(/^(\d{1,10})(?:[ \t]*,|$)/.exec(age)?.[1] ?? 0);
}
