/** Contract of the store: passkeys and used challenges. */
import { describe, expect, it } from 'vitest';
import type { NewSession } from '../../src/auth-api/store/session-store.ts';
import { OwnerGoneError } from '../../src/auth-api/store/store-errors.ts';
import { challenge, laterMs, nowMs, passkey, type StoreUnderTest, session, user } from './auth-store-rows.ts';

export function describePasskeys(tested: () => StoreUnderTest): void {
  const signature = (over: { readonly counter?: number; readonly challenge?: ReturnType<typeof challenge> } = {}) => ({
    counter: 0,
    atMs: laterMs,
    challenge: challenge(),
    ...over,
  });

  describe('passkeys', () => {
    it('open a session, and show when they were used last', async () => {
      const { store, ana } = tested();
      const [phone, laptop] = [passkey(ana), passkey(ana, { name: 'Laptop', synced: true, createdAtMs: laterMs })];
      for (const one of [laptop, phone]) expect(await store.passkeys.add(one, challenge(), 20)).toBe('done');
      expect(await store.passkeys.findSignIn(phone.credentialId)).toEqual({
        passkeyId: phone.id,
        userId: ana.id,
        credentialId: phone.credentialId,
        publicKey: 'public key',
        counter: 0,
        synced: false,
      });
      const theirs = session(ana, { openedBy: 'device_passkey' });
      expect(await store.passkeys.use(phone.id, signature(), theirs)).toBe('done');
      const live = await store.sessions.findLive([theirs.bearerHash], laterMs);
      expect(live).toMatchObject({ userId: ana.id, openedBy: 'device_passkey' });
      expect(await store.passkeys.list(ana.id)).toEqual([
        { passkeyId: phone.id, name: 'Phone', synced: false, createdAtMs: nowMs, lastUsedAtMs: laterMs },
        { passkeyId: laptop.id, name: 'Laptop', synced: true, createdAtMs: laterMs, lastUsedAtMs: null },
      ]);
      expect([...(await store.passkeys.credentialIds(ana.id))].sort()).toEqual(
        [phone.credentialId, laptop.credentialId].sort(),
      );
    });

    it('answer a challenge once, for whatever purpose', async () => {
      const { store, ana } = tested();
      const key = passkey(ana);
      const answered = challenge();
      expect(await store.passkeys.add(key, answered, 20)).toBe('done');
      expect(await store.passkeys.add(passkey(ana), answered, 20)).toBe('replayed');
      const theirs = session(ana);
      expect(await store.passkeys.use(key.id, signature({ challenge: answered }), theirs)).toBe('replayed');
      expect(await store.sessions.findLive([theirs.bearerHash], laterMs)).toBeNull();
      await store.sweep(nowMs + 1_999, 500);
      expect(await store.passkeys.add(passkey(ana), answered, 20)).toBe('replayed');
      expect(await store.sweep(nowMs + 2_000, 500)).toBeGreaterThan(0);
      expect(await store.passkeys.add(passkey(ana), answered, 20)).toBe('done');
    });

    it('refuse a counter that has not risen, unless they do not count', async () => {
      const { store, ana } = tested();
      const key = passkey(ana);
      await store.passkeys.add(key, challenge(), 20);
      const use = (counter: number) => store.passkeys.use(key.id, signature({ counter }), session(ana));
      expect([
        await use(0),
        await use(0),
        await use(7),
        await use(7),
        await use(6),
        await use(0),
        await use(8),
      ]).toEqual([...['done', 'done', 'done', 'cloned', 'cloned', 'cloned', 'done']]);
    });

    it('used at once with the same counter, or the same challenge, open one session', async () => {
      const { store, ana } = tested();
      const key = passkey(ana, { counter: 1 });
      await store.passkeys.add(key, challenge(), 20);
      const once = signature({ counter: 2 });
      const replays = await Promise.all(
        Array.from({ length: 8 }, () => store.passkeys.use(key.id, once, session(ana))),
      );
      expect(replays.filter((outcome) => outcome === 'done')).toHaveLength(1);
      const clones = await Promise.all(
        Array.from({ length: 8 }, () => store.passkeys.use(key.id, signature({ counter: 3 }), session(ana))),
      );
      expect(clones.filter((outcome) => outcome === 'done')).toHaveLength(1);
    });

    it('belong to one user, who has a bounded number', async () => {
      const { store, ana, ben } = tested();
      const key = passkey(ana);
      expect(await store.passkeys.add(key, challenge(), 1)).toBe('done');
      expect(await store.passkeys.add(passkey(ana), challenge(), 1)).toBe('full');
      expect(await store.passkeys.add(passkey(ben, { credentialId: key.credentialId }), challenge(), 1)).toBe('taken');
      expect(await store.passkeys.rename(key.id, ben.id, 'Mine')).toBe(false);
      expect(await store.passkeys.rename(key.id, ana.id, 'Mine')).toBe(true);
      expect(await store.passkeys.remove(key.id, ben.id, null)).toBeNull();
      expect((await store.passkeys.list(ana.id)).map(({ name }) => name)).toEqual(['Mine']);
      expect(await store.passkeys.use(key.id, signature(), session(ben))).toBe('gone');
      expect(await store.passkeys.remove(key.id, ana.id, null)).toEqual([]);
      expect(await store.passkeys.remove(key.id, ana.id, null)).toBeNull();
      expect(await store.passkeys.findSignIn(key.credentialId)).toBeNull();
      expect(await store.passkeys.use(key.id, signature(), session(ana))).toBe('gone');
      await expect(store.passkeys.add(passkey(user('stranger')), challenge(), 1)).rejects.toThrow(OwnerGoneError);
    });

    it('end the sessions that they opened, but for one, and no others', async () => {
      const { store, ana } = tested();
      const [lost, other] = [passkey(ana), passkey(ana)];
      for (const one of [lost, other]) await store.passkeys.add(one, challenge(), 20);
      const opened = [session(ana), session(ana), session(ana), session(ana)];
      const [first, second, kept, ofOther] = opened as [NewSession, NewSession, NewSession, NewSession];
      for (const one of [first, second, kept]) expect(await store.passkeys.use(lost.id, signature(), one)).toBe('done');
      await store.passkeys.use(other.id, signature(), ofOther);
      expect([...(await store.passkeys.remove(lost.id, ana.id, kept.id))!].sort()).toEqual(
        [first.id, second.id].sort(),
      );
      const live = opened.map(({ bearerHash }) => store.sessions.findLive([bearerHash], laterMs));
      expect((await Promise.all(live)).map((one) => one?.sessionId ?? null)).toEqual([null, null, kept.id, ofOther.id]);
    });

    it('open nothing for a disabled user, and end with a removed one', async () => {
      const { store, ana } = tested();
      const key = passkey(ana);
      await store.passkeys.add(key, challenge(), 20);
      await store.users.setEnabled(ana.id, false);
      expect(await store.passkeys.findSignIn(key.credentialId)).toBeNull();
      expect(await store.passkeys.use(key.id, signature(), session(ana))).toBe('gone');
      await store.users.remove(ana.id);
      expect(await store.passkeys.list(ana.id)).toEqual([]);
    });
  });
}
