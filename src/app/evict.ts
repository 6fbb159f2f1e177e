/** Revokes what a successful call through a route with `evict` names. */

import type { SourceConfig } from '../config/source-config.ts';
import type { Allow } from '../core/decision.ts';
import { evictedBy } from '../core/revocation/eviction.ts';
import type { Runtime } from './create-runtime.ts';

/** Holds in this process when it returns; what it returns resolves once it was announced to the others, or could not be. */
export type Evict = (decision: Allow) => Promise<unknown> | null;

/**
 * `current`: what is in use when the response comes, which may be a later configuration than the one that decided.
 * `unreadable`: called with the id of a route whose call named nothing that can be revoked.
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
