/**
 * What a successful call through a route revokes: `evict: { session: "{id}" }`. Read from the request that the gateway
 * has matched and from the identity that it has checked, never from the response of the upstream.
 */
import type { Identity } from '../identity/identity.ts';
import type { RoutePattern } from '../url/path-pattern.ts';
import { pathParam } from '../url/path-pattern.ts';

export type EvictedKind = 'session' | 'keypair' | 'user';

/** Fields of the identity that name something that can be revoked. */
export const evictedFields = ['sessionId', 'keyId', 'userId'] as const;
export type EvictedField = (typeof evictedFields)[number];

export interface Eviction {
  readonly kind: EvictedKind;
  readonly from: { readonly param: string } | { readonly identity: EvictedField };
}

export interface Evicted {
  readonly kind: EvictedKind;
  readonly id: string;
  /** Of the caller itself, so that only its issuer has named it. */
  readonly own: boolean;
}

/** What an Auth API names a session, a key or a user by. Escapes are not among it: an id that needs them is none. */
const identifier = /^[A-Za-z0-9._~@+:-]{1,256}$/;

export function isEvictedId(text: string): boolean {
  return identifier.test(text);
}

/**
 * `{param}` or `{identity.field}` as a source, or null when it is neither. Whether the pattern has the parameter is the
 * caller's to check.
 */
export function readEvictionSource(text: string): Eviction['from'] | null {
  const name = /^\{([^{}]+)\}$/.exec(text)?.[1];
  if (name === undefined) return null;
  if (!name.startsWith('identity.')) return { param: name };
  const field = evictedFields.find((known) => known === name.slice('identity.'.length));
  return field === undefined ? null : { identity: field };
}

/**
 * What to revoke, and how many of the ids cannot be read: a parameter that is no id, or a field that this identity does
 * not have. `path` is canonical and was matched by `pattern`.
 */
export function evictedBy(
  evictions: readonly Eviction[],
  pattern: RoutePattern,
  path: string,
  identity: Identity | null,
): { readonly evicted: readonly Evicted[]; readonly unreadable: number } {
  const evicted: Evicted[] = [];
  for (const { kind, from } of evictions) {
    const own = 'identity' in from;
    const id = 'param' in from ? pathParam(pattern, path, from.param) : (identity?.[from.identity] ?? null);
    if (id !== null && isEvictedId(id)) evicted.push({ kind, id, own });
  }
  return { evicted, unreadable: evictions.length - evicted.length };
}
