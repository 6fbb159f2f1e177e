/** Whether the Auth API can start with the tables of a database. */
import type { SchemaState } from '../../auth-api/store/migrations/schema-state.ts';
import type { Finding, findingsOf } from './check.ts';

/** `where`: the database in a few words. */
export function schemaFinding(
  state: SchemaState,
  { ok, error }: ReturnType<typeof findingsOf>,
  where: string,
): Finding {
  switch (state.kind) {
    case 'current':
      return ok(`${where} has the tables of this version`);
    case 'empty':
      return ok(`${where} has no tables yet; they are created at startup`);
    case 'older':
      return ok(`${where} has tables of an older version; they are migrated at startup`);
    case 'newer':
      return error(
        `${where} has tables of a newer version`,
        'Start that version of Rolegate, or restore a backup from before its migration.',
      );
    case 'foreign':
      return error(`${where} has a table "${state.table}" of another program`, 'Give the Auth API its own database.');
  }
}
