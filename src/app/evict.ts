/** Revokes the ids in a successful call through a route with `evict`. */

import type { Config } from '../config/config.ts';
import type { Identity } from '../core/identity/identity.ts';
import { type Eviction, evictedBy, evictsFromPath } from '../core/revocation/eviction.ts';
import { AttemptWindows } from '../limits/memory-counter.ts';
import type { Evictions } from '../request-line/runtime.ts';
import type { Runtime } from './create-runtime.ts';
import { sourcesAlike } from './sources-alike.ts';

/** Each call adds an entry that every replica and Redis keep, so one client must not be able to fill them. */
const maxCalls = 1_000;
/**
 * Of calls that end tokens which the gateway verifies itself: 14,400 of one client or user in the 24 hours for which these entries are
 * kept. Beyond 50,000 of one source, all of its earlier tokens are refused.
 */
const maxOfTokens = 100;
const windowMs = 600_000;
const maxClients = 10_000;

/**
 * It applies in this process when `evict` returns; the promise resolves once it was announced to the others, or the announcement failed.
 * `current`: the runtime in use when the response arrives, possibly later than the one that decided. `unreadable`: called with the id of a
 * route whose call contained no id to revoke.
 */
export function createEvict(current: () => Runtime, unreadable: (route: string) => void): Evictions {
  const [all, ofTokens] = [new AttemptWindows(maxClients), new AttemptWindows(maxClients)];
  const boundsOf = (evict: readonly Eviction[], identity: Identity | null) => [
    ...(endsTokens(evict, identity, current().config) ? [{ calls: ofTokens, most: maxOfTokens }] : []),
    { calls: all, most: maxCalls },
  ];
  return {
    allowed(evict, identity, client) {
      const [bounds, nowMs] = [boundsOf(evict, identity), performance.now()];
      // Unknown clients count as one.
      if (evictsFromPath(evict))
        return bounds.every(({ calls, most }) => calls.add(`client ${client}`, nowMs, windowMs).attempts <= most);
      return identity === null || bounds.every(({ calls, most }) => calls.attempts(userOf(identity), nowMs) < most);
    },
    evict({ route, request, identity }) {
      if (route.evict === null) return null;
      const named = evictedBy(route.evict, route.pattern, request.path, identity);
      if (named.unreadable > 0) unreadable(route.id);
      if (named.evicted.length === 0) return null;
      // Only calls that end something: otherwise a stolen token could use up the sign-outs of its user.
      if (identity !== null && !evictsFromPath(route.evict))
        for (const { calls } of boundsOf(route.evict, identity))
          calls.add(userOf(identity), performance.now(), windowMs);
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

const userOf = ({ acceptedBy, userId }: Identity) => `user ${acceptedBy}\n${userId}`;

/** Whether an id can be that of a token which the gateway verifies itself. */
function endsTokens(evict: readonly Eviction[], identity: Identity | null, config: Config): boolean {
  const verified = new Set(config.sources.filter(({ kind }) => kind === 'jwt').map(({ name }) => name));
  if (verified.size === 0) return false;
  return evict.some(({ from }) => {
    const source = 'param' in from ? from.source : identity?.acceptedBy;
    return source !== undefined && sourcesAlike(config, source).some((one) => verified.has(one));
  });
}
