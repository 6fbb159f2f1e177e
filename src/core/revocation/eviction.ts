/**
 * What a successful call through a route revokes: `evict: { session: "{id}" }`. The ids come from the matched request and the checked
 * identity, never from the upstream's response.
 */
import type { Identity } from '../identity/identity.ts';
import type { RoutePattern } from '../url/path-pattern.ts';
import { pathParam } from '../url/path-pattern.ts';

export type EvictedKind = 'session' | 'keyPair' | 'user';

/** Fields of the identity that can be revoked. */
export const evictedFields = ['sessionId', 'keyId', 'userId'] as const;
export type EvictedField = (typeof evictedFields)[number];

export interface Eviction {
  readonly kind: EvictedKind;
  /** `source`: the source whose sessions, keys or users the parameter names. */
  readonly from: { readonly param: string; readonly source: string } | { readonly identity: EvictedField };
}

export interface Evicted {
  readonly kind: EvictedKind;
  readonly id: string;
  /** The source that named it; null: the source of the caller, whose own id it is. */
  readonly source: string | null;
}

/** The form of session, key and user ids. An id that needs escapes is not valid. */
const identifier = /^[A-Za-z0-9._~@+:-]{1,256}$/;

export function isEvictedId(text: string): boolean {
  return identifier.test(text);
}

/** Whether the caller chooses what a route revokes. */
export function evictsFromPath(evictions: readonly Eviction[]): boolean {
  return evictions.some(({ from }) => 'param' in from);
}

/** `{param}` or `{identity.field}` as a source, or null if it is neither. The caller checks whether the pattern has the parameter. */
export function readEvictionSource(
  text: string,
): { readonly param: string } | { readonly identity: EvictedField } | null {
  const name = /^\{([^{}]+)\}$/.exec(text)?.[1];
  if (name === undefined) return null;
  if (!name.startsWith('identity.')) return { param: name };
  const field = evictedFields.find((known) => known === name.slice('identity.'.length));
  return field === undefined ? null : { identity: field };
}

/**
 * What to revoke, and how many ids cannot be read: a parameter that is not an id, or a field that this identity lacks. `path` is canonical
 * and was matched by `pattern`.
 */
export function evictedBy(
  evictions: readonly Eviction[],
  pattern: RoutePattern,
  path: string,
  identity: Identity | null,
): { readonly evicted: readonly Evicted[]; readonly unreadable: number } {
  const evicted: Evicted[] = [];
  for (const { kind, from } of evictions) {
    const source = 'param' in from ? from.source : null;
    const id = 'param' in from ? pathParam(pattern, path, from.param) : (identity?.[from.identity] ?? null);
    if (id !== null && isEvictedId(id)) evicted.push({ kind, id, source });
  }
  return { evicted, unreadable: evictions.length - evicted.length };
}
