/** What the suite runs against: an Auth API somewhere, with the users of the suite, and a view of what it mails. */
import type { Notice } from '../../../src/auth-api/outbox/outbox.ts';
import type { CodePurpose } from '../../../src/auth-api/store/code-store.ts';

export interface SeenMail {
  readonly to: string;
  /** What the code is for, or what a mail without a code tells. */
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
  /** Messages of revocation since the last call, as `kind id`; null: this target cannot tell, and is not asked. */
  readonly takeRevoked: (() => readonly string[]) | null;
  close(): Promise<void>;
}

/** What a kind of target can be asked; cases that need more are left to the others. */
export interface TargetLimits {
  /** Longest time that it can let pass: without a clock of its own, time has to pass indeed. */
  readonly advanceMs: number;
  /** Whether it shows mails that carry no code. */
  readonly welcomes: boolean;
  /** Whether requests reach the Auth API as they were sent, with nothing in between. */
  readonly direct: boolean;
}

export type StartTarget = (settings: TargetSettings) => Promise<Target>;

/** Users that a target has from the start; their addresses are verified. Groups: `public` and what is named. */
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
