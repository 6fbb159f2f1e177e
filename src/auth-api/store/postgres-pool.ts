/**
 * A bounded pool of connections to PostgreSQL with the interface that kysely's dialect expects. Every wait is bounded, a connection
 * that failed is never used again, and errors contain no addresses, names or values.
 */
import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import { Pool, type PoolClient, type PoolConfig, types } from 'pg';
import { toStoreError } from './postgres-errors.ts';

export interface PoolBounds {
  readonly connections: number;
  /** Maximum wait for a connection, new or free. */
  readonly connectTimeoutMs: number;
  /** Maximum duration of one statement, including waits for locks. The server then cancels it. */
  readonly statementTimeoutMs: number;
  /** Closes a connection that has been idle this long. */
  readonly idleTimeoutMs: number;
}

/** The server's own timeout fires first, unless the server or the network is dead. */
const graceMs = 2_000;

/** `bigint`: here times and counts, which a JavaScript number represents exactly. */
const parsers: PoolConfig['types'] = {
  getTypeParser: (oid, format) => (oid === types.builtins.INT8 ? Number : types.getTypeParser(oid, format)),
};

/** Connects on the first query. */
export function openPostgresPool(url: string, bounds: PoolBounds): PostgresPool {
  const pool = new Pool({
    connectionString: strictTls(url),
    max: bounds.connections,
    connectionTimeoutMillis: bounds.connectTimeoutMs,
    idleTimeoutMillis: bounds.idleTimeoutMs,
    statement_timeout: bounds.statementTimeoutMs,
    query_timeout: bounds.statementTimeoutMs + graceMs,
    // A replica that stops during a transaction must not keep its locks.
    idle_in_transaction_session_timeout: bounds.statementTimeoutMs,
    application_name: 'rolegate-auth-api',
    keepAlive: true,
    types: parsers,
  });
  // An idle connection that breaks is replaced. If it is in use, its query fails.
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

/** This client currently treats the weaker modes as full verification. An explicit mode keeps that so in future versions. */
function strictTls(url: string): string {
  if (/[?&]uselibpqcompat=true/.test(url)) return url;
  return url.replace(/([?&]sslmode=)(?:prefer|require|verify-ca)(?=&|$)/, '$1verify-full');
}

/**
 * If a query ended without a response from the server, the state of its connection is unknown, and the connection is not used
 * again.
 */
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
