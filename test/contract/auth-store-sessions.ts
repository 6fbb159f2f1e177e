/** Contract of the store: sessions and codes. */
import { describe, expect, it } from 'vitest';
import { claim, code, laterMs, nowMs, type StoreUnderTest, session, user } from './auth-store-rows.ts';

export function describeSessions(tested: () => StoreUnderTest): void {
  describe('sessions', () => {
    it('are live from verification to expiry, with current roles and groups', async () => {
      const { store, ana } = tested();
      const theirs = session(ana);
      const its = code('session');
      await store.sessions.create(theirs, its);
      expect(await store.sessions.findLive([theirs.bearerHash], laterMs)).toBeNull();
      expect(await store.sessions.verify(its.id, laterMs)).toBe(theirs.id);
      expect(await store.sessions.verify(its.id, laterMs)).toBeNull();
      expect(await store.sessions.findLive(['unknown', theirs.bearerHash], laterMs)).toEqual({
        sessionId: theirs.id,
        ip: '203.0.113.7',
        userAgent: 'client/1.0',
        createdAtMs: nowMs,
        openedBy: 'code',
        expireAtMs: nowMs + 10_000,
        userId: ana.id,
        alias: 'ana',
        fullName: 'Full ana',
        roles: ['reporter', 'user'],
        groups: ['public'],
        hasPasskey: false,
      });
      expect(await store.sessions.findLive([theirs.bearerHash], nowMs + 9_999)).not.toBeNull();
      expect(await store.sessions.findLive([theirs.bearerHash], nowMs + 10_000)).toBeNull();
      await store.users.addRole(ana.id, 'admin');
      expect((await store.sessions.findLive([theirs.bearerHash], laterMs))?.roles).toEqual([
        'admin',
        'reporter',
        'user',
      ]);
    });

    it('of a user without roles and groups have empty lists', async () => {
      const { store, ben } = tested();
      const theirs = session(ben);
      await store.sessions.create(theirs, null);
      expect(await store.sessions.findLive([theirs.bearerHash], laterMs)).toMatchObject({ roles: [], groups: [] });
    });

    it('expire when they are not verified in time', async () => {
      const { store, ana } = tested();
      const theirs = session(ana);
      const its = code('session', { expireAtMs: nowMs + 60_000 });
      await store.sessions.create(theirs, its);
      expect(await store.sessions.verify(its.id, nowMs + 2_000)).toBeNull();
    });

    it('can never be verified if they are decoys', async () => {
      const { store } = tested();
      const decoy = session(null);
      const its = code('session');
      await store.sessions.create(decoy, its);
      expect((await claim(store, its.id))?.codeHash).toBe('code hash');
      expect(await store.sessions.verify(its.id, laterMs)).toBeNull();
      expect(await store.sessions.findLive([decoy.bearerHash], laterMs)).toBeNull();
      expect((await store.sessions.page({ limit: 10, page: 1 }, laterMs)).total).toBe(0);
    });

    it('can be extended while they are live', async () => {
      const { store, ana } = tested();
      const theirs = session(ana);
      const pending = session(ana);
      await store.sessions.create(theirs, null);
      await store.sessions.create(pending, code('session'));
      expect(await store.sessions.extend(theirs.id, nowMs + 20_000, laterMs)).toBe(true);
      expect((await store.sessions.findLive([theirs.bearerHash], nowMs + 15_000))?.expireAtMs).toBe(nowMs + 20_000);
      expect(await store.sessions.extend(theirs.id, nowMs + 30_000, nowMs + 20_000)).toBe(false);
      expect(await store.sessions.extend(pending.id, nowMs + 20_000, laterMs)).toBe(false);
    });

    it('are listed and removed by their owner, or by a caller who may remove any', async () => {
      const { store, ana, ben } = tested();
      const [first, second, others] = [session(ana), session(ana, { createdAtMs: laterMs }), session(ben)];
      for (const one of [first, second, others]) await store.sessions.create(one, null);
      const pending = session(ana);
      const its = code('session');
      await store.sessions.create(pending, its);
      const ids = async () => (await store.sessions.listLive(ana.id, laterMs)).map(({ sessionId }) => sessionId);
      expect(await ids()).toEqual([first.id, second.id]);
      expect(await store.sessions.remove(others.id, ana.id, laterMs)).toBe(false);
      expect(await store.sessions.remove(first.id, ana.id, laterMs)).toBe(true);
      expect(await store.sessions.remove(first.id, ana.id, laterMs)).toBe(false);
      expect(await store.sessions.remove(second.id, ana.id, nowMs + 10_000)).toBe(false);
      expect(await ids()).toEqual([second.id]);
      expect(await store.sessions.remove(pending.id, ana.id, laterMs)).toBe(true);
      expect(await claim(store, its.id)).toBeNull();
      expect(await store.sessions.page({ limit: 1, page: 1 }, laterMs)).toEqual({
        total: 2,
        rows: [expect.objectContaining({ sessionId: second.id, userId: ana.id, verified: true })],
      });
      expect(await store.sessions.remove(others.id, null, laterMs)).toBe(true);
    });
  });

  describe('codes', () => {
    it('allow a limited number of tries, also concurrently', async () => {
      const { store, ana } = tested();
      const its = code('session');
      await store.sessions.create(session(ana), its);
      const tries = await Promise.all(Array.from({ length: 20 }, () => claim(store, its.id)));
      expect(tries.filter((one) => one?.codeHash === 'code hash')).toHaveLength(5);
      expect(tries.filter((one) => one?.codeHash === null)).toHaveLength(15);
    });

    it('are replaced while their session waits, and do not outlive it', async () => {
      const { store } = tested();
      const eve = user('eve', { verifyByMs: nowMs + 2_000 });
      const [theirs, its] = [session(eve), code('session')];
      await store.users.create(eve, { session: theirs, code: its });
      for (let i = 0; i < 6; i += 1) await claim(store, its.id);
      const fresh = { ...its, codeHash: 'another', expireAtMs: nowMs + 60_000 };
      expect(await store.sessions.renewCode({ ...fresh, id: code('session').id }, laterMs)).toBeNull();
      expect(await store.sessions.renewCode(fresh, nowMs + 2_000)).toBeNull();
      expect((await claim(store, its.id))?.codeHash).toBeNull();
      const renewed = { address: 'eve@example.test', expireAtMs: nowMs + 2_000 };
      expect(await store.sessions.renewCode(fresh, laterMs)).toEqual(renewed);
      expect(await claim(store, its.id)).toEqual({ codeHash: 'another', expireAtMs: nowMs + 2_000 });
      expect(await store.sessions.verify(its.id, laterMs)).toBe(theirs.id);
      expect(await store.sessions.renewCode(fresh, laterMs)).toBeNull();
    });

    it('of decoys are replaced alike, for no address', async () => {
      const { store } = tested();
      const its = code('session');
      await store.sessions.create(session(null), its);
      const renewed = { address: null, expireAtMs: nowMs + 2_000 };
      expect(await store.sessions.renewCode({ ...its, codeHash: 'another' }, laterMs)).toEqual(renewed);
      expect((await claim(store, its.id))?.codeHash).toBe('another');
      expect(await store.sessions.verify(its.id, laterMs)).toBeNull();
    });

    it('are used once, also concurrently', async () => {
      const { store, ana } = tested();
      const its = code('session');
      await store.sessions.create(session(ana), its);
      const used = await Promise.all(Array.from({ length: 10 }, () => store.sessions.verify(its.id, laterMs)));
      expect(used.filter(Boolean)).toHaveLength(1);
      expect(await claim(store, its.id)).toBeNull();
    });

    it('are valid only for their purpose, their user and their time', async () => {
      const { store, ana, ben } = tested();
      const its = code('session');
      await store.sessions.create(session(ana), its);
      expect(await claim(store, its.id, { purpose: 'keypair' })).toBeNull();
      expect(await claim(store, its.id, { userId: ben.id })).toBeNull();
      expect(await claim(store, its.id, {}, nowMs + 2_000)).toBeNull();
      expect(await claim(store, its.id, { userId: ana.id })).toEqual({
        codeHash: 'code hash',
        expireAtMs: nowMs + 2_000,
      });
      expect(await store.keyPairs.verify(its.id, laterMs)).toBeNull();
      expect(await store.emails.verify(its.id, laterMs)).toBeNull();
      expect(await store.sessions.verify(its.id, nowMs + 2_000)).toBeNull();
      expect(await store.sessions.verify(its.id, laterMs)).not.toBeNull();
    });
  });
}
