/** What a refresh of a session gives. */
import type { SessionTokens, StoredSession } from '../../sessions/session-store.ts';

/** What the provider says to a refresh token. `refused`: it ended the session, so that there is nothing more to wait for. */
export type Refreshed =
  | { readonly kind: 'signed-in'; readonly claims: StoredSession['claims']; readonly tokens: SessionTokens }
  | { readonly kind: 'refused'; readonly detail: string }
  | {
      readonly kind: 'unavailable';
      readonly detail: string;
      /** Renewed before it failed: the former ones are of no use any more. */
      readonly tokens?: SessionTokens;
    };

export const lateRefresh: Refreshed = {
  kind: 'unavailable',
  detail: 'another process did not end its refresh of the session in time',
};

export const ended: Refreshed = { kind: 'refused', detail: 'the session has ended' };

export function refreshedBy({ claims, tokens }: StoredSession): Refreshed {
  return { kind: 'signed-in', claims, tokens };
}
