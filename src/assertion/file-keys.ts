/** Keys that an operator gives: the first signs, all are published. */
import type { Algorithm, PrivateJwk } from './key-ring.ts';
import { type PublishedKeys, publish, type ReadyKey, readyKey, type SigningKeys } from './signing-keys.ts';

export interface GivenKey {
  readonly algorithm: Algorithm;
  readonly jwk: PrivateJwk;
  /** Null: its thumbprint. */
  readonly kid: string | null;
}

/** At least one. */
export function createFileKeys(configKeys: readonly GivenKey[]): SigningKeys {
  let ready: readonly ReadyKey[] = [];
  let published: PublishedKeys | null = null;
  const loading = Promise.all(configKeys.map(({ algorithm, jwk, kid }) => readyKey(algorithm, jwk, kid, 0))).then(
    (keys) => {
      ready = keys;
      published = publish(keys);
    },
  );
  // `awaited` reports it.
  loading.catch(() => {});
  return {
    current: () => ready[0] ?? null,
    async awaited() {
      await loading;
      return ready[0] ?? null;
    },
    published: () => published,
    sync: () => loading.catch(() => {}),
    close() {},
  };
}
