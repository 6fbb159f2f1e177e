/** Fills a new database with rows directly, without the store: in batches, as fast as the database accepts them. */
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { Client } from 'pg';
import { openStore } from '../../src/auth-api/store/open-store.ts';
import { storedRows } from './stored-rows.ts';

/** `database`: as in the settings. Creates, migrates and fills it. */
export async function fillDatabase(database: string, sessions: number): Promise<void> {
  await (await openStore(database)).close();
  if (/^postgres/.test(database)) await fillPostgres(database, sessions);
  else fillSqlite(database, sessions);
}

function fillSqlite(file: string, sessions: number): void {
  const database = new DatabaseSync(file);
  database.exec('pragma synchronous = off');
  for (const batch of storedRows(sessions)) {
    database.exec('begin');
    for (const [table, rows] of Object.entries(batch)) {
      const [first] = rows;
      if (first === undefined) continue;
      const columns = Object.keys(first);
      const insert = database.prepare(
        `insert into ${table} (${columns.join(', ')}) values (${columns.map((column) => `:${column}`).join(', ')})`,
      );
      for (const row of rows) insert.run(row as unknown as Record<string, SQLInputValue>);
    }
    database.exec('commit');
  }
  database.exec('pragma wal_checkpoint(truncate)');
  database.close();
}

async function fillPostgres(url: string, sessions: number): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  for (const batch of storedRows(sessions)) {
    for (const [table, rows] of Object.entries(batch)) {
      const named = `insert into ${table} select * from json_populate_recordset(null::${table}, $1)`;
      await client.query(named, [JSON.stringify(rows)]);
    }
  }
  await client.query('vacuum analyze');
  await client.end();
}
