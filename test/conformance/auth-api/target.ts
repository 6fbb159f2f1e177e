/** What the suite runs against: an Auth API with the suite's users, and access to its mails. */
import type { Notice } from '../../../src/auth-api/outbox/outbox.ts';
import type { CodePurpose } from '../../../src/auth-api/store/code-store.ts';

export interface SeenMail {
  readonly to: string;
  /** The purpose of the code, or the event of a mail without a code. */
  readonly purpose: CodePurpose | 'welcome' | Notice;
  readonly codeId: string;
  readonly code: string;
}

export interface TargetSettings {
  readonly selfRegistration?: boolean | undefined;
  readonly revealUnknownEmail?: boolean | undefined;
}

export interface Target {
  /** Origin, without a path. */
  readonly baseUrl: string;
  /** Mails so far, oldest first. */
  mails(): Promise<readonly SeenMail[]>;
  /** Lets time pass for the Auth API. */
  advance(durationMs: number): void | Promise<void>;
  /**
   * Revocation messages since the last call, as `kind id`; null: this target cannot provide them, and is not checked.
   */
  readonly takeRevoked: (() => readonly string[]) | null;
  close(): Promise<void>;
}

/** What a kind of target supports; it skips cases that need more. */
export interface TargetLimits {
  /** Longest time that it can let pass: without its own clock, the time must really pass. */
  readonly advanceMs: number;
  /** Whether it exposes mails without a code. */
  readonly welcomes: boolean;
  /** Whether requests reach the Auth API unchanged, with nothing in between. */
  readonly direct: boolean;
}

export type StartTarget = (settings: TargetSettings) => Promise<Target>;

/** Where browsers use passkeys. */
export const pageOrigin = 'https://app.example.test';

/** Initial users of a target; their addresses are verified. Groups: `public` and the listed ones. */
export const suiteUsers = [
  { email: 'ana@example.test', fullName: 'Ana Example', alias: 'ana', roles: ['user'], groups: ['public'] },
  {
    email: 'ben@example.test',
    fullName: 'Ben Example',
    alias: 'ben',
    roles: ['user', 'reporter'],
    groups: ['acme', 'public'],
  },
  {
    email: 'ada@example.test',
    fullName: 'Ada Admin',
    alias: 'ada',
    roles: ['user', 'users_admin'],
    groups: ['public'],
  },
] as const;
