/** What a route revokes: every `{name}` has to be a parameter of its path, or a field of an identity that it asks for. */
import { type EvictedKind, type Eviction, evictedFields, readEvictionSource } from '../../core/revocation/eviction.ts';
import type { RoutePattern } from '../../core/url/path-pattern.ts';
import type { Parts, RouteEntry } from '../schema.ts';
import type { Path } from '../yaml/tree.ts';
import type { Check } from './check.ts';

const kinds: readonly EvictedKind[] = ['session', 'keypair', 'user'];

/** Null: nothing. `pattern`: null, when it has a problem of its own; `route`: where the route stands. */
export function checkEvict(
  written: Parts<RouteEntry>['evict'],
  pattern: RoutePattern | null,
  isPublic: boolean,
  route: Path,
  check: Check,
): readonly Eviction[] | null {
  if (written === undefined) return null;
  const path = [...route, 'evict'];
  if (check.keys(path)?.length === 0) check.at(path, `expected ${kinds.map((kind) => `"${kind}"`).join(', ')}`);
  const evictions: Eviction[] = [];
  for (const kind of kinds) {
    const text = written[kind];
    if (text === undefined) continue;
    const at = [...path, kind];
    const from = readEvictionSource(text);
    if (from === null) {
      const fields = evictedFields.map((field) => `"{identity.${field}}"`).join(', ');
      check.at(at, 'expected a parameter of the path or a field of the identity', `"{id}", or one of ${fields}`);
    } else if ('param' in from && pattern !== null && !pattern.params.includes(from.param)) {
      const { params } = pattern;
      const hint = params.length === 0 ? 'this path has no parameters' : check.nearest(at, from.param, params);
      check.at(at, `the path of this route has no parameter ${check.quote(at, `{${from.param}}`)}`, hint);
    } else if ('identity' in from && isPublic) {
      check.at(at, 'there is no identity on a public route', 'name a parameter of the path');
    } else {
      evictions.push({ kind, from });
    }
  }
  return evictions.length === 0 ? null : evictions;
}
