/** What the pages say that all ways of signing in share; a file per language has it. */
import type { DeviceTexts } from '../../../core/request/device-name.ts';
import type { Language } from '../../../core/request/preferred-language.ts';

export interface PageTexts extends DeviceTexts {
  /** Of `lang`. */
  readonly language: Language;
  readonly signIn: string;
  readonly choose: string;
  readonly leadingOn: string;
  readonly otherTab: string;
  readonly signInHere: string;
  readonly goOn: string;
  readonly goToStart: string;
  readonly signOut: string;
  readonly signOutQuestion: string;
  readonly staySignedIn: string;
  readonly signedOut: string;
  readonly signedIn: string;
  readonly notSignedIn: string;
  readonly closeTab: string;
  readonly sessionsTitle: string;
  readonly sessionsOf: (name: string) => string;
  readonly thisSession: string;
  readonly browserColumn: string;
  readonly openedColumn: string;
  readonly usedColumn: string;
  readonly signOutEverywhere: string;
  readonly messages: MessageTexts;
  readonly keptForm: KeptFormTexts;
}

/** Of pages about what went wrong. Parts between backticks are set as code. */
export interface MessageTexts {
  readonly tryAgain: string;
  /** Before the code of a failure. */
  readonly reason: string;
  /** Before the id by which the log has it. */
  readonly report: string;
  readonly failureTitle: string;
  readonly failure: string;
  readonly failures: Readonly<Record<FailureCode, string>>;
  readonly otherFailure: string;
  readonly outageTitle: string;
  readonly outage: string;
  readonly outageWhy: string;
  readonly loopTitle: string;
  readonly loop: string;
  readonly loopWhy: string;
  readonly originTitle: string;
  readonly origin: string;
  readonly originWhy: (origin: string) => string;
  readonly originHint: string;
}

/** Codes of providers (RFC 6749 section 4.1.2.1, OpenID Connect Core 1.0 section 3.1.2.6), and those of our own. */
export type FailureCode =
  | 'access_denied'
  | 'login_required'
  | 'interaction_required'
  | 'consent_required'
  | 'unmet_authentication_requirements'
  | 'account_selection_required'
  | 'temporarily_unavailable'
  | 'server_error'
  | 'unauthorized_client'
  | 'invalid_client'
  | 'invalid_scope'
  | 'invalid_request'
  | 'insufficient_scope'
  | 'too_many_groups'
  | 'session_too_large'
  | 'email_not_verified'
  | 'clocks_differ'
  | 'invalid_response';

/** Of a form that was sent without a session. */
export interface KeptFormTexts {
  readonly title: string;
  readonly notSent: string;
  readonly notSentWhy: string;
  readonly signedInAgain: string;
  readonly sendAgain: string;
  readonly signInBeside: string;
}
