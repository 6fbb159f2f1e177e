/**
 * Browsers send a cookie with every request, including one that another site caused (CSRF). So they do with a
 * certificate. If either is the credential, a request that changes state or opens a WebSocket must come from the same origin.
 */

import { safeMethods } from '../request/normalize-request.ts';
import type { CanonicalRequest } from '../request/request-view.ts';

/**
 * Fetch Metadata decides if the browser sends it; otherwise `Origin` must equal the request's own authority. `overTls`: it must be one
 * of https, too, because an attacker on the network can serve a page at the same host without TLS. `ifUnknown`: the result for a client that
 * says nothing, as programs do.
 */
export function isSameOrigin(
  request: Pick<CanonicalRequest, 'method' | 'authority'>,
  rawHeaders: readonly string[],
  overTls = false,
  ifUnknown = false,
): boolean {
  let site: string | null = null;
  let origin: string | null = null;
  let upgrade = false;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    switch (rawHeaders[i]!.toLowerCase()) {
      case 'sec-fetch-site':
        if (site !== null) return false;
        site = rawHeaders[i + 1]!;
        break;
      case 'origin':
        if (origin !== null) return false;
        origin = rawHeaders[i + 1]!;
        break;
      case 'upgrade':
        upgrade = true;
        break;
    }
  }
  if (safeMethods.has(request.method) && !upgrade) return true;
  if (site !== null && site !== 'same-origin' && site !== 'none') return false;
  if (origin === null) return site !== null || ifUnknown;
  const scheme = origin.indexOf('://');
  if (overTls && !origin.startsWith('https:')) return false;
  return scheme > 0 && origin.slice(scheme + 3).toLowerCase() === request.authority.toLowerCase();
}
