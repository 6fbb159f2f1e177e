/**
 * The owner of a credential, read in the same query as the credential. Roles and groups are each joined to one text with commas
 * (which no name may contain), so a check costs one query and one row.
 */
import { sql } from 'kysely';
import type { Owner } from '../rows.ts';

export interface OwnerRow {
  readonly user_id: string;
  readonly alias: string;
  readonly full_name: string;
  readonly roles: string | null;
  readonly groups: string | null;
  readonly has_passkey: 0 | 1;
}

/** Sorted role names of `users.id`, joined by commas; null if there are none. */
export const joinedRoles = sql<
  string | null
>`(select string_agg(role, ',' order by role) from user_roles where user_id = users.id)`;

/** Sorted group names, in the same form. */
export const joinedGroups = sql<
  string | null
>`(select string_agg(group_name, ',' order by group_name) from user_groups where user_id = users.id)`;

const hasPasskey = sql<
  0 | 1
>`case when exists (select 1 from passkeys where passkeys.user_id = users.id) then 1 else 0 end`;

/** Columns for a query that joins `users`. */
export const ownerColumns = [
  'users.id as user_id',
  'users.alias',
  'users.full_name',
  joinedRoles.as('roles'),
  joinedGroups.as('groups'),
  hasPasskey.as('has_passkey'),
] as const;

export function toOwner(row: OwnerRow): Owner {
  return {
    userId: row.user_id,
    alias: row.alias,
    fullName: row.full_name,
    roles: splitNames(row.roles),
    groups: splitNames(row.groups),
    hasPasskey: row.has_passkey === 1,
  };
}

export function splitNames(joined: string | null): readonly string[] {
  return joined === null || joined === '' ? [] : joined.split(',');
}
