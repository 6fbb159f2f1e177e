/** Finds the session behind a bearer: one indexed query by its keyed hash. */
import { Refusal } from '../outcome/refusals.ts';
import type { Services } from '../services.ts';
import type { LiveSession } from '../store/session-store.ts';

/** Refuses what is unknown, expired, revoked, unverified, or belongs to a disabled user; nobody can tell which. */
export async function checkBearer(bearer: string, services: Services): Promise<LiveSession | Refusal> {
  const session = await services.store.sessions.findLive(services.hashes.bearerCandidates(bearer), services.now());
  return session ?? new Refusal('credential_rejected');
}
