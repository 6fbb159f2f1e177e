/** The port through which mail leaves. An outbox accepts a message at once and delivers it asynchronously; it never throws. */

import type { Language } from '../../core/request/preferred-language.ts';
import type { MailState } from '../../telemetry/auth-api-events.ts';
import type { CodePurpose } from '../store/code-store.ts';

export type OutgoingMail = CodeMail | WelcomeMail | NoticeMail;

/** Carries a code to the address that it proves. */
export interface CodeMail {
  readonly kind: 'code';
  readonly to: string;
  readonly purpose: CodePurpose;
  readonly codeId: string;
  readonly code: string;
  readonly lifetimeMs: number;
  readonly requester: Requester;
}

/** The origin of a request, so that a reader can distinguish a stranger's attempt from their own. */
export interface Requester {
  readonly ip: string;
  readonly userAgent: string;
  /** Of the mail: what the request prefers, as no account has a language. */
  readonly language: Language;
}

/** Of the addresses of an account. */
export type AddressNotice = 'address_added' | 'address_preferred' | 'address_removed';

export type Notice =
  | AddressNotice
  | 'registration_refused'
  | 'passkey_added'
  | 'passkey_removed'
  | 'passkey_removed_by_administrator'
  | 'recovery_codes_created'
  | 'recovery_code_used'
  | 'link_used';

/** Notifies the owner of an account about a change or an attempt. */
export interface NoticeMail {
  readonly kind: 'notice';
  readonly to: string;
  readonly notice: Notice;
  /** The address concerned, or that of the owner. */
  readonly address: string;
  readonly requester: Requester;
}

/** Reports that an administrator created an account for the address. */
export interface WelcomeMail {
  readonly kind: 'welcome';
  readonly to: string;
  readonly fullName: string;
  /** That of the administrator. */
  readonly language: Language;
}

export interface Outbox {
  send(mail: OutgoingMail): void;
}

/** An outbox as its owner sees it. */
export interface OpenOutbox extends Outbox {
  /** Null: it sends no mail. */
  state(): MailState | null;
  /** Sends waiting mail for a short time, then ends. */
  close(): Promise<void>;
}
