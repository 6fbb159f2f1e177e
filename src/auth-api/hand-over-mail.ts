/**
 * Hands mail to the outbox after the response, at a random moment: composing and sending it take time, by which the
 * response to a known address, or to the next request, would tell it from an unknown one.
 */
import { randomInt } from 'node:crypto';
import type { AuthApiLog } from './events.ts';
import type { Outbox, OutgoingMail } from './outbox/outbox.ts';

export interface MailHandover extends Outbox {
  /** Hands over at once what is still waiting. */
  flush(): void;
}

/** `withinMs` 0: at once, for an outbox that takes no time worth measuring. */
export function handOverMail(outbox: Outbox, log: AuthApiLog, withinMs: number): MailHandover {
  const waiting = new Set<OutgoingMail>();

  function handOver(mail: OutgoingMail): void {
    if (!waiting.delete(mail)) return;
    try {
      outbox.send(mail);
    } catch (error) {
      // A fault of the outbox is no fault of the request.
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
