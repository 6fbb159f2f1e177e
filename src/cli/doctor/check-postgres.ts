/** A PostgreSQL of the Auth API: its version and response time, rights, tables, and whether enough connections are free. */
import { type Kysely, sql } from 'kysely';
import { type SchemaState, schemaState, tableNames } from '../../auth-api/store/migrations/schema-state.ts';
import { connectionsOfProcess, openDatabase } from '../../auth-api/store/postgres-store.ts';
import type { Tables } from '../../auth-api/store/sql/tables.ts';
import { StoreFaultError, StoreUnavailableError } from '../../auth-api/store/store-errors.ts';
import { type Finding, findingsOf, withinCheck } from './check.ts';
import { schemaFinding } from './schema-finding.ts';
import { certificateCodes, connectionAdvice } from './see-server.ts';

interface Server {
  readonly version: string;
  /** Schema for tables; null: the search path contains no existing one. */
  readonly schema: string | null;
  readonly may_create: boolean;
  readonly read_only: boolean;
  /** Remaining connections, by the limits of the server, the database and the user. */
  readonly free: number;
  /** Connections of running Auth APIs. */
  readonly own: number;
}

export async function checkPostgres(url: string, setting: string, timeoutMs: number): Promise<readonly Finding[]> {
  const findings = findingsOf('database', setting);
  const stepMs = withinCheck(5_000, timeoutMs);
  const bounds = { connections: 1, connectTimeoutMs: stepMs, statementTimeoutMs: stepMs, idleTimeoutMs: stepMs };
  const db = openDatabase(url, bounds);
  try {
    const server = await readServer(db);
    const from = performance.now();
    await sql`select 1`.execute(db);
    const tookMs = performance.now() - from;
    const about = findings.ok(`PostgreSQL ${server.version} responds in ${tookMs.toFixed(1)} ms`);
    return [about, ...(await serverFindings(db, server, findings)), connectionsFinding(server, findings)];
  } catch (fault) {
    if (fault instanceof StoreUnavailableError) {
      const { reason } = fault;
      const isCode = /^(?:[A-Z0-9_]+|timeout)$/.test(reason);
      return [findings.error(isCode ? `no connection (${reason})` : reason, adviceOn(reason, setting))];
    }
    if (fault instanceof StoreFaultError) return [findings.error(fault.message, rightsAdvice)];
    throw fault;
  } finally {
    await db.destroy();
  }
}

const rightsAdvice = 'Make the user of the URL the owner of its database, or of its schema and tables.';

async function readServer(db: Kysely<Tables>): Promise<Server> {
  const { rows } = await sql<Server>`
    select
      current_setting('server_version') as version,
      current_schema() as schema,
      coalesce(has_schema_privilege(current_schema(), 'create'), false) as may_create,
      pg_is_in_recovery() or current_setting('transaction_read_only') = 'on' as read_only,
      least(
        current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
          - (select sum(numbackends) from pg_stat_database)::int,
        (select case when datconnlimit < 0 then null else datconnlimit - numbackends end
          from pg_database join pg_stat_database using (datname) where datname = current_database()),
        (select case when rolconnlimit < 0 then null else rolconnlimit - count(*) end
          from pg_roles left join pg_stat_activity on usename = rolname
          where rolname = current_user group by rolconnlimit)
      )::int as free,
      (select count(*) from pg_stat_activity
        where datname = current_database() and application_name = 'rolegate-auth-api')::int as own
  `.execute(db);
  return rows[0]!;
}

async function serverFindings(
  db: Kysely<Tables>,
  { schema, may_create: mayCreate, read_only: isReadOnly }: Server,
  findings: ReturnType<typeof findingsOf>,
): Promise<readonly Finding[]> {
  const { error } = findings;
  if (isReadOnly) return [error('it is read-only', 'Use the primary server: a standby does not accept writes.')];
  if (schema === null) {
    return [error('the search path of the user contains no schema', 'Create one, or set "search_path" of the user.')];
  }
  const state = await schemaState(db, schema);
  const missing = state.kind === 'current' || state.kind === 'older' ? await tablesWithoutRights(db) : [];
  const needsToCreate: readonly SchemaState['kind'][] = ['empty', 'older'];
  return [
    schemaFinding(state, findings, `the schema "${schema}"`),
    ...(needsToCreate.includes(state.kind) && !mayCreate
      ? [error(`the user may not create tables in the schema "${schema}"`, rightsAdvice)]
      : []),
    ...(missing.length === 0
      ? []
      : [error(`the user may not read and write the tables ${missing.join(', ')}`, rightsAdvice)]),
  ];
}

async function tablesWithoutRights(db: Kysely<Tables>): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string }>`
    select relname as name from pg_class
    where relnamespace = current_schema()::regnamespace and relname = any(${tableNames}::text[])
      and not (has_table_privilege(oid, 'select') and has_table_privilege(oid, 'insert')
        and has_table_privilege(oid, 'update') and has_table_privilege(oid, 'delete'))
    order by relname
  `.execute(db);
  return rows.map(({ name }) => name);
}

/** A running process already has its connections, including that of this check. */
function connectionsFinding({ free, own }: Server, { ok, warning }: ReturnType<typeof findingsOf>): Finding {
  const text = `${Math.max(free, 0)} connections are free, and Auth APIs use ${own - 1}`;
  if (free + own >= connectionsOfProcess) return ok(text);
  return warning(
    text,
    `Each process of the Auth API uses up to ${connectionsOfProcess}: raise the limit of the server, the database or the user.`,
  );
}

/** By the start of the store's message. */
const advices: readonly (readonly [reason: RegExp, advice: string])[] = [
  [/^it refuses these credentials/, 'Correct user and password, or what "pg_hba.conf" of the server allows.'],
  [/^it has no such database/, 'Create the database, or correct its name in the URL.'],
  [/^it has no resources left/, 'Its connections, memory or disk are used up: free some, or raise the limit.'],
  [/^it does not speak TLS/, 'Correct "sslmode" in the URL, or enable TLS on the server.'],
  [/^it is starting or stopping/, 'Wait until it has started, and read its log.'],
  [/^a file that its URL names/, 'Correct "sslrootcert", "sslcert" and "sslkey" in the URL.'],
  [certificateCodes, 'Its certificate is not trusted: set its CA with "sslrootcert", or correct the host name.'],
];

function adviceOn(reason: string, setting: string): string {
  return advices.find(([form]) => form.test(reason))?.[1] ?? connectionAdvice(reason, setting);
}
