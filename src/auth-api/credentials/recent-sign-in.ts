/** Operations that need a recent sign-in: with an old session, its thief could make the account theirs. */
import { Refusal } from '../outcome/refusals.ts';
import type { Services } from '../services.ts';
import type { LiveSession } from '../store/session-store.ts';

/**
 * Null: recent enough. A session is as old as its request, however often it was extended. `ifUnset`: maximum age without a configured one;
 * null: any.
 */
export function refuseOldSignIn(
  { createdAtMs }: LiveSession,
  { now, rules }: Pick<Services, 'now' | 'rules'>,
  ifUnset: number | null,
): Refusal | null {
  const maxAgeMs = rules.recentSignInMs ?? ifUnset;
  return maxAgeMs === null || now() - createdAtMs < maxAgeMs ? null : new Refusal('sign_in_too_old');
}
