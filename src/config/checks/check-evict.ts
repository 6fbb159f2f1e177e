/** What a route revokes: every `{name}` must be a parameter of its path, or a field of the identity if it requires one. */
import {
  type EvictedKind,
  type Eviction,
  evictedFields,
  evictsFromPath,
  readEvictionSource,
} from '../../core/revocation/eviction.ts';
import type { RoutePattern } from '../../core/url/path-pattern.ts';
import type { RouteEntry } from '../schema.ts';
import type { Location } from './location.ts';

const ofPath = 'the source whose sessions, key pairs or users the path names';

/** An id of the path belongs to one source: others may have given the same id to another session. */
function checkSource(
  name: string | undefined,
  evictions: readonly Eviction[],
  sources: EvictScope['sources'],
  at: Location,
): void {
  const there = at.at('source');
  if (!evictsFromPath(evictions)) {
    if (name !== undefined && evictions.length > 0) {
      there.reportKey(
        'it has no meaning without an id from the path',
        'the ids of the caller belong to its own source',
      );
    }
  } else if (name === undefined) {
    if (!sources.has('authApi')) at.report('the key "source" is missing', ofPath);
  } else if (!sources.has(name)) {
    there.report(`there is no source ${there.quote(name)}`, there.nearest(name, sources));
  }
}

const kinds: readonly EvictedKind[] = ['session', 'keyPair', 'user'];

export interface EvictScope {
  /** Empty if there is a problem with them. */
  readonly patterns: readonly RoutePattern[];
  readonly isPublic: boolean;
  /** Names of all sources, `authApi` included. */
  readonly sources: ReadonlySet<string>;
}

/** Null: nothing. */
export function checkEvict(
  entry: RouteEntry['evict'],
  { patterns, isPublic, sources }: EvictScope,
  at: Location,
): readonly Eviction[] | null {
  if (entry === undefined) return null;
  const source = entry.source ?? 'authApi';
  if (kinds.every((kind) => entry[kind] === undefined))
    at.report(`expected ${kinds.map((kind) => `"${kind}"`).join(', ')}`);
  const evictions: Eviction[] = [];
  for (const kind of kinds) {
    const text = entry[kind];
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
    } else evictions.push({ kind, from: 'param' in from ? { ...from, source } : from });
  }
  checkSource(entry.source, evictions, sources, at);
  return evictions.length === 0 ? null : evictions;
}
