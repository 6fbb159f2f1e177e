/** The part of the store for users with their roles and groups. */

import type { NewCode } from './code-store.ts';
import type { Page, PageRequest } from './rows.ts';
import type { NewSession } from './session-store.ts';

export interface NewUser {
  readonly id: string;
  readonly emailId: string;
  readonly email: string;
  readonly alias: string;
  readonly fullName: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  readonly createdAtMs: number;
  /** The deadline for verifying the first session; after it the registration lapses. Null: the user is permanent. */
  readonly verifyByMs: number | null;
}

/** Names of roles and groups. */
export interface Names {
  readonly roles: readonly string[];
  readonly groups: readonly string[];
}

export interface UserEntry extends Names {
  readonly userId: string;
  readonly emails: readonly string[];
  readonly verified: boolean;
  readonly enabled: boolean;
}

export interface UserFilter {
  readonly enabled: boolean | null;
  readonly role: string | null;
  /** With which the alias or an address of the user begins, in any letter case. */
  readonly start?: string | null;
}

export type CreateUserOutcome = 'done' | 'email_taken' | 'alias_taken';

/** `last_holder`: nothing was changed, because no other enabled and verified user has the role that must be kept. */
export type ChangeUserOutcome = 'done' | 'unknown' | 'last_holder';

export interface FirstSession {
  readonly session: NewSession;
  readonly code: NewCode;
  /** If the address is taken, reserves the alias anyway and stores the session as a decoy. */
  readonly decoyIfTaken?: boolean;
}

/** `kept`, where given, is a role that must not lose its last enabled and verified holder. */
export interface UserStore {
  /** Stores the user with the address as the preferred one, and the first session of a registration. */
  create(user: NewUser, first: FirstSession | null): Promise<CreateUserOutcome>;
  /** Alias of a permanent user. */
  findAlias(userId: string): Promise<string | null>;
  findIdByEmail(address: string): Promise<string | null>;
  /**
   * The part of a new account that another user already has: the alias, also of a pending registration, or the verified address;
   * null: neither.
   */
  findTaken(account: { email: string; alias: string }, nowMs: number): Promise<'email' | 'alias' | null>;
  /** Removes the user and all its rows. */
  remove(userId: string, kept?: string): Promise<ChangeUserOutcome>;
  find(userId: string): Promise<UserEntry | null>;
  page(filter: UserFilter, request: PageRequest): Promise<Page<UserEntry>>;
  /** Disabling ends all sessions and the one-time link. Key pairs stop working until the user is enabled again. */
  setEnabled(userId: string, enabled: boolean, kept?: string): Promise<ChangeUserOutcome>;
  /** Sorted role names; null: there is no such user. */
  roles(userId: string): Promise<readonly string[] | null>;
  /** False: there is no such user. Adding a role that the user already has changes nothing. */
  addRole(userId: string, role: string): Promise<boolean>;
  /** Grants what the user does not already have, and returns it. Null: there is no such user. */
  grant(userId: string, names: Names): Promise<Names | null>;
  /** Also ends the user's one-time link. `unknown`: there is no such user, or the user does not have the role. */
  removeRole(userId: string, role: string, kept?: string): Promise<ChangeUserOutcome>;
}
