/** What the pages of accounts say; a file per language has it. */

export interface AccountTexts {
  /** Of `lang`. */
  readonly language: string;
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
  readonly wait: (seconds: number) => string;
}

export type MessageName =
  | 'addressInvalid'
  | 'codeWrong'
  | 'codeMalformed'
  | 'codeUsed'
  | 'fieldsInvalid'
  | 'aliasTaken'
  | 'signUpClosed'
  | 'tooManyRequests'
  | 'tooManyCodes';
