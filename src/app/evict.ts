/** Revokes the ids in a successful call through a route with `evict`. */

import { evictedBy, evictsFromPath } from '../core/revocation/eviction.ts';
import { AttemptWindows } from '../limits/memory-counter.ts';
import type { Evictions } from '../proxy/gateway.ts';
import type { Runtime } from './create-runtime.ts';
import { sourcesAlike } from './sources-alike.ts';

/** Each call adds an entry that every replica and Redis keep for hours, so one client must not be able to fill them. */
const mostCalls = 1_000;
const windowMs = 600_000;
const mostClients = 10_000;

/**
 * It applies in this process when `evict` returns; the promise resolves once it was announced to the others, or the announcement failed.
 * `current`: the runtime in use when the response arrives, possibly later than the one that decided. `unreadable`: called with the id of a
 * route whose call contained no id to revoke.
 */
export function createEvict(current: () => Runtime, unreadable: (route: string) => void): Evictions {
  const calls = new AttemptWindows(mostClients);
  // Unknown clients count as one.
  const count = (client = '') => calls.add(client, performance.now(), windowMs).attempts;
  return {
    allowed: (evict, client) => !evictsFromPath(evict) || count(client) <= mostCalls,
    evict({ route, request, identity }) {
      if (route.evict === null) return null;
      const named = evictedBy(route.evict, route.pattern, request.path, identity);
      if (named.unreadable > 0) unreadable(route.id);
      if (named.evicted.length === 0) return null;
      const { resolver, config } = current();
      const { revocations } = resolver;
      const announced = named.evicted.flatMap(({ kind, id, source }) => {
        const of = source ?? identity?.acceptedBy;
        // The service may have accepted another spelling of a UUID in the path.
        const anyCase = source === null ? {} : ({ anyCase: true } as const);
        const alike = of === undefined ? [] : sourcesAlike(config, of);
        return alike.map((one) => revocations.revoke({ kind, id, source: one, ...anyCase }, 'route'));
      });
      return revocations.alone ? null : Promise.all(announced);
    },
  };
}
