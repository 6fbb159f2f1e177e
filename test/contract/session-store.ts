/** What every store of sessions must do. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type {
  SessionBounds,
  SessionEviction,
  SessionStore,
  StoredSession,
} from '../../src/identity/sessions/session-store.ts';

export interface SessionStoreSettings {
  readonly bounds: SessionBounds;
  readonly secret: string;
  readonly previousSecrets: readonly string[];
  readonly onEvict: (by: SessionEviction) => void;
  readonly now: () => number;
}

export interface SessionStoreUnderTest {
  /** Opens a store on the same sessions; another process would. */
  open(settings: SessionStoreSettings): Promise<SessionStore>;
  close(): Promise<void>;
}

const hour = 3_600_000;
export const bounds: SessionBounds = { maxIdleMs: hour, maxLifetimeMs: 10 * hour, maxPerPerson: 3, max: 6 };
const startMs = 1_800_000_000_000;

export function session(over: Partial<StoredSession> = {}): StoredSession {
  return {
    provider: 'corp',
    issuer: 'https://id.example.test',
    subject: 'ana',
    claims: { sub: 'ana', roles: ['editor'] },
    providerSession: 'sid-1',
    authenticatedAtMs: startMs,
    openedAtMs: startMs,
    transaction: 'sign-in-1',
    usedAtMs: startMs,
    device: 'Firefox',
    address: '192.0.2.1',
    tokens: { access: 'a', id: 'i', refresh: 'r', expiresAtMs: startMs + hour, receivedAtMs: startMs },
    ...over,
  };
}

/** `shared`: several stores may use the sessions at once. */
export function describeSessionStore(
  name: string,
  create: () => Promise<SessionStoreUnderTest>,
  { shared = true }: { readonly shared?: boolean } = {},
): void {
  describe(name, () => {
    let tested: SessionStoreUnderTest;
    let store: SessionStore;
    let nowMs: number;
    let evicted: SessionEviction[];
    const settings = (over: Partial<SessionStoreSettings> = {}): SessionStoreSettings => ({
      bounds,
      secret: 'secret-of-the-contract-0123456789abcdef',
      previousSecrets: [],
      onEvict: (by) => evicted.push(by),
      now: () => nowMs,
      ...over,
    });

    beforeEach(async () => {
      nowMs = startMs;
      evicted = [];
      tested = await create();
      store = await tested.open(settings());
    });
    afterEach(async () => {
      await store.close();
      await tested.close();
    });

    it('keeps a session under a new id of 256 bits', async () => {
      const ids = [await store.open(session()), await store.open(session())];
      expect(new Set(ids).size).toBe(2);
      for (const id of ids) {
        expect(id).toMatch(/^[\w-]{43}$/);
        expect(await store.find(id)).toEqual(session());
      }
    });

    it('finds nothing under another id', async () => {
      const id = await store.open(session());
      for (const other of ['', id.slice(1), `${id} `, `${id}=`, 'A'.repeat(43), id.toLowerCase(), '__proto__']) {
        if (other !== id) expect(await store.find(other)).toBeNull();
      }
    });

    it('ends a session that is not used', async () => {
      const id = await store.open(session());
      nowMs += hour - 1;
      expect(await store.find(id)).toMatchObject({ usedAtMs: nowMs });
      nowMs += hour - 1;
      expect(await store.find(id)).not.toBeNull();
      nowMs += hour;
      expect(await store.find(id)).toBeNull();
      expect(await store.listOf('https://id.example.test', 'ana')).toEqual([]);
    });

    it('ends a session at its absolute end, however much it is used', async () => {
      const id = await store.open(session());
      for (let used = 0; used < 19; used += 1) {
        nowMs += hour / 2;
        expect(await store.find(id)).not.toBeNull();
      }
      nowMs += hour / 2;
      expect(await store.find(id)).toBeNull();
    });

    it('ends a session once and for all', async () => {
      const id = await store.open(session());
      const other = await store.open(session());
      await store.end(id);
      await store.end(id);
      await store.end('no id');
      expect(await store.find(id)).toBeNull();
      expect(await store.find(other)).not.toBeNull();
      expect(evicted).toEqual([]);
    });

    it('lists the sessions of one person, the newest first, and ends them by handle', async () => {
      const first = await store.open(session({ device: 'first' }));
      nowMs += 1;
      const second = await store.open(session({ device: 'second', openedAtMs: nowMs, usedAtMs: nowMs }));
      await store.open(session({ subject: 'ben' }));
      await store.open(session({ issuer: 'https://other.example.test' }));
      const listed = await store.listOf('https://id.example.test', 'ana');
      expect(listed.map((one) => one.session.device)).toEqual(['second', 'first']);
      for (const { handle } of listed) expect([first, second]).not.toContain(handle);
      const [{ handle } = { handle: '' }] = listed;
      await store.endByHandle('https://id.example.test', 'ben', handle);
      await store.endByHandle('https://other.example.test', 'ana', handle);
      expect(await store.find(second)).not.toBeNull();
      await store.endByHandle('https://id.example.test', 'ana', handle);
      expect(await store.find(second)).toBeNull();
      expect(await store.find(first)).not.toBeNull();
    });

    it('bounds the sessions of a person: the one goes that was unused for longest', async () => {
      const ids: string[] = [];
      for (let at = 0; at < 3; at += 1) {
        nowMs += 1;
        ids.push(await store.open(session({ openedAtMs: nowMs, usedAtMs: nowMs })));
      }
      nowMs += hour / 2;
      await store.find(ids[0]!);
      ids.push(await store.open(session({ openedAtMs: nowMs, usedAtMs: nowMs })));
      const found = await Promise.all(ids.map((id) => store.find(id)));
      expect(found.map((one) => one !== null)).toEqual([true, false, true, true]);
      expect(evicted).toEqual(['person']);
    });

    it('makes room for a new session by ending another one, also when all end at the same time', async () => {
      for (let at = 0; at < 12; at += 1) expect(await store.find(await store.open(session()))).not.toBeNull();
      expect(evicted).toHaveLength(9);
    });

    it('does not count sessions that have ended', async () => {
      const id = await store.open(session());
      for (let at = 0; at < 5; at += 1) {
        nowMs += hour / 10;
        await store.end(await store.open(session({ openedAtMs: nowMs, usedAtMs: nowMs })));
      }
      expect(await store.find(id)).not.toBeNull();
      expect(evicted).toEqual([]);
    });

    it('bounds the sessions of all', async () => {
      const ids: string[] = [];
      for (let at = 0; at < 8; at += 1) {
        nowMs += 1;
        ids.push(await store.open(session({ subject: `user-${at}`, openedAtMs: nowMs, usedAtMs: nowMs })));
      }
      const found = await Promise.all(ids.map((id) => store.find(id)));
      expect(found.map((one) => one !== null)).toEqual([false, false, true, true, true, true, true, true]);
      expect(evicted).toEqual(['all', 'all']);
    });

    it('gives one lease at a time, and saves only for its holder', async () => {
      const id = await store.open(session());
      const renewed = session({ claims: { sub: 'ana', roles: ['admin'] }, openedAtMs: 1, usedAtMs: 1 });
      const lease = await store.lease(id);
      expect(await store.lease(id)).toBeNull();
      expect(await store.replace(id, renewed, { token: 'other', release: async () => {} })).toBe(false);
      expect(await store.replace(id, renewed, lease!)).toBe(true);
      expect(await store.find(id)).toEqual({ ...renewed, openedAtMs: startMs, usedAtMs: startMs });
      await lease!.release();
      const next = await store.lease(id);
      expect(next).not.toBeNull();
      await lease!.release();
      expect(await store.lease(id)).toBeNull();
      expect(await store.replace(id, session(), lease!)).toBe(false);
      await next!.release();
    });

    it('does not bring back a session that ended during a refresh', async () => {
      const id = await store.open(session());
      const lease = await store.lease(id);
      await store.end(id);
      expect(await store.replace(id, session(), lease!)).toBe(false);
      expect(await store.find(id)).toBeNull();
      expect(await store.lease(id)).toBeNull();
      await lease!.release();
    });

    it('refuses a session that is too large, and keeps the others', async () => {
      const id = await store.open(session());
      const large = session({ claims: { groups: 'x'.repeat(70_000) } });
      await expect(store.open(large)).rejects.toMatchObject({ name: 'SessionTooLarge' });
      expect(await store.find(id)).not.toBeNull();
    });

    if (!shared) return;
    it('lists and ends all sessions of a person, although there may be fewer by now', async () => {
      const ids: string[] = [];
      for (const _ of [1, 2, 3]) ids.push(await store.open(session({ subject: 'eva' })));
      const lowered = await tested.open(settings({ bounds: { ...bounds, maxPerPerson: 1 } }));
      try {
        const listed = await lowered.listOf(session().issuer, 'eva');
        expect(listed).toHaveLength(3);
        for (const { handle } of listed) await lowered.endByHandle(session().issuer, 'eva', handle);
        expect(await Promise.all(ids.map((id) => lowered.find(id)))).toEqual([null, null, null]);
      } finally {
        await lowered.close();
      }
    });

    it('survives a change of the secret', async () => {
      const id = await store.open(session());
      const other = await store.open(session({ device: 'other' }));
      const rotated = await tested.open(
        settings({ secret: 'another-secret-0123456789abcdef01234567', previousSecrets: [settings().secret] }),
      );
      expect(await rotated.find(id)).toEqual(session());
      const listed = await rotated.listOf('https://id.example.test', 'ana');
      expect(listed).toHaveLength(2);
      await rotated.end(other);
      await rotated.close();
      const later = await tested.open(settings({ secret: 'another-secret-0123456789abcdef01234567' }));
      expect(await later.find(id)).toEqual(session());
      expect(await later.find(other)).toBeNull();
      await later.close();
    });

    it('does not bring back a session that ends while it moves to another secret', async () => {
      const change = { secret: 'another-secret-0123456789abcdef01234567', previousSecrets: [settings().secret] };
      const [one, two] = [await tested.open(settings(change)), await tested.open(settings(change))];
      for (let at = 0; at < 40; at += 1) {
        const id = await store.open(session({ subject: `user-${at}` }));
        await Promise.all([one.find(id), two.end(id)]);
        expect(await one.find(id)).toBeNull();
      }
      for (const opened of [one, two]) await opened.close();
    });

    it('finds nothing under an unknown secret', async () => {
      const id = await store.open(session());
      const foreign = await tested.open(settings({ secret: 'a-foreign-secret-0123456789abcdef012345' }));
      expect(await foreign.find(id)).toBeNull();
      expect(await foreign.listOf('https://id.example.test', 'ana')).toEqual([]);
      await foreign.close();
    });
  });
}
