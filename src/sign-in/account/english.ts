/** The pages of accounts in English. */
import type { AccountTexts } from './account-texts.ts';

export const english: AccountTexts = {
  language: 'en',
  signIn: 'Sign in',
  signInTo: (name) => `Sign in to ${name}`,
  addressLabel: 'E-mail address',
  addressHint: 'You get a code by e-mail. There is no password.',
  sendCode: 'Send me a code',
  signUpQuestion: 'No account yet?',
  signUpLink: 'Create one',
  codeTitle: 'Enter your code',
  codeSent: (address) => `If ${address} can sign in here, an e-mail with a code of six digits is on its way to it.`,
  codeHere: 'The code works only in this browser. Never tell it to anyone.',
  codeLabel: 'Code',
  confirm: 'Sign in',
  newCode: 'Send a new code',
  otherAddress: 'Use another address',
  signUpTitle: (name) => `Create an account for ${name}`,
  fullNameLabel: 'Your name',
  aliasLabel: 'Short name',
  aliasHint: 'Others see it. No two accounts have the same one.',
  signUp: 'Create account',
  hasAccount: 'Sign in with an account',
  messages: {
    addressInvalid: 'This is not an e-mail address. Please correct it.',
    codeWrong: 'The code is wrong. Please look at the newest e-mail and enter it again.',
    codeMalformed: 'The code has six digits. Please enter it again.',
    codeUsed: 'The code has expired or was used before. Request a new one; you still get to the page that you opened.',
    fieldsInvalid: 'Please fill in all fields: a valid e-mail address, and names without unusual characters.',
    aliasTaken: 'Another account has this short name. Please choose another one.',
    signUpClosed: 'New accounts cannot be created here at the moment.',
    tooManyRequests: 'Too many codes were requested.',
    tooManyCodes: 'Too many wrong codes were entered.',
  },
  wait: (seconds) => {
    if (seconds < 60) return `Please try again in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}.`;
    const minutes = Math.ceil(seconds / 60);
    return `Please try again in ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}.`;
  },
};
