/** Opens the configured outbox, and hands mail to it after the response. */

import { randomInt } from 'node:crypto';
import type { AuthApiOptions } from './auth-api.ts';
import type { AuthApiLog } from './events.ts';
import type { OpenOutbox, Outbox, OutgoingMail } from './outbox/outbox.ts';

type OutboxOptions = Pick<AuthApiOptions, 'log' | 'printCode' | 'onMail' | 'mail'> & {
  readonly settings: Pick<AuthApiOptions['settings'], 'outbox' | 'mail'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
};

const unattended = { state: () => null, close: async () => {} };

/** Rejects with `RangeError` for the outbox `mail` without a mail server. */
export async function openOutbox(options: OutboxOptions): Promise<OpenOutbox> {
  const { settings, log, now, printCode = logMail(log), onMail = () => {}, mail = {} } = options;
  if (settings.outbox === 'none') return { send: () => {}, ...unattended };
  if (settings.outbox === 'console') return { send: printCode, ...unattended };
  if (settings.mail === null) throw new RangeError('the outbox "mail" needs a mail server');
  // The library is loaded only if mail is sent.
  const { createSmtpOutbox } = await import('./outbox/smtp-outbox.ts');
  return createSmtpOutbox(settings.mail, { log, now, observe: onMail, limits: mail });
}

/**
 * Logs mail instead of sending it, one line for each: the only lines with a code or an address. A code is logged as a warning, so that
 * `log.level: warn` does not hide it.
 */
function logMail(log: AuthApiLog): (mail: OutgoingMail) => void {
  return (mail) => {
    const { to } = mail;
    if (mail.kind === 'code') {
      const { purpose, code, codeId } = mail;
      log.warn({ to, purpose, code, codeId }, 'a code is logged and not mailed');
    } else if (mail.kind === 'welcome') {
      log.info({ to, purpose: mail.kind }, 'mail is logged and not sent');
    } else {
      log.info({ to, purpose: mail.notice, address: mail.address }, 'mail is logged and not sent');
    }
  };
}

/**
 * Hands mail to the outbox after the response, at a random moment: the time to compose and send it would otherwise reveal a known address
 * in this or the next response.
 */
export interface MailHandover extends Outbox {
  /** Hands over waiting mail at once. */
  flush(): void;
}

/** `withinMs` 0: at once, for an outbox that takes no measurable time. */
export function handOverMail(outbox: Outbox, log: AuthApiLog, withinMs: number): MailHandover {
  const waiting = new Set<OutgoingMail>();

  function handOver(mail: OutgoingMail): void {
    if (!waiting.delete(mail)) return;
    try {
      outbox.send(mail);
    } catch (error) {
      // A failure of the outbox must not fail the request.
      log.error({ err: error }, 'mail could not be handed over');
    }
  }

  return {
    send(mail) {
      waiting.add(mail);
      if (withinMs === 0) handOver(mail);
      else setTimeout(handOver, randomInt(1, withinMs + 1), mail).unref();
    },
    flush() {
      for (const mail of waiting) handOver(mail);
    },
  };
}
