/**
 * The `ExternalAuth` filter of the Gateway API as NGINX Gateway Fabric reads it: GET to the configured path, with the original method and
 * target in the headers `Method` and `Path`. It lacks the client address, so no address condition is met, and the scheme:
 * `X-Forwarded-Proto` is the client's own.
 */
import { isNamed } from '../core/syntax/header-fields.ts';
import type { CheckRequest, Dialect, OriginalRequest } from './dialect.ts';
import { allManaged } from './managed-headers.ts';
import { original, takeField } from './read-fields.ts';

export const gatewayApi: Dialect = {
  name: 'gateway-api',
  read({ rawHeaders }: CheckRequest): OriginalRequest | null {
    const host = takeField(rawHeaders, 'host');
    const method = host === null ? null : takeField(host.rest, 'method');
    const target = method === null ? null : takeField(method.rest, 'path');
    if (host === null || method === null || target === null) return null;
    return original(method.value, target.value, host.value, withoutScheme(target.rest), null);
  },
  allow: allManaged,
};

function withoutScheme(rawHeaders: readonly string[]): string[] {
  const rest: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (!isNamed(rawHeaders[i]!, 'x-forwarded-proto')) rest.push(rawHeaders[i]!, rawHeaders[i + 1]!);
  }
  return rest;
}
