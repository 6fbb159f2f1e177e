/** Runs every method of a store once and returns the statements that reached the database, with their parameters. */
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { AuthStore } from '../../src/auth-api/store/auth-store.ts';
import { challenge, code, laterMs, nowMs, pair, passkey, session, user } from './auth-store-rows.ts';

export interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** Statements that read or change rows of the store, each text once. */
export function distinct(statements: readonly Statement[]): Statement[] {
  const rows = statements.filter(({ sql }) =>
    /\b(users|user_roles|user_groups|emails|sessions|keypairs|codes|passkeys|recovery_codes|used_challenges)\b/.test(
      sql,
    ),
  );
  return [...new Map(rows.map((statement) => [statement.sql, statement])).values()];
}

/** A new method of the store must be called here too. Returns the names of those that ran, such as `users.create`. */
export async function runEveryMethod(opened: AuthStore): Promise<string[]> {
  const ran = new Set<string>();
  const watch = <Part extends object>(part: Part, name: string): Part =>
    new Proxy(part, {
      get(target, method, receiver) {
        ran.add(`${name}.${String(method)}`);
        return Reflect.get(target, method, receiver);
      },
    });
  const store = {
    users: watch(opened.users, 'users'),
    emails: watch(opened.emails, 'emails'),
    sessions: watch(opened.sessions, 'sessions'),
    keyPairs: watch(opened.keyPairs, 'keyPairs'),
    codes: watch(opened.codes, 'codes'),
    passkeys: watch(opened.passkeys, 'passkeys'),
    recoveryCodes: watch(opened.recoveryCodes, 'recoveryCodes'),
    links: watch(opened.links, 'links'),
  };
  const slice = { limit: 10, page: 2 };
  const ana = user('ana', { verifyByMs: nowMs + 2_000 });
  const [theirs, its] = [session(ana), code('session')];
  await store.users.create(ana, { session: theirs, code: its });
  await store.codes.find({ codeId: its.id, purpose: 'session', userId: ana.id }, laterMs);
  await store.codes.claimTry({ codeId: its.id, purpose: 'session', userId: ana.id, maxTries: 5 }, laterMs);
  await store.sessions.renewCode(its, laterMs);
  await store.sessions.verify(its.id, laterMs);
  await store.sessions.create(session(ana), code('session'));
  await store.sessions.findLive([theirs.bearerHash, 'under an earlier secret'], laterMs);
  await store.sessions.extend(theirs.id, nowMs + 20_000, laterMs);
  await store.sessions.listLive(ana.id, laterMs);
  await store.sessions.page(slice, laterMs);
  await store.sessions.remove(theirs.id, ana.id, laterMs);
  await store.sessions.removeAll(ana.id);
  const [keys, keyCode] = [pair(ana), code('keypair')];
  await store.keyPairs.create(keys, code('keypair'));
  await store.keyPairs.findPending(keys.apiKey, ana.id, laterMs);
  await store.keyPairs.renewCode(keys.id, keyCode);
  await store.keyPairs.verify(keyCode.id, laterMs);
  await store.keyPairs.findLive(keys.apiKey, laterMs);
  await store.keyPairs.rehash(keys.id, keys.secretHash, 'another');
  await store.keyPairs.rehash(keys.id, 'hash', 'fresh');
  await store.keyPairs.list(ana.id, laterMs);
  await store.keyPairs.page(slice, laterMs);
  await store.keyPairs.remove(keys.id, null);
  const key = passkey(ana);
  await store.passkeys.add(key, challenge(), 20);
  await store.passkeys.findSignIn(key.credentialId);
  await store.passkeys.use(key.id, { counter: 1, atMs: laterMs, challenge: challenge() }, session(ana));
  await store.passkeys.list(ana.id);
  await store.passkeys.credentialIds(ana.id);
  await store.passkeys.rename(key.id, ana.id, 'Laptop');
  await store.passkeys.remove(key.id, ana.id, null);
  await store.recoveryCodes.replace(ana.id, [{ id: randomUUID(), codeHash: 'recovery' }]);
  await store.recoveryCodes.hashes(ana.id);
  await store.recoveryCodes.findUser(['recovery', 'under an earlier secret']);
  await store.recoveryCodes.use(['recovery'], { ...session(ana), userId: ana.id });
  const link = { id: randomUUID(), secretHash: 'hash', countedAs: 'ana', expireAtMs: nowMs + 5_000 };
  await store.links.replace(ana.id, link);
  await store.links.find(link.id, laterMs);
  await store.links.use(link.id, { ...session(ana), userId: ana.id }, laterMs);
  const email = { id: randomUUID(), userId: ana.id, address: 'b@example.test', createdAtMs: nowMs };
  const emailCode = code('email');
  await store.emails.add({ ...email, verifyByMs: laterMs }, code('email'), 'refused');
  await store.emails.renewCode(email.address, ana.id, emailCode, nowMs + 2_000);
  await store.emails.verify(emailCode.id, laterMs);
  await store.emails.findSignIn(email.address);
  await store.emails.findPreferred(ana.id);
  await store.emails.prefer(email.id, ana.id);
  await store.emails.list(ana.id, laterMs);
  await store.emails.remove(ana.emailId, ana.id);
  await store.users.findAlias(ana.id);
  await store.users.findIdByEmail(email.address);
  await store.users.findTaken({ email: 'x@example.test', alias: 'x' }, laterMs);
  await store.users.find(ana.id);
  await store.users.roles(ana.id);
  await store.users.addRole(ana.id, 'keeper');
  await store.users.grant(ana.id, { roles: ['reporter'], groups: ['public', 'press'] });
  for (const filter of [{}, { enabled: true }, { role: 'keeper' }, { start: 'an' }]) {
    await store.users.page({ enabled: null, role: null, ...filter }, slice);
  }
  await store.users.removeRole(ana.id, 'keeper', 'keeper');
  await store.users.setEnabled(ana.id, false, 'nobody holds it');
  await store.users.remove(ana.id);
  await opened.sweep(nowMs, 500);
  return [...ran];
}

/** Every method of the parts of a store. */
export function methodsOf(store: AuthStore): string[] {
  const { users, emails, sessions, keyPairs, codes, passkeys, recoveryCodes, links } = store;
  return Object.entries({ users, emails, sessions, keyPairs, codes, passkeys, recoveryCodes, links }).flatMap(
    ([name, part]) => Object.keys(part).map((method) => `${name}.${method}`),
  );
}

/** Lists of all users, for administrators: they count all rows and page along an index. */
export function isList({ sql }: Statement): boolean {
  return /count\(\*\)|\boffset\b/.test(sql);
}

/** The queries of a sign-in, a registration and a new code for it at a known address, and at an unknown one. */
export async function statementsByAddress(store: AuthStore, seen: Statement[]): Promise<[string[], string[]]> {
  const zoe = user('zoe');
  await store.users.create(zoe, null);
  const statementsOf = async (address: string) => {
    seen.length = 0;
    const found = await store.emails.findSignIn(address);
    await store.sessions.create(session(found === null ? null : zoe), code('session'));
    const made = user(`new-${found?.userId}`, { email: address, verifyByMs: nowMs + 2_000 });
    await store.users.findTaken(made, nowMs);
    const first = { session: session(made), code: code('session'), decoyIfTaken: true };
    expect(await store.users.create(made, first)).toBe(found === null ? 'done' : 'email_taken');
    expect(await store.sessions.renewCode(first.code, nowMs)).not.toBeNull();
    return seen.map(({ sql }) => sql);
  };
  return [await statementsOf(zoe.email), await statementsOf('nobody@example.test')];
}
