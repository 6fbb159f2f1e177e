/** The shared pages in English. */
import type { PageTexts } from './page-texts.ts';

export const english: PageTexts = {
  language: 'en',
  signIn: 'Sign in',
  choose: 'Choose where you have your account.',
  leadingOn: 'You are taken to the sign-in page.',
  otherTab: 'You are signing in in another tab. This page opens as soon as you are done there.',
  signInHere: 'Sign in here instead',
  goOn: 'Continue',
  goToStart: 'Go to the start page',
  signOut: 'Sign out',
  signOutQuestion: 'Do you want to sign out?',
  staySignedIn: 'Stay signed in',
  signedOut: 'You are signed out',
  signedIn: 'You are signed in',
  notSignedIn: 'You are not signed in',
  closeTab: 'Close this tab, and send your form in the other one.',
  sessionsTitle: 'Your sessions',
  sessionsOf: (name) =>
    `Browsers in which ${name} is signed in. Sign out those that you do not know or do not use any more.`,
  thisSession: 'this one',
  unknownBrowser: 'Unknown browser',
  browserOn: (browser, system) => `${browser} on ${system}`,
  browserColumn: 'Browser and address',
  openedColumn: 'Signed in',
  usedColumn: 'Last used',
  signOutEverywhere: 'Sign out everywhere',
};
