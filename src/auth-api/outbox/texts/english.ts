/** Mails in English. */
import type { MailTexts } from './mail-texts.ts';

const addresses = {
  title: 'The addresses of your account have changed',
  time: 'Changed',
  closing:
    'If it was not you, sign in, end the sessions of your account that you do not recognize, and undo the change.',
};
const { time, closing } = addresses;

const recovered = {
  time: 'Used',
  closing:
    'If it was not you, sign in with a passkey, end the sessions of your account that you do not recognize, remove passkeys that are not yours, and create new recovery codes. If you cannot, tell your administrator at once.',
};

export const english: MailTexts = {
  // An unknown program is named as it names itself.
  unknownBrowser: '',
  browserOn: (browser, system) => `${browser} on ${system}`,
  codes: {
    session: {
      title: 'Your code to sign in',
      opening: 'Enter this code to sign in:',
      closing:
        'It works only where it was requested. If you did not ask to sign in, ignore this mail: without the code, no one can sign in as you. Never pass it on, to anyone.',
    },
    keypair: {
      title: 'Your code to create an API key',
      opening: 'Enter this code to create the API key that was requested in your account:',
      closing:
        'If you did not request an API key, do not use the code, and end the sessions of your account that you do not recognize. Never pass it on, to anyone.',
    },
    email: {
      title: 'Your code to verify this address',
      opening: 'Enter this code to add this e-mail address to your account:',
      closing:
        'If you did not request this, ignore this mail: without the code the address is not added. Never pass it on, to anyone.',
    },
  },
  valid: (duration, until) => `The code is valid for ${duration}, until ${until}, and works once.`,
  longCodeWhy:
    'It is long because many wrong codes were entered for this account, perhaps by someone else. It cannot be guessed.',
  requested: 'Requested',
  fromAddress: 'From address',
  device: 'With',
  notices: {
    address_added: { ...addresses, event: (address) => `The address ${address} was added to your account.` },
    address_preferred: {
      ...addresses,
      event: (address) =>
        `The address ${address} is now the preferred one of your account: codes for API keys go there.`,
    },
    address_removed: { ...addresses, event: (address) => `The address ${address} was removed from your account.` },
    passkey_added: {
      title: 'A passkey was added to your account',
      event: () => 'A passkey was added to your account.',
      time,
      closing,
    },
    passkey_removed: {
      title: 'A passkey was removed from your account',
      event: () => 'A passkey was removed from your account.',
      time,
      closing,
    },
    passkey_removed_by_administrator: {
      title: 'A passkey was removed from your account',
      event: () => 'An administrator removed a passkey from your account.',
      time,
      closing: 'It no longer works. If you did not expect this, ask your administrator.',
    },
    recovery_codes_created: {
      title: 'New recovery codes for your account',
      event: () => 'New recovery codes were created for your account. Earlier ones no longer work.',
      time,
      closing,
    },
    recovery_code_used: {
      ...recovered,
      title: 'A recovery code of your account was used',
      event: () => 'Someone signed in to your account with one of its recovery codes. It no longer works.',
    },
    link_used: {
      ...recovered,
      title: 'The link to your account was used',
      event: () => 'Someone signed in to your account with the one-time link that was made for it.',
    },
    registration_refused: {
      title: 'You have an account already',
      event: (address) =>
        `A new account was requested with the address ${address}, which belongs to your account already.`,
      time: 'Requested',
      closing: 'If it was you, sign in with this address. If it was not, ignore this mail: nothing has changed.',
    },
  },
  welcome: {
    title: 'Your new account',
    opening: (name) => `Hello ${name}, an account was made for you with this e-mail address.`,
    closing: 'To sign in, request a code with this address. If you did not expect an account, ignore this mail.',
  },
  units: {
    day: ['day', 'days'],
    hour: ['hour', 'hours'],
    minute: ['minute', 'minutes'],
    second: ['second', 'seconds'],
  },
};
