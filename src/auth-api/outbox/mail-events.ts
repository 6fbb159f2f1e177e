/** What the operator learns of mail: counts and a state, never an address or a code. */

/**
 * How a mail's stay in the queue ended, or that it goes on: taken by the server, tried again later, refused by the
 * server, past the life of its code, pushed out of a full queue, or left behind when the process ended.
 */
export const mailOutcomes = ['sent', 'retried', 'refused', 'expired', 'dropped', 'abandoned'] as const;
export type MailOutcome = (typeof mailOutcomes)[number];

export interface MailState {
  /** Mails that wait for the server or are on their way. */
  readonly queued: number;
  /** The last exchange with the mail server failed for a reason that is not the mail's own. */
  readonly failing: boolean;
}
