/** Records decisions for `rolegate diff --replay`, as currently configured. */
import type { Config, DecisionsConfig } from '../config/config.ts';
import type { Policy } from '../core/decide.ts';
import { type Reads, type RecordHead, readsOf, recordOf } from '../policy-tools/replay/decision-record.ts';
import type { Decided } from '../policy-tools/shadow/decide-alike.ts';
import type { Logger } from '../telemetry/log/logger.ts';
import type { RecordEvents } from '../telemetry/metrics/decision-metrics.ts';
import { DecisionFile } from '../telemetry/records/decision-file.ts';
import type { DecisionWatcher } from './after-decision.ts';

/** The receiver of records: a file, or the process that has it. */
export type DecisionRecord = Pick<DecisionFile, 'begin' | 'hasRoom' | 'write' | 'close'>;
export type OpenRecord = (settings: DecisionsConfig) => DecisionRecord;

export class DecisionRecorder implements DecisionWatcher {
  readonly #open: OpenRecord;
  readonly #events: RecordEvents;
  active = false;
  #settings: DecisionsConfig | null = null;
  #file: DecisionRecord | null = null;
  #reads: Reads = { query: [], headers: [], client: false };

  constructor(
    log: Logger,
    events: RecordEvents,
    open: OpenRecord = (settings) => new DecisionFile({ ...settings, events, log }),
  ) {
    this.#open = open;
    this.#events = events;
  }

  /** Called at start and at each reload. */
  use({ decisions, routes }: Config): void {
    if (JSON.stringify(decisions) !== JSON.stringify(this.#settings)) {
      void this.#file?.close();
      this.#settings = decisions;
      this.#file = decisions === null ? null : this.#open(decisions);
      this.active = this.#file !== null;
    }
    this.#reads = readsOf(routes.routes);
    const head: RecordHead = { rolegate: 'decisions', version: 1, reads: this.#reads };
    this.#file?.begin(head);
  }

  look(decided: Decided, policy: Policy): void {
    const file = this.#file;
    if (file === null) return;
    if (!file.hasRoom) {
      this.missed();
      return;
    }
    const record = recordOf(decided, policy, this.#reads, Date.now());
    if (record !== null) file.write(record);
  }

  missed(): void {
    this.#events.recorded('skipped');
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    this.active = false;
    await file?.close();
  }
}
