/**
 * Recorded decisions of all workers in one file, which only the supervisor writes. The head before a record is needed to read it, so a
 * record of another worker is preceded by its own head.
 */
import type { DecisionsConfig } from '../../config/config.ts';
import { DecisionFile, type DecisionFileOptions } from '../../telemetry/records/decision-file.ts';
import type { DecisionRecord } from '../record-decisions.ts';

type Parts = Pick<DecisionFileOptions, 'events' | 'log'>;

export class WorkerRecords {
  /** By worker. */
  readonly #heads = new WeakMap<object, object>();
  #file: DecisionFile | null = null;
  #head = '';

  open(settings: DecisionsConfig, parts: Parts): DecisionRecord {
    const file = new DecisionFile({ ...settings, ...parts });
    this.#file = file;
    this.#head = '';
    return {
      // Workers send their own heads.
      begin: () => {},
      hasRoom: false,
      write: () => {},
      close: () => {
        if (this.#file === file) this.#file = null;
        return file.close();
      },
    };
  }

  head(worker: object, head: object): void {
    this.#heads.set(worker, head);
  }

  /** False: there was no room. */
  record(worker: object, record: object): boolean {
    const file = this.#file;
    const head = this.#heads.get(worker);
    if (file === null || head === undefined || !file.hasRoom) return false;
    const text = JSON.stringify(head);
    if (text !== this.#head) file.begin(head);
    this.#head = text;
    file.write(record);
    return true;
  }
}
