/**
 * Sessions that replicas share in Redis. A record expires with its session, so Redis under pressure may evict one: then its user signs in
 * once more. In a Cluster, only a record and its lease are on one node, so the lists of a person and of all follow in steps of their own.
 */
import { randomBytes } from 'node:crypto';
import type { RedisClient, RedisLink } from '../../redis/redis-link.ts';
import {
  deriveSessionSecrets,
  isSessionId,
  isUseWorthWriting,
  maxRecordBytes,
  nameOfPerson,
  nameOfSession,
  newSessionId,
  openSession,
  type SessionSecret,
  sealSession,
  sessionEndMs,
} from './sealed-session.ts';
import {
  type Lease,
  type ListedSession,
  type SessionStore,
  type SessionStoreOptions,
  SessionStoreUnavailable,
  SessionTooLarge,
  type StoredSession,
} from './session-store.ts';

export interface RedisSessionStoreOptions extends SessionStoreOptions {
  readonly link: RedisLink;
  readonly keyPrefix: string;
}

interface NamedSession {
  readonly name: string;
  readonly session: StoredSession;
}

/** A lease ends so soon if its process ends, before others give up; otherwise it is renewed, up to the second. */
const leaseMs = 4_000;
const maxLeaseMs = 60_000;
/** Longer than any move of a record to another secret. */
const endMarkMs = 60_000;

const write = `
redis.call('HSET', KEYS[1], 'record', ARGV[1], 'used', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1`;

/** A use is never brought back to life, and never set back. */
const use = `
local before = redis.call('HGET', KEYS[1], 'used')
if not before then return 0 end
if tonumber(before) < tonumber(ARGV[1]) then redis.call('HSET', KEYS[1], 'used', ARGV[1]) end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1`;

/** Keys: the record and its lease. */
const replace = `
if redis.call('GET', KEYS[2]) ~= ARGV[1] or redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'record', ARGV[2])
return 1`;

/** Keys: the record and the mark of its end. */
const end = `
redis.call('SET', KEYS[2], '1', 'PX', ARGV[1])
return redis.call('DEL', KEYS[1])`;

const renew = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`;

const release = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`;

/** A list by the ends of sessions. Returns those that are too many, the first to end first, which are no longer in it: not the one that is added. */
const list = `
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[3])
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
local over = redis.call('ZCARD', KEYS[1]) - ARGV[4]
if over <= 0 then return {} end
local names = {}
for _, name in ipairs(redis.call('ZRANGE', KEYS[1], 0, math.min(over, 100))) do
  if name ~= ARGV[1] and #names < over then names[#names + 1] = name end
end
if #names > 0 then redis.call('ZREM', KEYS[1], unpack(names)) end
return names`;

export function createRedisSessionStore(options: RedisSessionStoreOptions): SessionStore {
  const { link, keyPrefix, bounds, onEvict, now } = options;
  const secrets = deriveSessionSecrets(options.secret, options.previousSecrets);
  const current = secrets[0]!;
  const scripts = {
    write: link.script({ name: 'rolegateWriteSession', lua: write, keys: 1 }),
    use: link.script({ name: 'rolegateUseSession', lua: use, keys: 1 }),
    replace: link.script({ name: 'rolegateReplaceSession', lua: replace, keys: 2 }),
    end: link.script({ name: 'rolegateEndSession', lua: end, keys: 2 }),
    renew: link.script({ name: 'rolegateRenewSessionLease', lua: renew, keys: 1 }),
    release: link.script({ name: 'rolegateReleaseSessionLease', lua: release, keys: 1 }),
    list: link.script({ name: 'rolegateListSession', lua: list, keys: 1 }),
  };
  const recordKey = (name: string) => `${keyPrefix}session:{${name}}`;
  const leaseKey = (name: string) => `${keyPrefix}session-lease:{${name}}`;
  const endKey = (name: string) => `${keyPrefix}session-end:{${name}}`;
  const personKey = (person: string) => `${keyPrefix}sessions-of:{${person}}`;
  const allKey = `${keyPrefix}sessions`;
  const timers = new Set<NodeJS.Timeout>();
  const run = <Reply>(command: (client: RedisClient) => Promise<Reply>) => link.run(command);

  async function read(name: string, secret: SessionSecret): Promise<StoredSession | null> {
    const [record, used] = await run((client) => client.hmgetBuffer(recordKey(name), 'record', 'used'));
    if (record == null || used == null || record.length > maxRecordBytes) return null;
    const session = openSession(record, name, secret);
    const usedAtMs = Number(used.toString());
    // What Redis says of the last use is not sealed: it ends no session late, because its opening is.
    if (session === null || !Number.isSafeInteger(usedAtMs)) return null;
    const latest = { ...session, usedAtMs: Math.max(session.openedAtMs, Math.min(usedAtMs, now())) };
    return sessionEndMs(latest, bounds) <= now() ? null : latest;
  }

  async function keep(name: string, session: StoredSession): Promise<void> {
    const endMs = sessionEndMs(session, bounds);
    const lifeMs = Math.max(1, endMs - now());
    await scripts.write([recordKey(name)], [sealSession(session, name, current), session.usedAtMs, lifeMs]);
    await enlist(name, session, true);
  }

  /** `isNew`: others may have to make room. */
  async function enlist(name: string, session: StoredSession, isNew: boolean): Promise<void> {
    const person = nameOfPerson(session.issuer, session.subject, current);
    const endMs = sessionEndMs(session, bounds);
    const most = (bound: number) => (isNew ? bound : Number.MAX_SAFE_INTEGER);
    for (const [key, bound, by] of [
      [personKey(person), bounds.maxPerPerson, 'person'],
      [allKey, bounds.max, 'all'],
    ] as const) {
      const over = await scripts.list([key], [name, endMs, now(), most(bound), bounds.maxLifetimeMs]);
      for (const one of over as readonly Buffer[]) {
        const handle = one.toString();
        if ((await remove(handle)) > 0) onEvict(by, handle);
      }
    }
  }

  async function remove(name: string): Promise<number> {
    const removed = Number(await scripts.end([recordKey(name), endKey(name)], [endMarkMs]));
    await run((client) => client.zrem(allKey, name));
    return removed;
  }

  /** A session under a previous secret moves to the current one. */
  async function find(id: string): Promise<NamedSession | null> {
    if (!isSessionId(id)) return null;
    const name = nameOfSession(id, current);
    for (const secret of secrets) {
      const earlier = nameOfSession(id, secret);
      const session = await read(earlier, secret);
      if (session === null) continue;
      if (earlier !== name) {
        if (!(await move(session, earlier, name))) return null;
      }
      return { name, session };
    }
    await countEviction(name);
    return null;
  }

  /** False: it was ended meanwhile, and is not brought back. The copy comes first, so that it is never missing. */
  async function move(session: StoredSession, earlier: string, name: string): Promise<boolean> {
    await keep(name, session);
    const removed = await run((client) => client.del(recordKey(earlier)));
    await run((client) => client.zrem(allKey, earlier));
    // Another process has moved it, too, or it has ended.
    if (removed > 0 || (await run((client) => client.exists(endKey(earlier)))) === 0) return true;
    await remove(name);
    return false;
  }

  /** It is still in the list of all, but Redis has dropped its record. */
  async function countEviction(name: string): Promise<void> {
    const endMs = await run((client) => client.zscore(allKey, name));
    if (endMs === null || Number(endMs) <= now()) return;
    if ((await run((client) => client.zrem(allKey, name))) > 0) onEvict('redis', name);
  }

  async function listOf(issuer: string, subject: string): Promise<readonly ListedSession[]> {
    const listed: ListedSession[] = [];
    for (const secret of secrets) {
      const key = personKey(nameOfPerson(issuer, subject, secret));
      const names = await run((client) => client.zrange(key, 0, '-1'));
      const sessions = await Promise.all(names.map((name) => readUnder(name)));
      for (const [index, session] of sessions.entries()) {
        const handle = names[index]!;
        if (session !== null && !listed.some((one) => one.handle === handle)) listed.push({ handle, session });
      }
    }
    return listed.sort((a, b) => b.session.openedAtMs - a.session.openedAtMs);
  }

  async function readUnder(name: string): Promise<StoredSession | null> {
    for (const secret of secrets) {
      const session = await read(name, secret);
      if (session !== null) return session;
    }
    return null;
  }

  async function lease(id: string): Promise<Lease | null> {
    const entry = await find(id);
    if (entry === null) return null;
    const key = leaseKey(entry.name);
    const token = randomBytes(16).toString('base64url');
    const set = await run((client) => client.set(key, token, 'PX', leaseMs, 'NX'));
    if (set !== 'OK') return null;
    const untilMs = performance.now() + maxLeaseMs;
    const stop = () => {
      clearInterval(beat);
      timers.delete(beat);
    };
    const beat = setInterval(() => {
      if (performance.now() > untilMs) stop();
      else scripts.renew([key], [token, leaseMs]).catch(() => {});
    }, leaseMs / 3).unref();
    timers.add(beat);
    return {
      token,
      async release() {
        stop();
        await scripts.release([key], [token]).catch(() => {});
      },
    };
  }

  return {
    open: (session) =>
      attempt(async () => {
        const id = newSessionId();
        await keep(nameOfSession(id, current), session);
        return id;
      }),
    find: (id) =>
      attempt(async () => {
        const entry = await find(id);
        if (entry === null) return null;
        const nowMs = now();
        if (!isUseWorthWriting(entry.session.usedAtMs, nowMs, bounds)) return entry.session;
        const session = { ...entry.session, usedAtMs: nowMs };
        const lifeMs = Math.max(1, sessionEndMs(session, bounds) - nowMs);
        if ((await scripts.use([recordKey(entry.name)], [nowMs, lifeMs])) !== 1) return null;
        await enlist(entry.name, session, false);
        return session;
      }),
    replace: (id, session, { token }) =>
      attempt(async () => {
        const entry = await find(id);
        if (entry === null) return false;
        const { openedAtMs, usedAtMs } = entry.session;
        const record = sealSession({ ...session, openedAtMs, usedAtMs }, entry.name, current);
        return (await scripts.replace([recordKey(entry.name), leaseKey(entry.name)], [token, record])) === 1;
      }),
    lease: (id) => attempt(() => lease(id)),
    end: (id) =>
      attempt(async () => {
        if (!isSessionId(id)) return;
        // The earliest first: a record that is being moved is ended where it goes.
        for (const secret of secrets.toReversed()) {
          const name = nameOfSession(id, secret);
          const session = await read(name, secret);
          await remove(name);
          // It would count towards the sessions of the person, and end one that is in use.
          const key = session === null ? null : personKey(nameOfPerson(session.issuer, session.subject, secret));
          if (key !== null) await run((client) => client.zrem(key, name));
        }
      }),
    listOf: (issuer, subject) => attempt(() => listOf(issuer, subject)),
    endByHandle: (issuer, subject, handle) =>
      attempt(async () => {
        for (const secret of secrets) {
          const key = personKey(nameOfPerson(issuer, subject, secret));
          if ((await run((client) => client.zrem(key, handle))) > 0) await remove(handle);
        }
      }),
    async close() {
      for (const timer of timers) clearInterval(timer);
      timers.clear();
    },
  };
}

async function attempt<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SessionTooLarge) throw error;
    throw new SessionStoreUnavailable('the store of sessions does not respond', { cause: error });
  }
}
