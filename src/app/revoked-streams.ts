/** Notifies open streams of revocations: when to check, and whether a stream may be concerned. */
import type { CredentialSources } from '../core/credential/credential.ts';
import { extractCredential } from '../core/credential/extract-credential.ts';
import type { Allow } from '../core/decision.ts';
import type { RequestView } from '../core/request/request-view.ts';
import { subjectOf } from '../identity/cache/memory-entry.ts';
import type { IdentityResolver } from '../identity/resolver.ts';
import type { RevocationEvents } from '../identity/revocation/revocation-events.ts';

/** By the name of each source: when this process was first configured with it as it is now, in milliseconds since the epoch. */
export type SourcesSince = ReadonlyMap<string, number>;

/** Forwards to `events`, and calls `recheck` when something was or may have been revoked. */
export function recheckOnRevocation<Events extends RevocationEvents>(events: Events, recheck: () => void): Events {
  return {
    ...events,
    revoked(source, revocation, note) {
      events.revoked(source, revocation, note);
      recheck();
    },
    caughtUp(outcome) {
      events.caughtUp(outcome);
      recheck();
    },
  };
}

/**
 * Whether access granted to a request at `atMs` may have been revoked since. The credential's names are computed only if ids are not
 * sufficient, because that costs a keyed hash. `sourcesSince`: an identity of an earlier source may have another name in revocations now.
 */
export function mayBeRevoked(
  { revocations, lookupsOf }: Pick<IdentityResolver, 'revocations' | 'lookupsOf'>,
  sources: CredentialSources,
  sourcesSince: SourcesSince,
): (view: RequestView, granted: Allow, atMs: number) => boolean {
  const { tombstones } = revocations;
  return (view, { identity, request, route }, atMs) => {
    if (identity === null) return false;
    if (atMs <= (sourcesSince.get(identity.acceptedBy) ?? Number.POSITIVE_INFINITY)) return true;
    if (!tombstones.revokes(subjectOf(identity, []), atMs, false)) return false;
    const credential = extractCredential(request, view.rawHeaders, sources, route.credentials, view.certificate);
    if (credential === null || typeof credential === 'string') return true;
    return tombstones.revokes(subjectOf(identity, lookupsOf(credential)), atMs, false);
  };
}
