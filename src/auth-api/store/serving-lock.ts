/**
 * One process serves a SQLite file, because two would count attempts apart; with Redis they share the counts, and no lock is needed. Commands
 * that only administer users open the file beside it.
 */
import { DatabaseSync } from 'node:sqlite';
import { createPrivately, fileOf } from './node-sqlite-database.ts';
import { ServedElsewhereError } from './store-errors.ts';

/**
 * Holds a lock beside the file until it is called back; the system releases it when the process ends in any way. `database`: as for
 * `openSqliteStore`. Throws `ServedElsewhereError`.
 */
export function lockForServing(database: string): () => void {
  const file = fileOf(database);
  if (file === null) return () => {};
  const beside = `${file}-serving`;
  createPrivately(beside);
  const lock = new DatabaseSync(beside, { timeout: 0 });
  try {
    lock.exec('begin exclusive');
  } catch (error) {
    lock.close();
    throw (error as { errcode?: number }).errcode === 5 ? new ServedElsewhereError(file) : error;
  }
  return () => lock.close();
}
