/** Chooses the outbox that the settings name. */
import { createConsoleOutbox, printMail } from './console-outbox.ts';
import type { Outbox, OutgoingMail } from './outbox.ts';

/** `printCode` replaces the box on standard output of the `console` outbox. */
export function openOutbox(kind: 'console' | 'none' | 'mail', printCode: (mail: OutgoingMail) => void = printMail): Outbox {
  return kind === 'console' ? createConsoleOutbox(printCode) : { send: () => {} };
}
