/** What a route revokes: every `{name}` must be a parameter of its path, or a field of the identity if it requires one. */
import { type EvictedKind, type Eviction, evictedFields, readEvictionSource } from '../../core/revocation/eviction.ts';
import type { RoutePattern } from '../../core/url/path-pattern.ts';
import type { Parts, RouteEntry } from '../schema.ts';
import type { Location } from './location.ts';

const kinds: readonly EvictedKind[] = ['session', 'keypair', 'user'];

/** Null: nothing. `patterns`: empty if there is a problem with them. */
export function checkEvict(
  written: Parts<RouteEntry>['evict'],
  patterns: readonly RoutePattern[],
  isPublic: boolean,
  at: Location,
): readonly Eviction[] | null {
  if (written === undefined) return null;
  if (at.keys?.length === 0) at.report(`expected ${kinds.map((kind) => `"${kind}"`).join(', ')}`);
  const evictions: Eviction[] = [];
  for (const kind of kinds) {
    const text = written[kind];
    if (text === undefined) continue;
    const there = at.at(kind);
    const from = readEvictionSource(text);
    const lacking =
      from !== null && 'param' in from ? patterns.find(({ params }) => !params.includes(from.param)) : undefined;
    if (from === null) {
      const fields = evictedFields.map((field) => `"{identity.${field}}"`).join(', ');
      there.report('expected a parameter of the path or a field of the identity', `"{id}", or one of ${fields}`);
    } else if ('param' in from && lacking !== undefined) {
      const { params } = lacking;
      const hint = params.length === 0 ? 'this path has no parameters' : there.nearest(from.param, params);
      there.report(`the path of this route has no parameter ${there.quote(`{${from.param}}`)}`, hint);
    } else if ('identity' in from && isPublic) {
      there.report('there is no identity on a public route', 'name a parameter of the path');
    } else evictions.push({ kind, from });
  }
  return evictions.length === 0 ? null : evictions;
}
