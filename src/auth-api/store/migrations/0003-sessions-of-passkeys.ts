/** The passkey that opened a session: when it is removed, the session ends. */
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { textType } from './text-type.ts';

export const sessionsOfPasskeys: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('sessions').addColumn('passkey_id', textType(db)).execute();
  },
};
