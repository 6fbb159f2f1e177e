/** The parts of messages, in the language of their recipient. */
import { isIP } from 'node:net';
import { deviceName } from '../../core/request/device-name.ts';
import type { Language } from '../../core/request/preferred-language.ts';
import { longCodeLength } from '../secrets/random-secret.ts';
import { describeAgent, oneLine } from './harmless-text.ts';
import { drawHtml, drawText, type MailContent } from './mail-layout.ts';
import type { CodeMail, NoticeMail, OutgoingMail, Requester, WelcomeMail } from './outbox.ts';
import { english } from './texts/english.ts';
import type { MailTexts, UnitTexts } from './texts/mail-texts.ts';
import { spanish } from './texts/spanish.ts';

export interface ComposedMail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

const textsOf: Readonly<Record<Language, MailTexts>> = { en: english, es: spanish };

/** `askedAtMs`: when the mail was handed over. */
export function composeMail(mail: OutgoingMail, askedAtMs: number): ComposedMail {
  const { language } = mail.kind === 'welcome' ? mail : mail.requester;
  const content = contentOf(mail, askedAtMs, textsOf[language]);
  return { subject: content.title, text: drawText(content), html: drawHtml(content, language) };
}

function contentOf(mail: OutgoingMail, askedAtMs: number, texts: MailTexts): MailContent {
  switch (mail.kind) {
    case 'code':
      return codeContent(mail, askedAtMs, texts);
    case 'welcome':
      return welcomeContent(mail, texts);
    case 'notice':
      return noticeContent(mail, askedAtMs, texts);
  }
}

function codeContent(mail: CodeMail, askedAtMs: number, texts: MailTexts): MailContent {
  const valid = texts.valid(describeDuration(mail.lifetimeMs, texts), utc(askedAtMs + mail.lifetimeMs));
  return {
    ...texts.codes[mail.purpose],
    code: codeForPeople(mail.code),
    lifetime: isLong(mail.code) ? `${texts.longCodeWhy} ${valid}` : valid,
    facts: [[texts.requested, utc(askedAtMs)], ...askedFrom(mail.requester, texts)],
  };
}

function askedFrom({ ip, userAgent }: Requester, texts: MailTexts): MailContent['facts'] {
  const device = deviceName(userAgent, texts) || describeAgent(userAgent);
  return [
    ...(isIP(ip) === 0 ? [] : [[texts.fromAddress, ip] as const]),
    ...(device === '' ? [] : [[texts.device, device] as const]),
  ];
}

function isLong(code: string): boolean {
  return code.length === longCodeLength;
}

/** A long code in groups of four. */
function codeForPeople(code: string): string {
  return isLong(code) ? code.replaceAll(/(.{4})(?!$)/g, '$1-') : code;
}

const maxAddress = 254;

function noticeContent(mail: NoticeMail, askedAtMs: number, texts: MailTexts): MailContent {
  const { title, event, time, closing } = texts.notices[mail.notice];
  return {
    title,
    opening: event(oneLine(mail.address, maxAddress)),
    code: null,
    lifetime: null,
    facts: [[time, utc(askedAtMs)], ...askedFrom(mail.requester, texts)],
    closing,
  };
}

const maxName = 100;

function welcomeContent(mail: WelcomeMail, { welcome: { title, opening, closing } }: MailTexts): MailContent {
  const name = oneLine(mail.fullName, maxName);
  return { title, opening: opening(name), code: null, lifetime: null, facts: [], closing };
}

/** To the minute: `2026-03-01 12:05 UTC`. */
function utc(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** In the largest unit that divides it, otherwise in seconds. */
export function describeDuration(durationMs: number, { units }: Pick<MailTexts, 'units'>): string {
  const seconds = Math.max(1, Math.round(durationMs / 1000));
  for (const [unit, length] of [
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60],
  ] as const) {
    if (seconds % length === 0) return counted(seconds / length, units[unit]);
  }
  return counted(seconds, units.second);
}

function counted(count: number, [one, many]: UnitTexts): string {
  return `${count} ${count === 1 ? one : many}`;
}
