/** Contract of the store: concurrency. Nothing is done twice or lost, and no operations wait for each other forever. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { AuthStore } from '../../src/auth-api/store/auth-store.ts';
import { OwnerGoneError } from '../../src/auth-api/store/store-errors.ts';
import type { NewUser } from '../../src/auth-api/store/user-store.ts';
import { claim, code, laterMs, nowMs, pair, type StoreUnderTest, session, user } from './auth-store-rows.ts';

const many = 20;
const lapsedMs = nowMs + 2_000;

const atOnce = <Result>(work: (index: number) => Promise<Result>, count = many) =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));

/** Number of occurrences of each result. */
async function tally(results: Promise<readonly unknown[]>): Promise<Record<string, number>> {
  const groups = Object.groupBy(await results, String);
  return Object.fromEntries(Object.entries(groups).map(([result, all]) => [result, all?.length ?? 0]));
}

/** A registration that was never completed. */
async function register(store: AuthStore, alias: string): Promise<NewUser> {
  const made = user(alias, { verifyByMs: lapsedMs });
  await store.users.create(made, { session: session(made), code: code('session') });
  return made;
}

/** An unverified address that expires. */
async function reserve(store: AuthStore, owner: NewUser, address: string, createdAtMs = nowMs) {
  const email = { id: randomUUID(), userId: owner.id, address, createdAtMs, verifyByMs: createdAtMs + 2_000 };
  const its = code('email', { expireAtMs: createdAtMs + 2_000 });
  return { email, its, added: await store.emails.add(email, its, 'refused') };
}

/** The failures of a step whose owner was removed in between; any other failure counts as one. */
const unlessGone = (error: unknown) => {
  if (!(error instanceof OwnerGoneError)) throw error;
  return 'gone';
};

export function describeConcurrency(tested: () => StoreUnderTest): void {
  describe('concurrent operations', () => {
    it('one address, and one alias, is registered once', async () => {
      const { store } = tested();
      const address = (index: number) =>
        user(`a${index}`, { email: index % 2 ? 'One@example.test' : 'one@example.test' });
      expect(await tally(atOnce((index) => store.users.create(address(index), null)))).toEqual({
        done: 1,
        email_taken: many - 1,
      });
      const alias = (index: number) => user(`b${index}`, { alias: index % 2 ? 'Same' : 'same' });
      expect(await tally(atOnce((index) => store.users.create(alias(index), null)))).toEqual({
        done: 1,
        alias_taken: many - 1,
      });
    });

    it('aliases and addresses requested crosswise each go to one user', async () => {
      const { store } = tested();
      const crossed = (index: number) =>
        user('x', { alias: `alias${index % 4}`, email: `address${(index >> 2) % 4}@example.test` });
      const outcomes = await tally(atOnce((index) => store.users.create(crossed(index), null), 32));
      expect(outcomes['done']).toBe(
        (await store.users.page({ enabled: null, role: null }, { limit: 1, page: 1 })).total - 2,
      );
      expect(outcomes['done']).toBeGreaterThanOrEqual(2);
    });

    it('an expired registration is taken over once', async () => {
      const { store } = tested();
      await register(store, 'eve');
      await register(store, 'eva');
      const next = (index: number) =>
        user('eve', { alias: index % 2 ? 'eva' : 'eve', email: `${index % 4 < 2 ? 'eve' : 'eva'}@example.test` });
      const outcomes = await tally(
        atOnce((index) => store.users.create({ ...next(index), createdAtMs: lapsedMs }, null)),
      );
      expect(outcomes['done']).toBeGreaterThanOrEqual(1);
      expect(outcomes['done']).toBeLessThanOrEqual(2);
    });

    it("two users take over each other's expired addresses", async () => {
      const { store, ana, ben } = tested();
      for (let round = 0; round < 10; round += 1) {
        const [hers, his] = [`ana${round}@example.test`, `ben${round}@example.test`];
        await reserve(store, ana, hers);
        await reserve(store, ben, his);
        const taken = await Promise.all([reserve(store, ana, his, lapsedMs), reserve(store, ben, hers, lapsedMs)]);
        expect(taken.map(({ added }) => added)).toEqual([true, true]);
      }
    });

    it('an address requested by many goes to one of them', async () => {
      const { store, ana, ben } = tested();
      for (let round = 0; round < 5; round += 1) {
        const address = `shared${round}@example.test`;
        const registered = Array.from({ length: many }, (_, index) =>
          user(`r${round}x${index}`, { email: address, verifyByMs: lapsedMs }),
        );
        const firsts = registered.map((made) => ({ session: session(made), code: code('session') }));
        await Promise.all(registered.map((made, index) => store.users.create(made, firsts[index] ?? null)));
        const added = await Promise.all([ana, ben].map((owner) => reserve(store, owner, address)));
        const outcomes = await Promise.all([
          ...firsts.map(({ code: its }) => store.sessions.verify(its.id, laterMs)),
          ...added.map(({ its }) => store.emails.verify(its.id, laterMs)),
          store.users
            .create(user(`owner${round}`, { email: address }), null)
            .then((outcome) => (outcome === 'done' ? outcome : null)),
        ]);
        expect(outcomes.filter((outcome) => outcome !== null)).toHaveLength(1);
        expect(await store.emails.findSignIn(address)).not.toBeNull();
        const left = await Promise.all(registered.map(({ id }) => store.users.find(id)));
        expect(left.filter((one) => one !== null).length).toBeLessThanOrEqual(1);
      }
    });

    it('codes of key pairs and addresses are used once', async () => {
      const { store, ana } = tested();
      const its = code('keypair');
      await store.keyPairs.create(pair(ana), its);
      const keys = await atOnce(() => store.keyPairs.verify(its.id, laterMs));
      expect(keys.filter((id) => id !== null)).toHaveLength(1);
      const reserved = await reserve(store, ana, 'second@example.test');
      const emails = await atOnce(() => store.emails.verify(reserved.its.id, laterMs));
      expect(emails.filter((id) => id !== null)).toHaveLength(1);
    });

    it('of new codes for one key pair or address, only one is valid', async () => {
      const { store, ana } = tested();
      const keys = pair(ana);
      await store.keyPairs.create(keys, code('keypair'));
      const codes = Array.from({ length: many }, () => code('keypair'));
      await Promise.all(codes.map((its) => store.keyPairs.renewCode(keys.id, its)));
      const tries = await Promise.all(codes.map((its) => claim(store, its.id, { purpose: 'keypair' })));
      expect(tries.filter((one) => one !== null)).toHaveLength(1);
      await reserve(store, ana, 'second@example.test');
      const others = Array.from({ length: many }, () => code('email'));
      await Promise.all(others.map((its) => store.emails.renewCode('second@example.test', ana.id, its, lapsedMs)));
      const found = await Promise.all(others.map((its) => claim(store, its.id, { purpose: 'email' })));
      expect(found.filter((one) => one !== null)).toHaveLength(1);
    });

    it('one address stays preferred, whichever ones are preferred and removed', async () => {
      const { store, ana } = tested();
      const ids = [ana.emailId];
      for (let index = 0; index < 6; index += 1) {
        const { email, its } = await reserve(store, ana, `a${index}@example.test`);
        await store.emails.verify(its.id, laterMs);
        ids.push(email.id);
      }
      await atOnce(async (index) => {
        const id = ids[index % ids.length] ?? '';
        return index % 3 === 0 ? store.emails.remove(id, ana.id) : store.emails.prefer(id, ana.id);
      }, 42);
      expect((await store.emails.list(ana.id, laterMs)).filter(({ preferred }) => preferred)).toHaveLength(1);
    });

    it('no sign-in through an address outlives it', async () => {
      const { store, ana } = tested();
      for (let round = 0; round < 5; round += 1) {
        const { email, its } = await reserve(store, ana, `a${round}@example.test`);
        await store.emails.verify(its.id, laterMs);
        const codes = Array.from({ length: many }, () => code('session'));
        await atOnce((index) => {
          if (index === many / 2) return store.emails.remove(email.id, ana.id);
          return store.sessions.create(session(ana, { emailId: email.id }), codes[index]!).catch(unlessGone);
        });
        const verified = await Promise.all(codes.map(({ id }) => store.sessions.verify(id, laterMs)));
        expect(verified.filter((id) => id !== null)).toEqual([]);
      }
    });

    it('sweeps share the work', async () => {
      const { store, ana } = tested();
      await atOnce(() => store.sessions.create(session(ana), null));
      const ended: string[] = [];
      const swept = await atOnce(() => store.sweep(nowMs + 20_000, 5, ({ id }) => ended.push(id)), 12);
      const rest = await store.sweep(nowMs + 20_000, 100, ({ id }) => ended.push(id));
      expect(swept.reduce((sum, count) => sum + count, rest)).toBe(many);
      expect(new Set(ended).size).toBe(many);
      expect(ended).toHaveLength(many);
    });

    it('a row created while its owner is removed is removed too, or refused', async () => {
      const { store } = tested();
      for (let round = 0; round < 5; round += 1) {
        const eve = user(`eve${round}`);
        await store.users.create(eve, null);
        const made = atOnce<unknown>((index) => {
          if (index === 4) return store.users.remove(eve.id);
          const kinds: (() => Promise<unknown>)[] = [
            () => store.sessions.create(session(eve), code('session')),
            () => store.keyPairs.create(pair(eve), code('keypair')),
            () => reserve(store, eve, `${randomUUID()}@example.test`),
            () => store.users.addRole(eve.id, `role${index}`),
          ];
          return kinds[index % kinds.length]?.().catch(unlessGone) ?? Promise.resolve();
        });
        await made;
        expect(await store.users.find(eve.id)).toBeNull();
        expect(await store.keyPairs.list(eve.id, laterMs)).toEqual([]);
        expect(await store.emails.list(eve.id, laterMs)).toEqual([]);
      }
      expect((await store.sessions.page({ limit: 1, page: 1 }, laterMs)).total).toBe(0);
    });

    it('users lose a role and are disabled crosswise', async () => {
      const { store, ana, ben } = tested();
      await store.users.addRole(ben.id, 'user');
      const eve = user('eve');
      await store.users.create(eve, null);
      for (let round = 0; round < 5; round += 1) {
        await atOnce<unknown>((index) => {
          const { id } = [ana, ben, eve][index % 3] ?? ana;
          if (index % 4 === 0) return store.users.removeRole(id, 'user', 'user');
          if (index % 4 === 1) return store.users.addRole(id, 'user');
          return store.users.setEnabled(id, index % 16 === 2, 'user');
        }, 60);
      }
      expect((await store.users.page({ enabled: true, role: 'user' }, { limit: 1, page: 1 })).total).toBeGreaterThan(0);
    });

    it('any mix of operations terminates', async () => {
      const { store, ana, ben } = tested();
      const users = [ana, ben, user('eve'), await register(store, 'fay')];
      await store.users.create(users[2] as NewUser, null);
      for (let round = 0; round < 4; round += 1) {
        await atOnce(
          (index) => disturb(store, users[index % users.length] ?? ana, index + round).catch(unlessGone),
          80,
        );
      }
      expect(await store.users.create(user('zoe'), null)).toBe('done');
    });
  });
}

/** One step of an actor, often on several rows, in every order that could deadlock. */
async function disturb(store: AuthStore, owner: NewUser, index: number): Promise<unknown> {
  const theirs = session(owner);
  const its = code('session');
  const keys = pair(owner);
  const keyCode = code('keypair');
  switch (index % 9) {
    case 0:
      await store.sessions.create(theirs, its);
      return Promise.all([
        store.sessions.verify(its.id, laterMs),
        store.sessions.remove(theirs.id, null, laterMs),
        claim(store, its.id),
        store.sessions.extend(theirs.id, nowMs + 3_000, laterMs),
      ]);
    case 1:
      await store.keyPairs.create(keys, keyCode);
      return Promise.all([
        store.keyPairs.verify(keyCode.id, laterMs),
        store.keyPairs.renewCode(keys.id, code('keypair')),
        store.keyPairs.remove(keys.id, owner.id),
      ]);
    case 2:
      return store.sweep(nowMs + 20_000, 10);
    case 3:
      return Promise.all([store.users.setEnabled(owner.id, false, 'user'), store.users.setEnabled(owner.id, true)]);
    case 4: {
      const { email, its: emailCode } = await reserve(
        store,
        owner,
        `shared${index % 3}@example.test`,
        nowMs + index * 500,
      );
      return Promise.all([
        store.emails.verify(emailCode.id, laterMs),
        store.emails.prefer(email.id, owner.id),
        store.emails.remove(email.id, owner.id),
        store.emails.remove(owner.emailId, owner.id),
      ]);
    }
    case 5:
      return Promise.all([store.users.addRole(owner.id, 'user'), store.users.removeRole(owner.id, 'user', 'user')]);
    case 6:
      return store.users.create(user(owner.alias, { createdAtMs: nowMs + 5_000 }), null);
    case 7:
      return index % 4 === 0 ? store.users.remove(owner.id, 'user') : store.sessions.listLive(owner.id, laterMs);
    default:
      return store.users.create(user(`x${index % 5}`, { email: owner.email, createdAtMs: nowMs + 5_000 }), null);
  }
}
