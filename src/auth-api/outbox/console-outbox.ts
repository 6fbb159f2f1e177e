/** Logs mail instead of sending it: for demonstrations and for work at one's own machine. */
import type { AuthApiLog } from '../events.ts';
import type { Outbox, OutgoingMail } from './outbox.ts';

export function createConsoleOutbox(print: (mail: OutgoingMail) => void): Outbox {
  return { send: print };
}

/** One line for each: the only lines with a code or an address. A code is a warning, so that `log.level: warn` does not hide it. */
export function logMail(log: AuthApiLog): (mail: OutgoingMail) => void {
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
