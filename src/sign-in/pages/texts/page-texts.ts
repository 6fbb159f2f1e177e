/** What the pages say that all ways of signing in share; a file per language has it. */
import type { DeviceTexts } from '../../../core/request/device-name.ts';

export interface PageTexts extends DeviceTexts {
  /** Of `lang`. */
  readonly language: string;
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
}
