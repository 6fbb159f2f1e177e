/** What the pages of accounts say; a file per language has it. */
import type { Language } from '../../core/request/preferred-language.ts';

export interface AccountTexts {
  /** Of `lang`. */
  readonly language: Language;
  readonly signIn: string;
  readonly signInTo: (name: string) => string;
  readonly addressLabel: string;
  readonly addressHint: string;
  readonly sendCode: string;
  readonly signUpQuestion: string;
  readonly signUpLink: string;
  readonly codeTitle: string;
  readonly codeSent: (address: string) => string;
  readonly codeHere: string;
  readonly codeLabel: string;
  readonly confirm: string;
  readonly newCode: string;
  readonly otherAddress: string;
  readonly signUpTitle: (name: string) => string;
  readonly fullNameLabel: string;
  readonly aliasLabel: string;
  readonly aliasHint: string;
  readonly signUp: string;
  readonly hasAccount: string;
  readonly messages: Readonly<Record<MessageName, string>>;
  readonly passkeys: PasskeyTexts;
  readonly recovery: RecoveryTexts;
  readonly wait: (seconds: number) => string;
  readonly codes: CodeTexts;
  readonly account: OwnAccountTexts;
  readonly administration: AdministrationTexts;
}

/** Of codes that cannot be guessed, when too many wrong ones were entered. */
export interface CodeTexts {
  readonly longSent: (address: string) => string;
  readonly longWhy: string;
  /** Instead of a time to wait. */
  readonly askAgain: string;
}

/** Of the page of a person's own account. */
export interface OwnAccountTexts {
  readonly title: string;
  readonly signedInAs: (name: string) => string;
  readonly signInAgain: string;
  readonly signInAgainWhy: string;
  readonly addresses: string;
  readonly address: string;
  readonly preferred: string;
  readonly unverified: string;
  readonly prefer: string;
  readonly verify: string;
  readonly remove: string;
  readonly newAddress: string;
  readonly add: string;
  readonly keys: string;
  readonly keysWhy: string;
  readonly key: string;
  readonly until: (date: string) => string;
  readonly newKey: string;
  readonly days: string;
  readonly createKey: string;
  readonly keyTitle: string;
  readonly keyOnce: string;
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly keyCode: string;
  readonly addressCode: (address: string) => string;
  readonly confirm: string;
  readonly back: string;
  readonly sessions: string;
  readonly openSessions: string;
  readonly openSessionsWhy: string;
  readonly endSession: string;
  readonly signOut: string;
  readonly messages: Readonly<Record<OwnAccountMessage, string>>;
}

/** Of the pages on which an administrator manages people. */
export interface AdministrationTexts {
  readonly title: string;
  readonly search: string;
  readonly searchHint: string;
  readonly find: string;
  readonly none: string;
  readonly counted: (people: number, page: number, pages: number) => string;
  readonly previous: string;
  readonly next: string;
  readonly disabled: string;
  readonly unverified: string;
  readonly addPerson: string;
  readonly email: string;
  readonly fullName: string;
  readonly alias: string;
  readonly roles: string;
  readonly rolesHint: string;
  readonly add: string;
  readonly addHint: string;
  readonly rolesOf: (roles: string) => string;
  readonly noRoles: string;
  readonly sessions: string;
  readonly noSessions: string;
  readonly until: (date: string) => string;
  readonly end: string;
  readonly endAll: string;
  readonly passkeys: string;
  readonly noPasskeys: string;
  readonly passkeysWhy: string;
  readonly lastUsed: (date: string) => string;
  readonly neverUsed: string;
  readonly remove: string;
  readonly back: string;
  readonly ownAccount: string;
  readonly signInAgain: string;
  readonly signInAgainWhy: string;
  readonly notPermitted: string;
  readonly notPermittedWhy: string;
  readonly messages: Readonly<Record<AdministrationMessage, string>>;
}

export type AdministrationMessage = 'fieldsInvalid' | 'taken' | 'gone';

export type OwnAccountMessage =
  | 'addressInvalid'
  | 'addressTaken'
  | 'keyInvalid'
  | 'codeWrong'
  | 'codeMalformed'
  | 'codeUsed'
  | 'gone'
  | 'tooMany';

export interface PasskeyTexts {
  readonly use: string;
  /** The browser returned none. */
  readonly notUsed: string;
  readonly title: string;
  readonly why: string;
  readonly signInAgainWhy: string;
  readonly synced: string;
  readonly added: (date: string) => string;
  readonly lastUsed: (date: string) => string;
  readonly neverUsed: string;
  readonly removeWhy: string;
  readonly name: string;
  readonly rename: string;
  readonly newName: string;
  readonly add: string;
  readonly needsScript: string;
  /** Title, where a code by mail is not enough. */
  readonly required: string;
  readonly requiredWhy: string;
  readonly addFirst: string;
  /** Why a code by mail is not enough for changes. */
  readonly changeWhy: string;
  readonly useNeedsScript: string;
  /** The browser created none. */
  readonly notCreated: string;
  readonly messages: Readonly<Record<OwnPasskeyMessage, string>>;
}

/** Of recovery codes. */
export interface RecoveryTexts {
  readonly link: string;
  readonly title: string;
  readonly why: string;
  readonly label: string;
  readonly hint: string;
  readonly codes: string;
  readonly left: (unused: number) => string;
  readonly create: string;
  readonly createWhy: string;
  readonly newTitle: string;
  readonly once: string;
  readonly kept: string;
  /** Of the page that a one-time link opens. */
  readonly linkTitle: string;
  /** The title, once it is no longer valid. */
  readonly linkVoid: string;
  readonly linkWhy: string;
  readonly linkUse: string;
}

export type OwnPasskeyMessage = 'invalid' | 'tooMany' | 'nameInvalid' | 'gone';

export type MessageName =
  | 'addressInvalid'
  | 'codeWrong'
  | 'codeMalformed'
  | 'longCodeMalformed'
  | 'codeUsed'
  | 'signUpExpired'
  | 'fieldsInvalid'
  | 'aliasTaken'
  | 'signUpClosed'
  | 'tooManyRequests'
  | 'tooManyCodes'
  | 'passkeyRejected'
  | 'passkeyCloned'
  | 'recoveryRejected'
  | 'linkRejected'
  | 'tooManyPasskeys';
