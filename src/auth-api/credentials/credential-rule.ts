/** Which credential an operation accepts, and how its caller is found. */

import type { CredentialRule } from '../../operations/operation.ts';
import { refusalOf } from '../limits/limiter.ts';
import { Refusal, type RefusalCode } from '../outcome/refusals.ts';
import type { Services } from '../services.ts';
import type { LiveKeyPair } from '../store/keypair-store.ts';
import type { LiveSession } from '../store/session-store.ts';
import { administratorRole } from './administrator-role.ts';
import { type Entitled, entitle } from './passkey-roles.ts';
import { type PresentedCredential, readCredential } from './read-credential.ts';

type Rule<Caller> = CredentialRule<Services, RefusalCode, Caller>;

const presentedRefusals = [
  'credential_repeated',
  'credential_conflict',
  'credential_missing',
  'credential_rejected',
] as const;
/** A key pair may also have failed too often. */
const keyPairRefusals = [...presentedRefusals, 'attempts_exceeded'] as const;

/** No credential is read, so that a stale one does not stop a new sign-in. */
export const noCredential: Rule<null> = { kind: 'none', refusals: [], identify: () => null };

/** A verified session, required to manage sessions, keys and addresses. A key pair is not accepted (401). */
export const bearerOnly: Rule<Entitled<LiveSession>> = {
  kind: 'bearer',
  refusals: presentedRefusals,
  async identify(rawHeaders, services) {
    const presented = readCredential(rawHeaders);
    if (presented instanceof Refusal) return presented;
    return presented.kind === 'bearer' ? checkBearer(presented.bearer, services) : refuseKind(presented);
  },
};

/** A verified key pair; a bearer is not accepted (401). */
export const keyPairOnly: Rule<Entitled<LiveKeyPair>> = {
  kind: 'keypair',
  refusals: keyPairRefusals,
  async identify(rawHeaders, services) {
    const presented = readCredential(rawHeaders);
    if (presented instanceof Refusal) return presented;
    return presented.kind === 'keypair' ? checkKeyPair(presented, services) : refuseKind(presented);
  },
};

/** Either kind, never both. */
export const anyCredential: Rule<Entitled<LiveSession | LiveKeyPair>> = {
  kind: 'any',
  refusals: keyPairRefusals,
  async identify(rawHeaders, services) {
    const presented = readCredential(rawHeaders);
    if (presented instanceof Refusal) return presented;
    if (presented.kind === 'bearer') return checkBearer(presented.bearer, services);
    return presented.kind === 'keypair' ? checkKeyPair(presented, services) : refuseKind(presented);
  },
};

/** Either kind, which carries the administrator's role (otherwise 403, or 401 if only a passkey is missing). */
export const administrator: Rule<Entitled<LiveSession | LiveKeyPair>> = {
  kind: 'administrator',
  refusals: [...keyPairRefusals, 'permission_missing', 'passkey_required'],
  async identify(rawHeaders, services) {
    const caller = await anyCredential.identify(rawHeaders, services);
    if (caller instanceof Refusal) return caller;
    if (caller.roles.includes(administratorRole)) return caller;
    return new Refusal(caller.withheldRoles.includes(administratorRole) ? 'passkey_required' : 'permission_missing');
  },
};

/** One indexed query by the keyed hash. Unknown, expired, revoked and unverified bearers are refused alike. */
async function checkBearer(bearer: string, services: Services): Promise<Entitled<LiveSession> | Refusal> {
  const { store, hashes, now, rules } = services;
  const session = await store.sessions.findLive(hashes.bearerCandidates(bearer), now());
  return session === null ? new Refusal('credential_rejected') : entitle(session, session.openedBy, rules);
}

function refuseKind(presented: PresentedCredential): Refusal {
  return new Refusal(presented.kind === 'none' ? 'credential_missing' : 'credential_rejected');
}

/** Refuses with 401, and with 429 once too many checks of this key failed. */
async function checkKeyPair(
  presented: { readonly apiKey: string; readonly apiSecret: string },
  services: Services,
): Promise<Entitled<LiveKeyPair> | Refusal> {
  const { apiKey, apiSecret } = presented;
  const pair = await services.store.keyPairs.findLive(apiKey, services.now());
  const matches = services.hashes.isApiSecret(pair?.secretHash ?? null, apiKey, apiSecret);
  // Also computed for a wrong secret, so that timing reveals nothing.
  const current = services.hashes.apiSecret(apiKey, apiSecret);
  if (pair !== null && matches) {
    await renewHash(pair, current, services);
    return entitle(pair, 'key', services.rules);
  }
  const limited = await refusalOf(services.limiter.charge(['failuresPerKey', apiKey]));
  return limited ?? new Refusal('credential_rejected');
}

/**
 * A pair lives for years: a hash under an earlier secret is renewed under the current one on use, so that the earlier one can be removed
 * eventually. A session, which lives for weeks at most, simply ends.
 */
async function renewHash(pair: LiveKeyPair, current: string, { store }: Services): Promise<void> {
  if (pair.secretHash === current) return;
  // The secret is right even if this fails; the next use tries again.
  await store.keyPairs.rehash(pair.keyId, pair.secretHash, current).catch(() => {});
}
