/** Opens the outbox that the settings name. */
import type { AuthApiOptions } from './auth-api.ts';
import { createConsoleOutbox, printMail } from './outbox/console-outbox.ts';
import type { OpenOutbox } from './outbox/outbox.ts';

type OutboxOptions = Pick<AuthApiOptions, 'log' | 'printCode' | 'onMail' | 'mail'> & {
  readonly settings: Pick<AuthApiOptions['settings'], 'outbox' | 'mail'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
};

const unattended = { state: () => null, close: async () => {} };

/** Rejects with `RangeError` for the outbox `mail` without a mail server. */
export async function openOutbox(options: OutboxOptions): Promise<OpenOutbox> {
  const { settings, log, now, printCode = printMail, onMail = () => {}, mail = {} } = options;
  if (settings.outbox === 'none') return { send: () => {}, ...unattended };
  if (settings.outbox === 'console') return { ...createConsoleOutbox(printCode), ...unattended };
  if (settings.mail === null) throw new RangeError('the outbox "mail" needs a mail server');
  // Only who sends mail pays for the library at start.
  const { createSmtpOutbox } = await import('./outbox/smtp-outbox.ts');
  return createSmtpOutbox(settings.mail, { log, now, observe: onMail, limits: mail });
}
