/** Counts what becomes of the mails of an Auth API in this process. */
import type { MailOutcome, MailState } from '../auth-api/outbox/mail-events.ts';
import type { Sample } from './exposition.ts';
import type { MetricKey } from './metrics-catalog.ts';

/** Null: no mail is sent. */
export type ReadMailState = () => MailState | null;

export class MailTally {
  readonly #outcomes: Record<MailOutcome, number> = {
    sent: 0,
    retried: 0,
    refused: 0,
    expired: 0,
    dropped: 0,
    abandoned: 0,
  };
  #read: ReadMailState = () => null;

  readonly add = (outcome: MailOutcome): void => {
    this.#outcomes[outcome] += 1;
  };

  /** Where a scrape reads what waits now. */
  watch(read: ReadMailState): void {
    this.#read = read;
  }

  /** Without samples where no mail is sent. */
  *samples(): Generator<readonly [MetricKey, Iterable<Sample>]> {
    const state = this.#read();
    const known = state === null ? [] : [state];
    const outcomes = state === null ? [] : Object.entries(this.#outcomes);
    yield ['authMails', outcomes.map(([outcome, value]) => ({ labels: [outcome], value }))];
    yield ['authMailQueue', known.map(({ queued }) => ({ labels: [], value: queued }))];
    yield ['authMailFailing', known.map(({ failing }) => ({ labels: [], value: failing ? 1 : 0 }))];
  }
}
