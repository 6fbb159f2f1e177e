/** Contract of the store: one-time links. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { challenge, laterMs, nowMs, passkey, type StoreUnderTest, session, user } from './auth-store-rows.ts';

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

    it.each<[string, (store: StoreUnderTest['store'], id: string) => Promise<unknown>]>([
      ['all sessions', (store, id) => store.sessions.removeAll(id)],
      ['a role', (store, id) => store.users.removeRole(id, 'user')],
      [
        'the account, for a time',
        async (store, id) => [await store.users.setEnabled(id, false), await store.users.setEnabled(id, true)],
      ],
    ])('end with %s', async (_what, end) => {
      const { store, ana, ben } = tested();
      const [one, another] = [link(), link()];
      await store.links.replace(ana.id, one);
      await store.links.replace(ben.id, another);
      await end(store, ana.id);
      expect(await store.links.find(one.id, laterMs)).toBeNull();
      expect(await store.links.use(one.id, of(ana), laterMs)).toBe(false);
      expect(await store.links.find(another.id, laterMs)).not.toBeNull();
    });

    it('end when their user adds a passkey, and not when a passkey or a role is refused', async () => {
      const { store, ana } = tested();
      const one = link();
      await store.links.replace(ana.id, one);
      expect(await store.passkeys.add(passkey(ana), challenge(), 0)).toBe('full');
      expect(await store.users.removeRole(ana.id, 'unknown')).toBe('unknown');
      expect(await store.users.removeRole(ana.id, 'user', 'user')).toBe('last_holder');
      expect(await store.links.find(one.id, laterMs)).not.toBeNull();
      expect(await store.passkeys.add(passkey(ana), challenge(), 1)).toBe('done');
      expect(await store.links.find(one.id, laterMs)).toBeNull();
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
