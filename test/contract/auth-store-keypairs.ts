/** Contract of the store: key pairs. */
import { describe, expect, it } from 'vitest';
import { claim, code, laterMs, nowMs, pair, type StoreUnderTest } from './auth-store-rows.ts';

export function describeKeyPairs(tested: () => StoreUnderTest): void {
  describe('key pairs', () => {
    it('are live from verification to expiry', async () => {
      const { store, ana } = tested();
      const keys = pair(ana);
      const its = code('keypair');
      await store.keyPairs.create(keys, its);
      expect(await store.keyPairs.findLive(keys.apiKey, laterMs)).toBeNull();
      expect(await store.keyPairs.verify(its.id, laterMs)).toBe(keys.id);
      expect(await store.keyPairs.verify(its.id, laterMs)).toBeNull();
      expect(await store.keyPairs.findLive(keys.apiKey, laterMs)).toEqual({
        keyId: keys.id,
        apiKey: keys.apiKey,
        name: 'Example',
        expireAtMs: nowMs + 10_000,
        verified: true,
        secretHash: 'hash',
        userId: ana.id,
        alias: 'ana',
        fullName: 'Full ana',
        roles: ['reporter', 'user'],
        groups: ['public'],
        hasPasskey: false,
      });
      expect(await store.keyPairs.findLive(keys.apiKey, nowMs + 10_000)).toBeNull();
      expect(await store.keyPairs.findLive(keys.id, laterMs)).toBeNull();
    });

    it('are found only by their whole key, however similar another one is', async () => {
      const { store, ana } = tested();
      const keys = pair(ana, { apiKey: 'BBBB' });
      await store.keyPairs.create(keys, null);
      const found = async (apiKey: string) => (await store.keyPairs.findLive(apiKey, laterMs))?.keyId ?? null;
      for (const near of ['', 'A', 'BBB', 'BBBA', 'BBBBB', 'BBBC', 'bbbb', 'Z']) expect(await found(near)).toBeNull();
      expect(await found('BBBB')).toBe(keys.id);
    });

    it('accept a new hash of their secret, unless the hash has changed already', async () => {
      const { store, ana } = tested();
      const keys = pair(ana);
      const other = pair(ana);
      await store.keyPairs.create(keys, null);
      await store.keyPairs.create(other, null);
      const hashOf = async ({ apiKey }: typeof keys) => (await store.keyPairs.findLive(apiKey, laterMs))?.secretHash;
      await store.keyPairs.rehash(keys.id, 'hash', 'fresh');
      await store.keyPairs.rehash(keys.id, 'hash', 'late');
      expect([await hashOf(keys), await hashOf(other)]).toEqual(['fresh', 'hash']);
    });

    it('get a new code while pending, which voids the old one', async () => {
      const { store, ana, ben } = tested();
      const keys = pair(ana);
      const [old, fresh] = [code('keypair'), code('keypair')];
      await store.keyPairs.create(keys, old);
      const pending = { keyId: keys.id, name: 'Example', secretHash: 'hash' };
      expect(await store.keyPairs.findPending(keys.apiKey, ana.id, laterMs)).toEqual(pending);
      expect(await store.keyPairs.findPending(keys.apiKey, ben.id, laterMs)).toBeNull();
      expect(await store.keyPairs.renewCode(keys.id, fresh)).toBe(true);
      expect(await store.keyPairs.verify(old.id, laterMs)).toBeNull();
      expect(await store.keyPairs.verify(fresh.id, laterMs)).toBe(keys.id);
      expect(await store.keyPairs.renewCode(keys.id, code('keypair'))).toBe(false);
      expect(await store.keyPairs.findPending(keys.apiKey, ana.id, laterMs)).toBeNull();
    });

    it('are listed and removed by their owner, or by a caller who may remove any', async () => {
      const { store, ana, ben } = tested();
      const [first, second] = [pair(ana), pair(ana, { createdAtMs: laterMs })];
      const its = code('keypair');
      await store.keyPairs.create(first, null);
      await store.keyPairs.create(second, its);
      const listed = await store.keyPairs.list(ana.id, laterMs);
      expect(listed.map(({ keyId, verified }) => [keyId, verified])).toEqual([
        [first.id, true],
        [second.id, false],
      ]);
      expect(await store.keyPairs.list(ana.id, nowMs + 10_000)).toEqual([]);
      expect((await store.keyPairs.page({ limit: 1, page: 1 }, laterMs)).total).toBe(2);
      expect(await store.keyPairs.remove(second.id, ben.id)).toBe(false);
      expect(await store.keyPairs.remove(second.id, ana.id)).toBe(true);
      expect(await claim(store, its.id, { purpose: 'keypair' })).toBeNull();
      expect(await store.keyPairs.remove(first.id, null)).toBe(true);
      expect(await store.keyPairs.remove(first.id, null)).toBe(false);
    });
  });
}
