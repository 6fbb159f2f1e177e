/** Recorded decisions of a worker on their way to the supervisor, which has the file. What does not get through is left out. */
import type { DecisionsConfig } from '../../config/config.ts';
import type { DecisionRecord } from '../record-decisions.ts';

/** Records on their way; beyond it the supervisor does not keep up. */
const mostUnsent = 256;

export class RecordsToSupervisor implements DecisionRecord {
  readonly #perSecond: number;
  readonly #tell: (news: object, sent: () => void) => void;
  #second = 0;
  #inSecond = 0;
  #unsent = 0;
  #closed = false;

  /** `sent` is called once the news is out, or cannot be. */
  constructor({ perSecond }: DecisionsConfig, tell: (news: object, sent: () => void) => void) {
    this.#perSecond = perSecond;
    this.#tell = tell;
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

  #send(news: object): void {
    this.#unsent += 1;
    this.#tell(news, () => {
      this.#unsent -= 1;
    });
  }
}
