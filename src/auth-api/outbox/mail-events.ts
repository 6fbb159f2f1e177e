/** Mail events for operators: counts and a state, never an address or a code. */

/**
 * The outcome of a mail in the queue: accepted by the server, tried again later, refused by the server, expired with its code, dropped from
 * a full queue, or abandoned when the process ended.
 */
export const mailOutcomes = ['sent', 'retried', 'refused', 'expired', 'dropped', 'abandoned'] as const;
export type MailOutcome = (typeof mailOutcomes)[number];

export interface MailState {
  /** Mails that wait for the server or are being sent. */
  readonly queued: number;
  /** The last exchange with the mail server failed for a reason other than the mail itself. */
  readonly failing: boolean;
}
