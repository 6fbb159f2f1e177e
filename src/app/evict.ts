/** Revokes what a successful call through a route with `evict` names. */
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
    const { revocations } = current().resolver;
    const announced = named.evicted.map((one) => revocations.revoke(one, 'route'));
    return revocations.alone ? null : Promise.all(announced);
  };
}
