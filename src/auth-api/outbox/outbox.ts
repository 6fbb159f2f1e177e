/** The port through which mail leaves. An outbox takes a message at once and delivers in its own time; it never throws. */
import type { CodePurpose } from '../store/code-store.ts';
import type { MailState } from './mail-events.ts';

export type OutgoingMail = CodeMail | WelcomeMail;

/** Carries a code to the address that it proves. */
export interface CodeMail {
  readonly kind: 'code';
  readonly to: string;
  readonly purpose: CodePurpose;
  readonly codeId: string;
  readonly code: string;
  readonly lifetimeMs: number;
  /** From where the code was asked, so that a reader can tell a stranger's attempt from the own. */
  readonly asked: { readonly ip: string; readonly userAgent: string };
}

/** Tells somebody that an administrator made an account for the address. */
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
