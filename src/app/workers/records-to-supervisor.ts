/** Sends recorded decisions of a worker to the supervisor, which has the file. Records are skipped if the supervisor is too slow. */
import type { DecisionsConfig } from '../../config/config.ts';
import type { DecisionRecord } from '../record-decisions.ts';

/** Maximum unsent records; beyond it the supervisor does not keep up. */
const mostUnsent = 256;

export class RecordsToSupervisor implements DecisionRecord {
  readonly #perSecond: number;
  readonly #notify: (notice: object, sent: () => void) => void;
  #second = 0;
  #inSecond = 0;
  #unsent = 0;
  #closed = false;

  /** `sent` is called once the notice is sent, or cannot be. */
  constructor({ perSecond }: DecisionsConfig, notify: (notice: object, sent: () => void) => void) {
    this.#perSecond = perSecond;
    this.#notify = notify;
  }

  begin(head: object): void {
    this.#send({ do: 'head', head });
  }

  get hasRoom(): boolean {
    const second = Math.floor(Date.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#inSecond = 0;
    }
    return !this.#closed && this.#inSecond < this.#perSecond && this.#unsent < mostUnsent;
  }

  write(record: object): void {
    this.#inSecond += 1;
    this.#send({ do: 'record', record });
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #send(notice: object): void {
    this.#unsent += 1;
    this.#notify(notice, () => {
      this.#unsent -= 1;
    });
  }
}
