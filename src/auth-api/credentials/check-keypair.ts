/**
 * Checks an API key with its secret: one indexed query and one comparison in constant time, the same for an unknown key.
 * Failing checks of one key are limited; the right secret still passes then, or anyone who knows the key, which is no
 * secret, could lock its owner out.
 */
import { refusalOf } from '../limits/limit-mail.ts';
import { Refusal } from '../outcome/refusals.ts';
import type { Services } from '../services.ts';
import type { LiveKeyPair } from '../store/keypair-store.ts';

/** Refuses with 401, and with 429 once too many checks of this key failed. */
export async function checkKeyPair(
  presented: { readonly apiKey: string; readonly apiSecret: string },
  services: Services,
): Promise<LiveKeyPair | Refusal> {
  const { apiKey, apiSecret } = presented;
  const pair = await services.store.keyPairs.findLive(apiKey, services.now());
  const matches = services.hashes.isApiSecret(pair?.secretHash ?? null, apiKey, apiSecret);
  // Computed for a wrong secret too, so that time does not tell.
  const current = services.hashes.apiSecret(apiKey, apiSecret);
  if (pair !== null && matches) {
    await renewHash(pair, current, services);
    return pair;
  }
  const limited = await refusalOf(services.limiter.charge(['failuresPerKey', apiKey]));
  return limited ?? new Refusal('credential_rejected');
}

/**
 * A pair lives for years: what was hashed under an earlier secret moves to the current one when it is used, so that the
 * earlier one can be forgotten some day. A session, which lives for weeks at most, simply ends.
 */
async function renewHash(pair: LiveKeyPair, current: string, { store }: Services): Promise<void> {
  if (pair.secretHash === current) return;
  // The secret is right, whatever becomes of this; the next use tries again.
  await store.keyPairs.rehash(pair.keyId, pair.secretHash, current).catch(() => {});
}
