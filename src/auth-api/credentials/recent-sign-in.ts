/** Operations that need a recent sign-in: with an old session, its thief could make the account theirs. */
import { Refusal } from '../outcome/refusals.ts';
import type { Services } from '../services.ts';
import type { LiveSession } from '../store/session-store.ts';

/** For passkeys, where nothing else is configured. */
export const recentSignInMs = 600_000;

/** Null: recent enough. A session is as old as its request, however often it was extended. */
export function refuseOldSignIn({ createdAtMs }: LiveSession, { now }: Pick<Services, 'now'>): Refusal | null {
  return now() - createdAtMs < recentSignInMs ? null : new Refusal('sign_in_too_old');
}
