/** The part of the store that holds users with their roles and groups. */
import type { Page, PageRequest } from './auth-store.ts';
import type { NewCode } from './code-store.ts';
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
  /** Until then the first session must be verified, or the registration lapses; null: the user is there for good. */
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
}

export type CreateUserOutcome = 'done' | 'email_taken' | 'alias_taken';

/** `last_holder`: nothing was changed, since no other enabled and verified user holds the role that must be kept. */
export type ChangeUserOutcome = 'done' | 'unknown' | 'last_holder';

export interface FirstSession {
  readonly session: NewSession;
  readonly code: NewCode;
  /** When the address is taken: the alias is reserved all the same, and the session stored as a decoy. */
  readonly decoyIfTaken?: boolean;
}

/** `kept`, where it is asked for, is a role that must not lose its last enabled and verified holder. */
export interface UserStore {
  /** Stores the user with the address as preferred one, and the first session of a registration. */
  create(user: NewUser, first: FirstSession | null): Promise<CreateUserOutcome>;
  /** Alias of a user who is there for good. */
  findAlias(userId: string): Promise<string | null>;
  findIdByEmail(address: string): Promise<string | null>;
  /** What of a new account another has: the alias, also of a pending registration, or the verified address; null: neither. */
  findTaken(account: { email: string; alias: string }, nowMs: number): Promise<'email' | 'alias' | null>;
  /** Removes the user with everything that belongs to it. */
  remove(userId: string, kept?: string): Promise<ChangeUserOutcome>;
  find(userId: string): Promise<UserEntry | null>;
  page(filter: UserFilter, request: PageRequest): Promise<Page<UserEntry>>;
  /** Disabling ends all sessions; key pairs rest until the user is enabled again. */
  setEnabled(userId: string, enabled: boolean, kept?: string): Promise<ChangeUserOutcome>;
  /** Sorted role names, or null when there is no such user. */
  roles(userId: string): Promise<readonly string[] | null>;
  /** False: no such user. Adding a role that is there changes nothing. */
  addRole(userId: string, role: string): Promise<boolean>;
  /** Gives the user what it does not hold yet, and returns that. Null: no such user. */
  grant(userId: string, names: Names): Promise<Names | null>;
  /** `unknown`: no such user, or it does not hold the role. */
  removeRole(userId: string, role: string, kept?: string): Promise<ChangeUserOutcome>;
}
