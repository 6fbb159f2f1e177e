/** Contract of the store: recovery codes. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { OwnerGoneError } from '../../src/auth-api/store/store-errors.ts';
import { laterMs, type StoreUnderTest, session, user } from './auth-store-rows.ts';

export function describeRecoveryCodes(tested: () => StoreUnderTest): void {
  const codes = (...hashes: string[]) => hashes.map((codeHash) => ({ id: randomUUID(), codeHash }));

  describe('recovery codes', () => {
    it('each open one session of their user, even at once', async () => {
      const { store, ana, ben } = tested();
      await store.recoveryCodes.replace(ana.id, codes('a', 'b'));
      await store.recoveryCodes.replace(ben.id, codes('c'));
      expect(await store.recoveryCodes.findUser(['unknown', 'b'])).toBe(ana.id);
      const of = (owner: typeof ana) => ({ ...session(owner, { openedBy: 'recovery_code' }), userId: owner.id });
      expect(await store.recoveryCodes.use(['b'], of(ben))).toBe(false);
      const sessions = Array.from({ length: 8 }, () => of(ana));
      const used = await Promise.all(sessions.map((one) => store.recoveryCodes.use(['unknown', 'b'], one)));
      expect(used.filter(Boolean)).toHaveLength(1);
      const opened = sessions[used.indexOf(true)]?.bearerHash ?? '';
      const live = await store.sessions.findLive([opened], laterMs);
      expect(live).toMatchObject({ userId: ana.id, openedBy: 'recovery_code' });
      expect([await store.recoveryCodes.hashes(ana.id), await store.recoveryCodes.hashes(ben.id)]).toEqual([
        ['a'],
        ['c'],
      ]);
      expect(await store.recoveryCodes.findUser(['b'])).toBeNull();
    });

    it('are replaced all together, and end with their user', async () => {
      const { store, ana } = tested();
      await store.recoveryCodes.replace(ana.id, codes('a', 'b'));
      await store.recoveryCodes.replace(ana.id, codes('c'));
      expect(await store.recoveryCodes.findUser(['a'])).toBeNull();
      await store.users.setEnabled(ana.id, false);
      expect(await store.recoveryCodes.findUser(['c'])).toBeNull();
      expect(await store.recoveryCodes.use(['c'], { ...session(ana), userId: ana.id })).toBe(false);
      await store.users.remove(ana.id);
      expect(await store.recoveryCodes.hashes(ana.id)).toEqual([]);
      await expect(store.recoveryCodes.replace(user('stranger').id, codes('d'))).rejects.toThrow(OwnerGoneError);
    });
  });
}
