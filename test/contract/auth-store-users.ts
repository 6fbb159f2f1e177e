/** Contract of the store: users. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { NewCode } from '../../src/auth-api/store/code-store.ts';
import type { NewSession } from '../../src/auth-api/store/session-store.ts';
import { claim, code, laterMs, nowMs, pair, type StoreUnderTest, session, user } from './auth-store-rows.ts';

const pending = { verifyByMs: nowMs + 2_000 };

interface First {
  readonly session: NewSession;
  readonly code: NewCode;
}

export function describeUsers(tested: () => StoreUnderTest): void {
  describe('users', () => {
    it('have one address and one alias each, whatever the letter case', async () => {
      const { store } = tested();
      expect(await store.users.create(user('other', { alias: 'ANA' }), null)).toBe('alias_taken');
      expect(await store.users.create(user('other', { email: 'Ana@Example.test' }), null)).toBe('email_taken');
      // The failed operation left nothing behind.
      expect(await store.users.create(user('other'), null)).toBe('done');
    });

    it('are found by id and by address', async () => {
      const { store, ana } = tested();
      expect(await store.users.findAlias(ana.id)).toBe('ana');
      expect(await store.users.findAlias(randomUUID())).toBeNull();
      expect(await store.users.findIdByEmail('ANA@example.test')).toBe(ana.id);
      expect(await store.users.findIdByEmail('nobody@example.test')).toBeNull();
      expect(await store.users.find(ana.id)).toEqual({
        userId: ana.id,
        emails: ['ana@example.test'],
        roles: ['reporter', 'user'],
        groups: ['public'],
        verified: true,
        enabled: true,
      });
      expect(await store.users.find(randomUUID())).toBeNull();
    });

    it('report which parts of a new account are taken, including aliases of pending registrations', async () => {
      const { store, ana } = tested();
      const taken = (email: string, alias: string, atMs = nowMs) => store.users.findTaken({ email, alias }, atMs);
      const eve = user('eve', { verifyByMs: nowMs + 2_000 });
      await store.users.create(eve, { session: session(eve), code: code('session') });
      expect(await taken('new@example.test', 'new')).toBeNull();
      expect(await taken('ANA@example.test', 'new')).toBe('email');
      expect(await taken('new@example.test', 'ANA')).toBe('alias');
      expect(await taken(eve.email, 'new')).toBeNull();
      expect(await taken('new@example.test', eve.alias, nowMs + 1_999)).toBe('alias');
      expect(await taken(ana.email, ana.alias)).toBe('alias');
      expect(await taken(eve.email, eve.alias, nowMs + 2_000)).toBeNull();
    });

    it('are registered with a first session, which completes the registration', async () => {
      const { store } = tested();
      const eve = user('eve', { verifyByMs: nowMs + 2_000 });
      const first = { session: session(eve), code: code('session') };
      expect(await store.users.create(eve, first)).toBe('done');
      expect(await store.users.findAlias(eve.id)).toBeNull();
      expect(await store.users.findIdByEmail(eve.email)).toBeNull();
      expect(await store.emails.findSignIn(eve.email)).toBeNull();
      expect(await store.sessions.verify(first.code.id, laterMs)).toBe(first.session.id);
      expect(await store.users.findAlias(eve.id)).toBe('eve');
      expect((await store.emails.findSignIn(eve.email))?.userId).toBe(eve.id);
      expect(await store.users.create(user('eve', { alias: 'eve2' }), null)).toBe('email_taken');
      const later = user('eve', { alias: 'eve2', verifyByMs: nowMs + 2_000 });
      expect(await store.users.create(later, { session: session(later), code: code('session') })).toBe('email_taken');
    });

    it('can request the same address, and the first verified code gets it', async () => {
      const { store, ana } = tested();
      const [eve, eva] = [user('eve', pending), user('eva', { ...pending, email: 'Eve@example.test' })];
      const [first, second] = [eve, eva].map((one) => ({ session: session(one), code: code('session') })) as [
        First,
        First,
      ];
      expect(await store.users.create(eve, first)).toBe('done');
      expect(await store.users.create(eva, second)).toBe('done');
      const wanted = {
        id: randomUUID(),
        userId: ana.id,
        address: eve.email,
        createdAtMs: nowMs,
        verifyByMs: laterMs + 1,
      };
      const its = code('email');
      expect(await store.emails.add(wanted, its, 'refused')).toBe(true);
      expect(await store.sessions.verify(second.code.id, laterMs)).toBe(second.session.id);
      expect((await store.emails.findSignIn(eve.email))?.userId).toBe(eva.id);
      expect(await claim(store, first.code.id)).toBeNull();
      expect(await store.sessions.verify(first.code.id, laterMs)).toBeNull();
      expect(await store.users.find(eve.id)).toBeNull();
      expect(await claim(store, its.id, { purpose: 'email' })).toBeNull();
      expect(await store.emails.verify(its.id, laterMs)).toBeNull();
      expect(await store.emails.list(ana.id, laterMs)).toHaveLength(1);
    });

    it('reserve the alias at a taken address if that is hidden, and can never be verified', async () => {
      const { store, ana } = tested();
      const decoy = user('stranger', { ...pending, email: ana.email });
      const first = { session: session(decoy), code: code('session'), decoyIfTaken: true };
      expect(await store.users.create(decoy, first)).toBe('email_taken');
      expect((await claim(store, first.code.id))?.codeHash).toBe('code hash');
      expect(await store.sessions.verify(first.code.id, laterMs)).toBeNull();
      expect(await store.users.findAlias(decoy.id)).toBeNull();
      expect((await store.users.page({ enabled: null, role: null }, { limit: 10, page: 1 })).total).toBe(2);
      expect(await store.users.create(user('x', { alias: 'stranger' }), null)).toBe('alias_taken');
      expect(await store.users.create(user('stranger', { createdAtMs: nowMs + 2_000 }), null)).toBe('done');
    });

    it('created with a verified address end pending requests for it', async () => {
      const { store, ana } = tested();
      const eve = user('eve', pending);
      const first = { session: session(eve), code: code('session') };
      await store.users.create(eve, first);
      const wanted = {
        id: randomUUID(),
        userId: ana.id,
        address: eve.email,
        createdAtMs: nowMs,
        verifyByMs: laterMs + 1,
      };
      const its = code('email');
      await store.emails.add(wanted, its, 'refused');
      expect(await store.users.create(user('owner', { email: 'EVE@example.test' }), null)).toBe('done');
      expect(await store.sessions.verify(first.code.id, laterMs)).toBeNull();
      expect(await store.emails.verify(its.id, laterMs)).toBeNull();
      expect(await store.users.find(eve.id)).toBeNull();
      expect(await store.emails.list(ana.id, laterMs)).toHaveLength(1);
    });

    it('release the alias when a registration expires', async () => {
      const { store } = tested();
      const eve = user('eve', { verifyByMs: nowMs + 2_000 });
      await store.users.create(eve, { session: session(eve), code: code('session') });
      const next = (createdAtMs: number) => user('eve', { email: 'eva@example.test', createdAtMs });
      expect(await store.users.create(next(nowMs + 1_999), null)).toBe('alias_taken');
      expect(await store.users.create(next(nowMs + 2_000), null)).toBe('done');
    });

    it('are removed with everything that belongs to them', async () => {
      const { store, ana } = tested();
      const theirs = session(ana);
      const keys = pair(ana);
      await store.sessions.create(theirs, null);
      await store.keyPairs.create(keys, null);
      expect(await store.users.remove(ana.id)).toBe('done');
      expect(await store.users.remove(ana.id)).toBe('unknown');
      expect(await store.sessions.findLive([theirs.bearerHash], laterMs)).toBeNull();
      expect(await store.keyPairs.findLive(keys.apiKey, laterMs)).toBeNull();
      expect(await store.users.create(user('ana'), null)).toBe('done');
    });

    it('are listed in pages, by state, by role and by how address or alias begin', async () => {
      const { store, ben } = tested();
      const all = { enabled: null, role: null };
      const names = async (filter: object, limit = 10, page = 1) => {
        const found = await store.users.page({ ...all, ...filter }, { limit, page });
        return [found.total, found.rows.flatMap(({ emails }) => emails).sort()];
      };
      expect(await names({})).toEqual([2, ['ana@example.test', 'ben@example.test']]);
      expect((await names({}, 1, 2))[0]).toBe(2);
      expect((await names({}, 1, 2))[1]).toHaveLength(1);
      expect(await names({}, 10, 2)).toEqual([2, []]);
      expect(await names({ role: 'reporter' })).toEqual([1, ['ana@example.test']]);
      for (const start of ['ana@', 'A', 'aNa']) expect(await names({ start })).toEqual([1, ['ana@example.test']]);
      for (const start of ['na', 'ana@example.test ', '%', '_na', 'b%'])
        expect(await names({ start })).toEqual([0, []]);
      expect(await names({ start: 'b', role: 'reporter' })).toEqual([0, []]);
      await store.users.setEnabled(ben.id, false);
      expect(await names({ enabled: true })).toEqual([1, ['ana@example.test']]);
      expect(await names({ enabled: false })).toEqual([1, ['ben@example.test']]);
    });

    it('gain and lose roles', async () => {
      const { store, ben } = tested();
      expect(await store.users.addRole(ben.id, 'b')).toBe(true);
      expect(await store.users.addRole(ben.id, 'a')).toBe(true);
      expect(await store.users.addRole(ben.id, 'a')).toBe(true);
      expect(await store.users.addRole(randomUUID(), 'a')).toBe(false);
      expect(await store.users.roles(ben.id)).toEqual(['a', 'b']);
      expect(await store.users.removeRole(ben.id, 'a')).toBe('done');
      expect(await store.users.removeRole(ben.id, 'a')).toBe('unknown');
      expect(await store.users.roles(ben.id)).toEqual(['b']);
      expect(await store.users.roles(randomUUID())).toBeNull();
    });

    it('gain only the roles and groups that they lack', async () => {
      const { store, ben } = tested();
      const names = { roles: ['b', 'a', 'b'], groups: ['public', 'acme'] };
      expect(await store.users.grant(ben.id, names)).toEqual({ roles: ['a', 'b'], groups: ['acme', 'public'] });
      expect(await store.users.grant(ben.id, { ...names, roles: ['c'] })).toEqual({ roles: ['c'], groups: [] });
      expect(await store.users.grant(ben.id, names)).toEqual({ roles: [], groups: [] });
      expect(await store.users.grant(ben.id, { roles: [], groups: [] })).toEqual({ roles: [], groups: [] });
      expect(await store.users.find(ben.id)).toMatchObject({ roles: ['a', 'b', 'c'], groups: ['acme', 'public'] });
      expect(await store.users.grant(randomUUID(), names)).toBeNull();
    });

    it('keep the last enabled holder of a protected role, whichever others are removed concurrently', async () => {
      const { store, ana, ben } = tested();
      const kept = 'keeper';
      await store.users.addRole(ana.id, kept);
      expect(await store.users.removeRole(ana.id, kept, kept)).toBe('last_holder');
      expect(await store.users.setEnabled(ana.id, false, kept)).toBe('last_holder');
      expect(await store.users.remove(ana.id, kept)).toBe('last_holder');
      expect(await store.users.removeRole(ana.id, 'reporter', kept)).toBe('done');
      expect(await store.users.roles(ana.id)).toEqual([kept, 'user']);
      await store.users.addRole(ben.id, kept);
      const both = [store.users.removeRole(ana.id, kept, kept), store.users.setEnabled(ben.id, false, kept)];
      expect((await Promise.all(both)).sort()).toEqual(['done', 'last_holder']);
    });

    it('count as holders of such a role only while they are enabled', async () => {
      const { store, ana, ben } = tested();
      await store.users.addRole(ana.id, 'keeper');
      await store.users.addRole(ben.id, 'keeper');
      expect(await store.users.setEnabled(ben.id, false, 'keeper')).toBe('done');
      expect(await store.users.remove(ana.id, 'keeper')).toBe('last_holder');
      expect(await store.users.remove(ben.id, 'keeper')).toBe('done');
      expect(await store.users.remove(ana.id)).toBe('done');
    });

    it('count as holders of such a role only once they are verified, as a registration may lapse', async () => {
      const { store, ana } = tested();
      const eve = user('eve', { ...pending, roles: ['keeper'] });
      const first = { session: session(eve), code: code('session') };
      expect(await store.users.create(eve, first)).toBe('done');
      await store.users.addRole(ana.id, 'keeper');
      expect(await store.users.removeRole(ana.id, 'keeper', 'keeper')).toBe('last_holder');
      expect(await store.users.setEnabled(ana.id, false, 'keeper')).toBe('last_holder');
      expect(await store.users.remove(ana.id, 'keeper')).toBe('last_holder');
      // The control: with the first session verified there are two.
      expect(await store.sessions.verify(first.code.id, laterMs)).toBe(first.session.id);
      expect(await store.users.remove(ana.id, 'keeper')).toBe('done');
      expect(await store.users.remove(eve.id, 'keeper')).toBe('last_holder');
    });

    it('lose their sessions when disabled, and their key pairs are suspended', async () => {
      const { store, ana } = tested();
      const theirs = session(ana);
      const keys = pair(ana);
      await store.sessions.create(theirs, null);
      await store.keyPairs.create(keys, null);
      expect(await store.users.setEnabled(ana.id, false)).toBe('done');
      expect(await store.sessions.findLive([theirs.bearerHash], laterMs)).toBeNull();
      expect(await store.keyPairs.findLive(keys.apiKey, laterMs)).toBeNull();
      expect(await store.emails.findSignIn(ana.email)).toBeNull();
      expect(await store.users.setEnabled(ana.id, true)).toBe('done');
      expect(await store.sessions.findLive([theirs.bearerHash], laterMs)).toBeNull();
      expect((await store.keyPairs.findLive(keys.apiKey, laterMs))?.keyId).toBe(keys.id);
      expect(await store.users.setEnabled(randomUUID(), false)).toBe('unknown');
    });
  });
}
