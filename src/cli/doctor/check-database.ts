/** The database of the Auth API: reachable, in a usable state, and with the required permissions. Nothing in it is changed. */
import { resolve } from 'node:path';
import { Kysely } from 'kysely';
import { schemaState } from '../../auth-api/store/migrations/schema-state.ts';
import { openExistingSqlite } from '../../auth-api/store/node-sqlite-database.ts';
import { postgresUrl } from '../../auth-api/store/open-store.ts';
import type { Tables } from '../../auth-api/store/sql/tables.ts';
import { TransactionalSqliteDialect } from '../../auth-api/store/sqlite-store.ts';
import { StoreUnavailableError } from '../../auth-api/store/store-errors.ts';
import { type Finding, findingsOf, withinCheck } from './check.ts';
import { fileFinding } from './check-file.ts';
import { schemaFinding } from './schema-finding.ts';

type Findings = ReturnType<typeof findingsOf>;

/** `setting`: where it is configured. */
export async function checkDatabase(database: string, setting: string, timeoutMs: number): Promise<readonly Finding[]> {
  const findings = findingsOf('database', setting);
  if (database === ':memory:') return [findings.warning('it is in memory: a restart loses all users', fileAdvice)];
  if (postgresUrl.test(database)) {
    const { checkPostgres } = await import('./check-postgres.ts');
    return await checkPostgres(database, setting, timeoutMs);
  }
  return await checkSqlite(database, findings, timeoutMs);
}

const fileAdvice = 'Use a file or a PostgreSQL database, unless this is a demonstration.';

/** It blocks the process: other checks wait. */
const maxLockMs = 250;

async function checkSqlite(database: string, findings: Findings, timeoutMs: number): Promise<readonly Finding[]> {
  const path = resolve(database);
  const missing = fileFinding(path, findings);
  if (missing !== null) return [missing];
  let db: Kysely<Tables> | null = null;
  try {
    const file = openExistingSqlite(path, withinCheck(maxLockMs, timeoutMs));
    db = new Kysely<Tables>({ dialect: new TransactionalSqliteDialect(file) });
    const state = await schemaState(db, null);
    // Acquires the writer's lock without writing.
    await db.transaction().execute(async () => {});
    return [schemaFinding(state, findings, `the file ${path}`)];
  } catch (fault) {
    return [sqliteFinding(fault, path, findings)];
  } finally {
    await db?.destroy();
  }
}

function sqliteFinding(fault: unknown, path: string, { error, warning }: Findings): Finding {
  if (fault instanceof StoreUnavailableError) {
    const text = `${path}: ${fault.reason}`;
    if (!fault.reason.startsWith('another process holds')) return error(text, 'Check the file and its disk.');
    return warning(text, 'End the process that holds it, such as a SQLite shell with an open transaction.');
  }
  // Primary result codes (sqlite.org/rescode.html).
  const code = (fault as { errcode?: number }).errcode ?? 0;
  if ((code & 0xff) === 26)
    return error(`${path} is not a SQLite database`, 'Correct the path, or move the file away.');
  if ((code & 0xff) === 11) return error(`${path} is damaged`, 'Restore it from a backup.');
  if ((code & 0xff) === 14)
    return error(`${path} cannot be opened`, 'Check the permissions of the file and its folder.');
  throw fault;
}
