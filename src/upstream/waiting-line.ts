/** Requests that wait for their turn, in order; each may leave from any position. */

/** A request that waits for its turn. It is itself the node of its queue. */
export interface Applicant {
  /** The client key. */
  readonly clientKey: string;
  /** When it began to wait, in milliseconds of `performance.now()`. */
  readonly waitsFrom: number;
  /** The queue in which it waits, or null. */
  line: Line | null;
  ahead: Applicant | null;
  behind: Applicant | null;
  /** Its turn has come: it picks a target. Never throws. */
  proceed(): void;
}

export class Line {
  length = 0;
  first: Applicant | null = null;
  #last: Applicant | null = null;

  push(applicant: Applicant): void {
    applicant.line = this;
    applicant.ahead = this.#last;
    if (this.#last === null) this.first = applicant;
    else this.#last.behind = applicant;
    this.#last = applicant;
    this.length += 1;
  }

  remove(applicant: Applicant): void {
    const { ahead, behind } = applicant;
    if (ahead === null) this.first = behind;
    else ahead.behind = behind;
    if (behind === null) this.#last = ahead;
    else behind.ahead = ahead;
    applicant.line = null;
    applicant.ahead = null;
    applicant.behind = null;
    this.length -= 1;
  }
}
