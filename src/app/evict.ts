/** Revokes the ids in a successful call through a route with `evict`. */

import type { SourceConfig } from '../config/source-config.ts';
import type { Allow } from '../core/decision.ts';
import { evictedBy } from '../core/revocation/eviction.ts';
import type { Runtime } from './create-runtime.ts';

/**
 * It applies in this process when the call returns; the promise resolves once it was announced to the others, or the announcement failed.
 */
export type Evict = (decision: Allow) => Promise<unknown> | null;

/**
 * `current`: the runtime in use when the response arrives, possibly later than the one that decided. `unreadable`: called with the id of a
 * route whose call contained no id to revoke.
 */
export function evictor(current: () => Runtime, unreadable: (route: string) => void): Evict {
  return ({ route, request, identity }) => {
    if (route.evict === null) return null;
    const named = evictedBy(route.evict, route.pattern, request.path, identity);
    if (named.unreadable > 0) unreadable(route.id);
    if (named.evicted.length === 0) return null;
    const { resolver, config } = current();
    const { revocations } = resolver;
    const announced = named.evicted.flatMap(({ kind, id, own }) =>
      kind === 'user' && own && identity !== null
        ? sourcesLike(identity.source, config.sources).map((source) =>
            revocations.revoke({ kind, id, source }, 'route'),
          )
        : [revocations.revoke({ kind, id }, 'route')],
    );
    return revocations.alone ? null : Promise.all(announced);
  };
}

/** The source, and others of the same issuer. Another issuer may have given the same id to another user. */
function sourcesLike(name: string, sources: readonly SourceConfig[]): readonly string[] {
  const issuerOf = (source: SourceConfig | undefined) =>
    source !== undefined && 'issuer' in source ? source.issuer : null;
  const issuer = issuerOf(sources.find((one) => one.name === name));
  const alike = issuer === null ? [] : sources.filter((one) => issuerOf(one) === issuer).map((one) => one.name);
  return [...new Set([name, ...alike])];
}
