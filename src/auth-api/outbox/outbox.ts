/** The port through which mail leaves. An outbox takes a message at once and delivers in its own time; it never throws. */
import type { CodePurpose } from '../store/code-store.ts';
import type { MailState } from './mail-events.ts';

export type OutgoingMail = CodeMail | WelcomeMail | NoticeMail;

/** Carries a code to the address that it proves. */
export interface CodeMail {
  readonly kind: 'code';
  readonly to: string;
  readonly purpose: CodePurpose;
  readonly codeId: string;
  readonly code: string;
  readonly lifetimeMs: number;
  readonly asked: Asked;
}

/** Where a request came from, so that a reader can tell a stranger's attempt from their own. */
export interface Asked {
  readonly ip: string;
  readonly userAgent: string;
}

export type Notice = 'address_added' | 'address_preferred' | 'address_removed' | 'registration_refused';

/** Tells the owner of an account what was done to it, or tried. */
export interface NoticeMail {
  readonly kind: 'notice';
  readonly to: string;
  readonly notice: Notice;
  /** The address that it is about. */
  readonly address: string;
  readonly asked: Asked;
}

/** Says that an administrator made an account for the address. */
export interface WelcomeMail {
  readonly kind: 'welcome';
  readonly to: string;
  readonly fullName: string;
}

export interface Outbox {
  send(mail: OutgoingMail): void;
}

/** An outbox as its owner sees it. */
export interface OpenOutbox extends Outbox {
  /** Null: it sends no mail. */
  state(): MailState | null;
  /** Gives mail that waits a short while to leave, then ends. */
  close(): Promise<void>;
}
