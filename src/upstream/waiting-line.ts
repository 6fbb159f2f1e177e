/** Requests that wait for their turn, in order; each may leave from any place. */

/** A request that asks for its turn. It is itself the node of the line in which it waits. */
export interface Applicant {
  /** Who counts as one client. */
  readonly clientKey: string;
  /** The line in which it waits; null: none. */
  line: Line | null;
  ahead: Applicant | null;
  behind: Applicant | null;
  /** Its turn has come: it looks for a target. Never throws. */
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
