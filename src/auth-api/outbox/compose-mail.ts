/** The text of messages. Subjects are fixed, so that a locked screen shows neither a code nor text from a client. */
import { isIP } from 'node:net';
import { deviceName } from '../../core/request/device-name.ts';
import { longCodeLength } from '../secrets/random-secret.ts';
import type { CodePurpose } from '../store/code-store.ts';
import { describeAgent, oneLine } from './harmless-text.ts';
import { drawHtml, drawText, type MailContent } from './mail-layout.ts';
import type { CodeMail, Notice, NoticeMail, OutgoingMail, Requester, WelcomeMail } from './outbox.ts';

export interface ComposedMail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** `askedAtMs`: when the mail was handed over. */
export function composeMail(mail: OutgoingMail, askedAtMs: number): ComposedMail {
  const content = contentOf(mail, askedAtMs);
  return { subject: content.title, text: drawText(content), html: drawHtml(content) };
}

function contentOf(mail: OutgoingMail, askedAtMs: number): MailContent {
  switch (mail.kind) {
    case 'code':
      return codeContent(mail, askedAtMs);
    case 'welcome':
      return welcomeContent(mail);
    case 'notice':
      return noticeContent(mail, askedAtMs);
  }
}

const purposes: Readonly<Record<CodePurpose, Pick<MailContent, 'title' | 'opening' | 'closing'>>> = {
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
};

function codeContent(mail: CodeMail, askedAtMs: number): MailContent {
  const until = utc(askedAtMs + mail.lifetimeMs);
  return {
    ...purposes[mail.purpose],
    code: codeForPeople(mail.code),
    lifetime: `${isLong(mail.code) ? longCodeWhy : ''}The code is valid for ${describeDuration(mail.lifetimeMs)}, until ${until}, and works once.`,
    facts: [['Requested', utc(askedAtMs)], ...askedFrom(mail.requester)],
  };
}

function askedFrom({ ip, userAgent }: Requester): MailContent['facts'] {
  const device = deviceName(userAgent, deviceTexts) || describeAgent(userAgent);
  return [
    ...(isIP(ip) === 0 ? [] : [['From address', ip] as const]),
    ...(device === '' ? [] : [['With', device] as const]),
  ];
}

/** An unknown program is named as it names itself. */
const deviceTexts = { unknownBrowser: '', browserOn: (browser: string, system: string) => `${browser} on ${system}` };

const longCodeWhy =
  'It is long because many wrong codes were entered for this account, perhaps by someone else. It cannot be guessed. ';

function isLong(code: string): boolean {
  return code.length === longCodeLength;
}

/** A long code in groups of four. */
function codeForPeople(code: string): string {
  return isLong(code) ? code.replaceAll(/(.{4})(?!$)/g, '$1-') : code;
}

/** What happened, in one sentence. */
export function describeNotice({ notice, address }: NoticeMail): string {
  const text = oneLine(address, maxAddress);
  switch (notice) {
    case 'address_added':
      return `The address ${text} was added to your account.`;
    case 'address_preferred':
      return `The address ${text} is now the preferred one of your account: codes for API keys go there.`;
    case 'address_removed':
      return `The address ${text} was removed from your account.`;
    case 'passkey_added':
      return 'A passkey was added to your account.';
    case 'passkey_removed':
      return 'A passkey was removed from your account.';
    case 'passkey_removed_by_administrator':
      return 'An administrator removed a passkey from your account.';
    case 'recovery_codes_created':
      return 'New recovery codes were created for your account. Earlier ones no longer work.';
    case 'recovery_code_used':
      return 'Someone signed in to your account with one of its recovery codes. It no longer works.';
    case 'link_used':
      return 'Someone signed in to your account with the one-time link that was made for it.';
    case 'registration_refused':
      return `A new account was requested with the address ${text}, which belongs to your account already.`;
  }
}

const maxAddress = 254;

const addressesChanged = 'The addresses of your account have changed';
const titles: Readonly<Record<Notice, string>> = {
  address_added: addressesChanged,
  address_preferred: addressesChanged,
  address_removed: addressesChanged,
  passkey_added: 'A passkey was added to your account',
  passkey_removed: 'A passkey was removed from your account',
  passkey_removed_by_administrator: 'A passkey was removed from your account',
  recovery_codes_created: 'New recovery codes for your account',
  recovery_code_used: 'A recovery code of your account was used',
  link_used: 'The link to your account was used',
  registration_refused: 'You have an account already',
};

const timeNames: Readonly<Partial<Record<Notice, string>>> = {
  registration_refused: 'Requested',
  recovery_code_used: 'Used',
  link_used: 'Used',
};

function noticeContent(mail: NoticeMail, askedAtMs: number): MailContent {
  return {
    title: titles[mail.notice],
    opening: describeNotice(mail),
    code: null,
    lifetime: null,
    facts: [[timeNames[mail.notice] ?? 'Changed', utc(askedAtMs)], ...askedFrom(mail.requester)],
    closing: closingOf(mail.notice),
  };
}

function closingOf(notice: Notice): string {
  switch (notice) {
    case 'registration_refused':
      return 'If it was you, sign in with this address. If it was not, ignore this mail: nothing has changed.';
    case 'passkey_removed_by_administrator':
      return 'It no longer works. If you did not expect this, ask your administrator.';
    case 'link_used':
    case 'recovery_code_used':
      return 'If it was not you, sign in with a passkey, end the sessions of your account that you do not recognize, remove passkeys that are not yours, and create new recovery codes. If you cannot, tell your administrator at once.';
    default:
      return 'If it was not you, sign in, end the sessions of your account that you do not recognize, and undo the change.';
  }
}

const maxName = 100;

function welcomeContent(mail: WelcomeMail): MailContent {
  const name = oneLine(mail.fullName, maxName);
  return {
    title: 'Your new account',
    opening: `Hello ${name}, an account was made for you with this e-mail address.`,
    code: null,
    lifetime: null,
    facts: [],
    closing: 'To sign in, request a code with this address. If you did not expect an account, ignore this mail.',
  };
}

/** To the minute: `2026-03-01 12:05 UTC`. */
function utc(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** In the largest unit that divides it, otherwise in seconds. */
export function describeDuration(durationMs: number): string {
  const seconds = Math.max(1, Math.round(durationMs / 1000));
  for (const [unit, length] of [
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60],
  ] as const) {
    if (seconds % length === 0) return counted(seconds / length, unit);
  }
  return counted(seconds, 'second');
}

function counted(count: number, unit: string): string {
  return count === 1 ? `1 ${unit}` : `${count} ${unit}s`;
}
