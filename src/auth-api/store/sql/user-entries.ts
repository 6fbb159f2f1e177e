/** Users in the list for administrators. */
import { type Kysely, sql } from 'kysely';
import { foldCase } from '../fold-case.ts';
import type { Page, PageRequest } from '../rows.ts';
import type { UserEntry, UserFilter } from '../user-store.ts';
import { joinedGroups, joinedRoles, splitNames } from './owner-columns.ts';
import { countRows, offsetOf } from './paging.ts';
import type { Tables } from './tables.ts';

/** Addresses joined by spaces, which no address may contain; the preferred one first. */
const joinedEmails = sql<
  string | null
>`(select string_agg(address, ' ' order by preferred desc, address) from emails where user_id = users.id)`;

const columns = [
  'users.id',
  'users.enabled',
  'users.verify_by',
  joinedRoles.as('roles'),
  joinedGroups.as('groups'),
  joinedEmails.as('emails'),
] as const;

export async function findUserEntry(db: Kysely<Tables>, userId: string): Promise<UserEntry | null> {
  const row = await db.selectFrom('users').where('id', '=', userId).select(columns).executeTakeFirst();
  return row === undefined ? null : toEntry(row);
}

export async function pageOfUsers(
  db: Kysely<Tables>,
  filter: UserFilter,
  request: PageRequest,
): Promise<Page<UserEntry>> {
  // A user without an address only reserves an alias, for a registration with an address that another user has.
  let query = db
    .selectFrom('users')
    .where(({ exists, selectFrom }) =>
      exists(selectFrom('emails').whereRef('emails.user_id', '=', 'users.id').select('emails.id')),
    );
  if (filter.enabled !== null) query = query.where('enabled', '=', filter.enabled ? 1 : 0);
  const { role } = filter;
  if (role !== null) {
    query = query.where('id', 'in', (eb) => eb.selectFrom('user_roles').where('role', '=', role).select('user_id'));
  }
  const { start = null } = filter;
  if (start !== null) {
    const first = foldCase(start);
    // Indexes compare byte by byte, in UTF-8.
    const last = `${first}\u{10ffff}`;
    query = query.where('id', 'in', (eb) =>
      eb
        .selectFrom('emails')
        .where((of) => of.between('address_key', first, last))
        .select('user_id as id')
        .union(
          eb
            .selectFrom('users')
            .where((of) => of.between('alias_key', first, last))
            .select('users.id as id'),
        ),
    );
  }
  const rows = await query
    .orderBy('created_at')
    .orderBy('id')
    .limit(request.limit)
    .offset(offsetOf(request))
    .select(columns)
    .execute();
  return { rows: rows.map(toEntry), total: await countRows(query) };
}

/** The part of a new account that another user already has. An expired registration no longer holds its alias. */
export async function findTaken(
  db: Kysely<Tables>,
  account: { readonly email: string; readonly alias: string },
  nowMs: number,
): Promise<'email' | 'alias' | null> {
  const alias = await db
    .selectFrom('users')
    .where('alias_key', '=', foldCase(account.alias))
    .where((eb) => eb.or([eb('verify_by', 'is', null), eb('verify_by', '>', nowMs)]))
    .select('id')
    .executeTakeFirst();
  const email = await db
    .selectFrom('emails')
    .where('address_key', '=', foldCase(account.email))
    .where('verify_by', 'is', null)
    .select('id')
    .executeTakeFirst();
  if (alias !== undefined) return 'alias';
  return email === undefined ? null : 'email';
}

interface Row {
  readonly id: string;
  readonly enabled: 0 | 1;
  readonly verify_by: number | null;
  readonly roles: string | null;
  readonly groups: string | null;
  readonly emails: string | null;
}

function toEntry(row: Row): UserEntry {
  return {
    userId: row.id,
    emails: row.emails === null ? [] : row.emails.split(' '),
    roles: splitNames(row.roles),
    groups: splitNames(row.groups),
    verified: row.verify_by === null,
    enabled: row.enabled === 1,
  };
}
