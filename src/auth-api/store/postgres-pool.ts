/**
 * A bounded pool of connections to PostgreSQL in the shape that kysely's dialect expects. Nothing here waits without an
 * end, a connection that failed is never used again, and errors come out without addresses, names or values.
 */
import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import { Pool, type PoolClient, type PoolConfig, types } from 'pg';
import { toStoreError } from './postgres-errors.ts';

export interface PoolBounds {
  readonly connections: number;
  /** Longest wait for a connection, new or free. */
  readonly connectTimeoutMs: number;
  /** Longest run of one statement, after which the server ends it; locks that it waits for included. */
  readonly statementTimeoutMs: number;
  /** After this an idle connection is closed. */
  readonly idleTimeoutMs: number;
}

/** The server's own timeout fires first, unless the server or the way to it is dead. */
const graceMs = 2_000;

/** `bigint`, here: times and counts, which a JavaScript number holds exactly. */
const parsers: PoolConfig['types'] = {
  getTypeParser: (oid, format) => (oid === types.builtins.INT8 ? Number : types.getTypeParser(oid, format)),
};

/** Connects with the first query. */
export function openPostgresPool(url: string, bounds: PoolBounds): PostgresPool {
  const pool = new Pool({
    connectionString: strictTls(url),
    max: bounds.connections,
    connectionTimeoutMillis: bounds.connectTimeoutMs,
    idleTimeoutMillis: bounds.idleTimeoutMs,
    statement_timeout: bounds.statementTimeoutMs,
    query_timeout: bounds.statementTimeoutMs + graceMs,
    // A replica that stops in the middle of a transaction must not keep its locks.
    idle_in_transaction_session_timeout: bounds.statementTimeoutMs,
    application_name: 'rolegate-auth-api',
    keepAlive: true,
    types: parsers,
  });
  // A connection that breaks while idle is replaced; in use, its query fails.
  pool.on('error', () => {});
  pool.on('connect', (client) => {
    client.on('error', () => {});
  });
  return {
    options: {},
    async connect() {
      try {
        return guardClient(await pool.connect());
      } catch (error) {
        throw toStoreError(error).error;
      }
    },
    end: () => pool.end(),
  };
}

/** Half-hearted modes mean full verification to this client today; saying so keeps it from meaning less tomorrow. */
function strictTls(url: string): string {
  if (/[?&]uselibpqcompat=true/.test(url)) return url;
  return url.replace(/([?&]sslmode=)(?:prefer|require|verify-ca)(?=&|$)/, '$1verify-full');
}

/** A connection on which a query ended without a response of the server is in an unknown state, and is not used again. */
function guardClient(client: PoolClient): PostgresPoolClient {
  let broken = false;
  async function query<Row>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<Row>> {
    try {
      return (await client.query(sql, [...parameters])) as unknown as PostgresQueryResult<Row>;
    } catch (error) {
      const mapped = toStoreError(error);
      broken ||= mapped.breaksConnection;
      throw mapped.error;
    }
  }
  return {
    query: query as PostgresPoolClient['query'],
    release: (destroy = false) => client.release(destroy || broken),
  };
}
