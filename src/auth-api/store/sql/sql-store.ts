/** The store for any SQL database that kysely supports. The queries are the same for all. */
import { type Kysely, sql } from 'kysely';
import type { AuthStore } from '../auth-store.ts';
import { codeQueries } from './code-queries.ts';
import { emailQueries } from './email-queries.ts';
import { keyPairQueries } from './keypair-queries.ts';
import { linkQueries } from './link-queries.ts';
import { passkeyQueries } from './passkey-queries.ts';
import { recoveryCodeQueries } from './recovery-code-queries.ts';
import { sessionQueries } from './session-queries.ts';
import { sweepExpired } from './sweep-expired.ts';
import type { Tables } from './tables.ts';
import { userQueries } from './user-queries.ts';

/** `db`: at the current version. The store owns it from now on. */
export function createSqlStore(db: Kysely<Tables>): AuthStore {
  return {
    users: userQueries(db),
    emails: emailQueries(db),
    sessions: sessionQueries(db),
    keyPairs: keyPairQueries(db),
    codes: codeQueries(db),
    passkeys: passkeyQueries(db),
    recoveryCodes: recoveryCodeQueries(db),
    links: linkQueries(db),
    sweep: (nowMs, limit, ended) => sweepExpired(db, nowMs, limit, ended),
    async ping() {
      await sql`select 1`.execute(db);
    },
    close: () => db.destroy(),
  };
}
