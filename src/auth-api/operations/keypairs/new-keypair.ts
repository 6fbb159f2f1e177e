/** Makes a key pair with fresh randomness. */
import { apiKeyLength, apiSecretLength, randomToken } from '../../secrets/random-secret.ts';
import type { Services } from '../../services.ts';
import type { NewKeyPair } from '../../store/keypair-store.ts';

/** Ten years. */
export const maxKeyDays = 3650;

const dayMs = 86_400_000;

/** `apiSecret` is shown once; only its hash is in `pair`. */
export function newKeyPair(
  wanted: { readonly id: string; readonly userId: string; readonly name: string; readonly days: number },
  services: Pick<Services, 'hashes' | 'now'>,
): { readonly pair: NewKeyPair; readonly apiSecret: string } {
  const apiKey = randomToken(apiKeyLength);
  const apiSecret = randomToken(apiSecretLength);
  const createdAtMs = services.now();
  const pair = {
    id: wanted.id,
    userId: wanted.userId,
    apiKey,
    secretHash: services.hashes.apiSecret(apiKey, apiSecret),
    name: wanted.name,
    createdAtMs,
    expireAtMs: createdAtMs + wanted.days * dayMs,
  };
  return { pair, apiSecret };
}
