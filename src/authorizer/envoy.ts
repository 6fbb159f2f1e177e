/**
 * Envoy's `ext_authz` over HTTP, also as Istio, Envoy Gateway and agentgateway configure it. The check has the original method, and the
 * original target after `path_prefix`. It contains only those client headers that the configuration lists. A header of the response
 * replaces the client's; one that the service must not receive is listed for removal, never both.
 */
import { isNamed } from '../core/syntax/header-fields.ts';
import type { CheckRequest, Dialect, ManagedHeader, OriginalRequest } from './dialect.ts';
import { original, takeField, takeLastAddress } from './read-fields.ts';

const removal = 'x-envoy-auth-headers-to-remove';

export const envoy: Dialect = {
  name: 'envoy',
  targetBehindPath: true,
  read({ method, rest: target, rawHeaders }: CheckRequest): OriginalRequest | null {
    const host = takeField(rawHeaders, 'host');
    const timeout = host === null ? null : takeField(host.rest, 'x-envoy-expected-rq-timeout-ms');
    if (host === null || timeout === null) return null;
    const { peer, rest } = takeLastAddress(timeout.rest);
    const waitsMs = /^[1-9]\d{0,8}$/.test(timeout.value ?? '') ? Number(timeout.value) : Number.POSITIVE_INFINITY;
    return original(method, target, host.value, withCredentialsApart(rest), peer, waitsMs);
  },
  allow(managed: readonly ManagedHeader[]): string[] {
    const { set, removed } = mutationsOf(managed);
    const headers = set.flat();
    if (removed.length > 0) headers.push(removal, removed.join(','));
    return headers;
  },
};

/** A comma before another scheme. No parameter of a scheme looks like that: its name is followed by "=" (RFC 9110 section 11.2). */
const nextScheme = /,(?=[!#$%&'*+.^_`|~0-9A-Za-z-]+ +[^ =])/;

/**
 * Envoy joins repeated `Authorization` by a comma before any check. Joined they would be one malformed credential, which is anonymous where
 * a credential is optional, instead of two.
 */
export function withCredentialsApart(rawHeaders: readonly string[]): readonly string[] {
  return rawHeaders.flatMap((name, at) => {
    if (at % 2 === 1) return [];
    const value = rawHeaders[at + 1]!;
    if (!isNamed(name, 'authorization')) return [name, value];
    return value.split(nextScheme).flatMap((one) => [name, one]);
  });
}

/** No header is in both lists, because products differ in which one applies. */
export function mutationsOf(managed: readonly ManagedHeader[]): {
  /** Names and values. */
  readonly set: readonly (readonly [string, string])[];
  readonly removed: readonly string[];
} {
  return {
    set: managed.flatMap(({ name, value }) => (value === null ? [] : [[name, value] as const])),
    removed: managed.filter(({ value }) => value === null).map(({ name }) => name),
  };
}
