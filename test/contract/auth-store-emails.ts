/** Contract of the store: addresses, and the sweep of everything that has expired. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { NewCode } from '../../src/auth-api/store/code-store.ts';
import type { NewSession } from '../../src/auth-api/store/session-store.ts';
import type { NewUser } from '../../src/auth-api/store/user-store.ts';
import { claim, code, laterMs, nowMs, pair, type StoreUnderTest, session, user } from './auth-store-rows.ts';

type Three<Row> = [Row, Row, Row];

export function describeEmails(tested: () => StoreUnderTest): void {
  describe('addresses', () => {
    const added = (owner: NewUser, address: string, createdAtMs = nowMs) => ({
      id: randomUUID(),
      userId: owner.id,
      address,
      createdAtMs,
      verifyByMs: createdAtMs + 2_000,
    });

    it('are added, verified, preferred and removed', async () => {
      const { store, ana, ben } = tested();
      const email = added(ana, 'second@example.test', laterMs);
      const its = code('email', { expireAtMs: nowMs + 9_000 });
      expect(await store.emails.add(email, its, 'refused')).toBe(true);
      expect(await store.emails.add(added(ana, 'Second@example.test', laterMs), code('email'), 'refused')).toBe(false);
      expect(await store.emails.findSignIn('second@example.test')).toBeNull();
      expect(await store.emails.prefer(email.id, ana.id)).toBe('unverified');
      expect(await store.emails.verify(its.id, laterMs)).toBe(email.id);
      expect(await store.emails.add(added(ben, 'SECOND@example.test', laterMs), code('email'), 'refused')).toBe(false);
      expect(await store.emails.findSignIn('SECOND@example.test')).toMatchObject({ userId: ana.id, emailId: email.id });
      expect(await store.emails.prefer(email.id, ben.id)).toBe('unknown');
      expect(await store.emails.findPreferred(ana.id)).toBe('ana@example.test');
      expect(await store.emails.prefer(email.id, ana.id)).toBe('done');
      expect(await store.emails.findPreferred(ana.id)).toBe('second@example.test');
      expect(await store.emails.list(ana.id, laterMs)).toEqual([
        { emailId: ana.emailId, address: 'ana@example.test', preferred: false, verified: true },
        { emailId: email.id, address: 'second@example.test', preferred: true, verified: true },
      ]);
      expect(await store.emails.remove(email.id, ana.id)).toBe('preferred');
      expect(await store.emails.remove(ana.emailId, ben.id)).toBe('unknown');
      expect(await store.emails.remove(ana.emailId, ana.id)).toBe('done');
      expect(await store.users.findIdByEmail('ana@example.test')).toBeNull();
    });

    it('are removed with their pending sign-ins, but not with verified sessions', async () => {
      const { store, ana } = tested();
      const email = added(ana, 'second@example.test');
      const its = code('email');
      await store.emails.add(email, its, 'refused');
      await store.emails.verify(its.id, laterMs);
      const [pending, verified, elsewhere] = [0, 1, 2].map(() =>
        session(ana, { emailId: email.id }),
      ) as Three<NewSession>;
      const [pendingCode, verifiedCode, othersCode] = [0, 1, 2].map(() => code('session')) as Three<NewCode>;
      await store.sessions.create(pending, pendingCode);
      await store.sessions.create(verified, verifiedCode);
      await store.sessions.create({ ...elsewhere, emailId: ana.emailId }, othersCode);
      expect(await store.sessions.verify(verifiedCode.id, laterMs)).toBe(verified.id);
      expect(await store.emails.remove(email.id, ana.id)).toBe('done');
      expect(await claim(store, pendingCode.id)).toBeNull();
      expect(await store.sessions.verify(pendingCode.id, laterMs)).toBeNull();
      expect(await store.sessions.findLive([pending.bearerHash], laterMs)).toBeNull();
      expect(await store.sessions.findLive([verified.bearerHash], laterMs)).not.toBeNull();
      expect(await store.sessions.verify(othersCode.id, laterMs)).toBe(elsewhere.id);
    });

    it('get a new code while pending', async () => {
      const { store, ana, ben } = tested();
      const [old, fresh] = [code('email'), code('email')];
      await store.emails.add(added(ana, 'Second@example.test'), old, 'refused');
      expect(await store.emails.renewCode('second@example.test', ben.id, fresh, laterMs)).toBeNull();
      expect(await store.emails.renewCode('second@EXAMPLE.test', ana.id, fresh, laterMs)).toBe('Second@example.test');
      expect(await store.emails.verify(old.id, laterMs)).toBeNull();
      expect(await store.emails.verify(fresh.id, laterMs)).not.toBeNull();
      expect(await store.emails.renewCode('second@example.test', ana.id, code('email'), laterMs)).toBeNull();
    });

    it('can be added again if they were not verified in time', async () => {
      const { store, ana } = tested();
      await store.emails.add(added(ana, 'second@example.test'), code('email'), 'refused');
      expect(await store.emails.list(ana.id, laterMs)).toHaveLength(2);
      expect(await store.emails.list(ana.id, nowMs + 2_000)).toHaveLength(1);
      expect(await store.emails.add(added(ana, 'second@example.test', laterMs), code('email'), 'refused')).toBe(false);
      expect(await store.emails.add(added(ana, 'second@example.test', nowMs + 2_000), code('email'), 'refused')).toBe(
        true,
      );
    });
  });

  describe('sweep', () => {
    it('removes expired rows, a bounded number of each kind at a time, and nothing else', async () => {
      const { store, ana } = tested();
      const live = session(ana, { expireAtMs: nowMs + 60_000 });
      await store.sessions.create(live, null);
      for (let at = 0; at < 5; at += 1) await store.sessions.create(session(ana), null);
      const eve = user('eve', { verifyByMs: nowMs + 2_000 });
      await store.users.create(eve, { session: session(eve), code: code('session') });
      await store.keyPairs.create(pair(ana), null);
      await store.emails.add(
        { id: randomUUID(), userId: ana.id, address: 'x@example.test', createdAtMs: nowMs, verifyByMs: nowMs + 2_000 },
        code('email'),
        'refused',
      );
      expect(await store.sweep(nowMs, 100)).toBe(0);
      let swept = 0;
      const ended: string[] = [];
      for (let batch = -1; batch !== 0; swept += batch) {
        batch = await store.sweep(nowMs + 20_000, 2, ({ kind }) => ended.push(kind));
        expect(batch).toBeLessThanOrEqual(10);
      }
      // 6 sessions, 2 codes, 1 pair, 2 addresses and a user; some of them may be removed with their user.
      expect(swept + 1).toBeGreaterThanOrEqual(11);
      // Eve's session was never verified.
      expect(ended.sort()).toEqual(['keyPair', ...new Array<string>(5).fill('session')]);
      expect((await store.sessions.page({ limit: 10, page: 1 }, nowMs)).rows.map(({ sessionId }) => sessionId)).toEqual(
        [live.id],
      );
      expect((await store.keyPairs.page({ limit: 10, page: 1 }, nowMs)).total).toBe(0);
      expect((await store.users.page({ enabled: null, role: null }, { limit: 10, page: 1 })).total).toBe(2);
      expect(await store.emails.list(ana.id, nowMs)).toHaveLength(1);
    });
  });
}
