/**
 * Sessions of one process, in memory or in a file that outlives it: an SQLite database. The records are sealed there, too, since copies
 * of a file end up in backups.
 */
import { createRequire } from 'node:module';
import type { DatabaseSync } from 'node:sqlite';
import {
  deriveSessionSecrets,
  isSessionId,
  isUseWorthWriting,
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
  type SessionEviction,
  type SessionStore,
  type SessionStoreOptions,
  SessionStoreUnavailable,
  SessionTooLarge,
  type StoredSession,
} from './session-store.ts';

export interface SqliteSessionStoreOptions extends SessionStoreOptions {
  /** Null: in memory. */
  readonly file: string | null;
}

const load = createRequire(import.meta.url);

const tables = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS sessions (
    name TEXT PRIMARY KEY, person TEXT NOT NULL, openedAtMs INTEGER NOT NULL,
    usedAtMs INTEGER NOT NULL, endMs INTEGER NOT NULL, record BLOB NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS sessionsOfPerson ON sessions (person, usedAtMs);
  CREATE INDEX IF NOT EXISTS sessionsByUse ON sessions (usedAtMs);
  CREATE INDEX IF NOT EXISTS sessionsByEnd ON sessions (endMs);
`;

interface Row {
  readonly name: string;
  readonly person: string;
  readonly usedAtMs: number;
  readonly record: Uint8Array;
}

interface Place {
  readonly name: string;
  readonly secret: SessionSecret;
}

/** A refresh that takes longer has lost its lease. */
const maxLeaseMs = 60_000;

/** Throws if the file cannot be opened. */
export function createSqliteSessionStore(options: SqliteSessionStoreOptions): SessionStore {
  const { bounds, onEvict, now } = options;
  const secrets = deriveSessionSecrets(options.secret, options.previousSecrets);
  const current = secrets[0]!;
  const database = open(options.file);
  const byName = database.prepare('SELECT name, person, usedAtMs, record FROM sessions WHERE name = ? AND endMs > ?');
  const ofPerson = database.prepare(
    'SELECT name, person, usedAtMs, record FROM sessions WHERE person = ? AND endMs > ? ORDER BY openedAtMs DESC',
  );
  const put = database.prepare('INSERT OR REPLACE INTO sessions VALUES (?, ?, ?, ?, ?, ?)');
  const remove = database.prepare('DELETE FROM sessions WHERE name = ?');
  const removeOf = database.prepare('DELETE FROM sessions WHERE name = ? AND person = ?');
  const sweep = database.prepare('DELETE FROM sessions WHERE endMs <= ?');
  const count = database.prepare('SELECT count(*) AS sessions FROM sessions');
  const countOf = database.prepare('SELECT count(*) AS sessions FROM sessions WHERE person = ?');
  const oldest = database.prepare('SELECT name FROM sessions WHERE name <> ? ORDER BY usedAtMs LIMIT 1');
  const oldestOf = database.prepare(
    'SELECT name FROM sessions WHERE person = ? AND name <> ? ORDER BY usedAtMs LIMIT 1',
  );
  const leases = new Map<string, { readonly token: string; readonly endMs: number }>();

  function write(name: string, session: StoredSession): void {
    const { issuer, subject, openedAtMs, usedAtMs } = session;
    const person = nameOfPerson(issuer, subject, current);
    put.run(name, person, openedAtMs, usedAtMs, sessionEndMs(session, bounds), sealSession(session, name, current));
  }

  function read({ name, secret }: Place): StoredSession | null {
    const row = byName.get(name, now()) as unknown as Row | undefined;
    return row === undefined ? null : sessionOf(row, secret);
  }

  /** Where it is kept; a session under a previous secret moves to the current one. */
  function find(id: string): { readonly name: string; readonly session: StoredSession } | null {
    if (!isSessionId(id)) return null;
    const name = nameOfSession(id, current);
    for (const secret of secrets) {
      const place = { name: nameOfSession(id, secret), secret };
      const session = read(place);
      if (session === null) continue;
      if (place.name !== name) {
        write(name, session);
        remove.run(place.name);
      }
      return { name, session };
    }
    return null;
  }

  function evict(by: SessionEviction, row: unknown): void {
    const { name } = row as { name: string };
    remove.run(name);
    onEvict(by, name);
  }

  /** Not by ending the new session itself. */
  function makeRoomFor(name: string, person: string): void {
    sweep.run(now());
    const over = (counted: unknown, bound: number) => (counted as { sessions: number }).sessions > bound;
    while (over(countOf.get(person), bounds.maxPerPerson)) {
      evict('person', oldestOf.get(person, name));
    }
    while (over(count.get(), bounds.max)) {
      evict('all', oldest.get(name));
    }
  }

  function holds(name: string, token: string): boolean {
    const lease = leases.get(name);
    return lease !== undefined && lease.token === token && now() < lease.endMs;
  }

  return {
    open: (session) =>
      attempt(() => {
        const id = newSessionId();
        const name = nameOfSession(id, current);
        write(name, session);
        makeRoomFor(name, nameOfPerson(session.issuer, session.subject, current));
        return id;
      }),
    find: (id) =>
      attempt(() => {
        const entry = find(id);
        if (entry === null) return null;
        const nowMs = now();
        if (!isUseWorthWriting(entry.session.usedAtMs, nowMs, bounds)) return entry.session;
        const session = { ...entry.session, usedAtMs: nowMs };
        write(entry.name, session);
        return session;
      }),
    replace: (id, session, lease) =>
      attempt(() => {
        const entry = find(id);
        if (entry === null || !holds(entry.name, lease.token)) return false;
        const { openedAtMs, usedAtMs } = entry.session;
        write(entry.name, { ...session, openedAtMs, usedAtMs });
        return true;
      }),
    lease: (id) =>
      attempt((): Lease | null => {
        const entry = find(id);
        if (entry === null) return null;
        const { name } = entry;
        const lease = leases.get(name);
        if (lease !== undefined && now() < lease.endMs) return null;
        const token = newSessionId();
        leases.set(name, { token, endMs: now() + maxLeaseMs });
        return {
          token,
          async release() {
            if (leases.get(name)?.token === token) leases.delete(name);
          },
        };
      }),
    end: (id) =>
      attempt(() => {
        if (isSessionId(id)) for (const secret of secrets) remove.run(nameOfSession(id, secret));
      }),
    listOf: (issuer, subject) =>
      attempt(() =>
        secrets.flatMap((secret) => {
          const rows = ofPerson.all(nameOfPerson(issuer, subject, secret), now()) as unknown as Row[];
          return rows.flatMap((row) => {
            const session = sessionOf(row, secret);
            return session === null ? [] : [{ handle: row.name, session }];
          });
        }),
      ),
    endByHandle: (issuer, subject, handle) =>
      attempt(() => {
        for (const secret of secrets) removeOf.run(handle, nameOfPerson(issuer, subject, secret));
      }),
    async close() {
      database.close();
    },
  };
}

/** The column knows of later uses than the sealed record, and is the newer one of the two. */
function sessionOf({ name, record, usedAtMs }: Row, secret: SessionSecret): StoredSession | null {
  const session = openSession(Buffer.from(record), name, secret);
  return session === null ? null : { ...session, usedAtMs };
}

function open(file: string | null): DatabaseSync {
  const { DatabaseSync } = load('node:sqlite') as typeof import('node:sqlite');
  const database = new DatabaseSync(file ?? ':memory:', { timeout: 1_000 });
  database.exec(tables);
  return database;
}

async function attempt<Result>(work: () => Result): Promise<Result> {
  try {
    return work();
  } catch (error) {
    if (error instanceof SessionTooLarge) throw error;
    throw new SessionStoreUnavailable('the store of sessions failed', { cause: error });
  }
}
