/** Contract of the store: one-time links. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { laterMs, nowMs, type StoreUnderTest, session, user } from './auth-store-rows.ts';

export function describeLinks(tested: () => StoreUnderTest): void {
  const link = (secretHash = 'hash') => ({ id: randomUUID(), secretHash, countedAs: 'a', expireAtMs: nowMs + 5_000 });
  const of = (owner: ReturnType<typeof user>) => ({
    ...session(owner, { openedBy: 'link' as const }),
    userId: owner.id,
  });

  describe('links', () => {
    it('each open one session of their user, even at once', async () => {
      const { store, ana, ben } = tested();
      const one = link();
      expect(await store.links.replace(ana.id, one)).toBe(true);
      expect(await store.links.find(one.id, laterMs)).toEqual({ userId: ana.id, secretHash: 'hash' });
      expect(await store.links.use(one.id, of(ben), laterMs)).toBe(false);
      const sessions = Array.from({ length: 8 }, () => of(ana));
      const used = await Promise.all(sessions.map((session) => store.links.use(one.id, session, laterMs)));
      expect(used.filter(Boolean)).toHaveLength(1);
      const live = await store.sessions.findLive([sessions[used.indexOf(true)]?.bearerHash ?? ''], laterMs);
      expect(live).toMatchObject({ userId: ana.id, openedBy: 'link' });
      expect(await store.links.find(one.id, laterMs)).toBeNull();
    });

    it('end when they expire, with a new one, and with their user', async () => {
      const { store, ana } = tested();
      const [first, second] = [link('first'), link('second')];
      await store.links.replace(ana.id, first);
      await store.links.replace(ana.id, second);
      expect([await store.links.find(first.id, laterMs), await store.links.use(first.id, of(ana), laterMs)]).toEqual([
        null,
        false,
      ]);
      const end = second.expireAtMs;
      expect([await store.links.find(second.id, end), await store.links.use(second.id, of(ana), end)]).toEqual([
        null,
        false,
      ]);
      expect(await store.links.find(second.id, end - 1)).not.toBeNull();
      await store.users.setEnabled(ana.id, false);
      expect([await store.links.find(second.id, laterMs), await store.links.use(second.id, of(ana), laterMs)]).toEqual([
        null,
        false,
      ]);
      expect(await store.links.replace(user('stranger').id, link())).toBe(false);
    });

    it('are no codes of another purpose', async () => {
      const { store, ana } = tested();
      const one = link();
      await store.links.replace(ana.id, one);
      for (const purpose of ['session', 'keypair', 'email'] as const)
        expect(await store.codes.find({ codeId: one.id, purpose, userId: null }, laterMs)).toBeNull();
      expect(await store.sessions.verify(one.id, laterMs)).toBeNull();
      expect(await store.links.find(one.id, laterMs)).not.toBeNull();
    });
  });
}
