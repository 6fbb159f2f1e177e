/** What mails say; a file per language has it. Subjects are fixed, so that a locked screen shows neither a code nor text from a client. */
import type { DeviceTexts } from '../../../core/request/device-name.ts';
import type { CodePurpose } from '../../store/code-store.ts';
import type { Notice } from '../outbox.ts';

export interface MailTexts extends DeviceTexts {
  readonly codes: Readonly<Record<CodePurpose, CodeTexts>>;
  readonly valid: (duration: string, until: string) => string;
  readonly longCodeWhy: string;
  readonly requested: string;
  readonly fromAddress: string;
  readonly device: string;
  readonly notices: Readonly<Record<Notice, NoticeTexts>>;
  readonly welcome: WelcomeTexts;
  readonly units: Readonly<Record<Unit, UnitTexts>>;
}

interface CodeTexts {
  readonly title: string;
  readonly opening: string;
  readonly closing: string;
}

interface NoticeTexts {
  readonly title: string;
  /** What happened, in one sentence. */
  readonly event: (address: string) => string;
  /** The name of its time. */
  readonly time: string;
  readonly closing: string;
}

interface WelcomeTexts {
  readonly title: string;
  readonly opening: (name: string) => string;
  readonly closing: string;
}

export type Unit = 'day' | 'hour' | 'minute' | 'second';

/** For one, and for any other number. */
export type UnitTexts = readonly [one: string, many: string];
