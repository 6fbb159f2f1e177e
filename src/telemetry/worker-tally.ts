/** What the process that started the workers knows of them. */
import type { Sample } from './exposition.ts';
import type { MetricKey } from './metrics-catalog.ts';

export interface WorkerReadings {
  readonly serving: number;
  readonly restarts: number;
  /** By number of the worker, from 1. */
  readonly requests: readonly number[];
}

export class WorkerTally {
  #read: () => WorkerReadings | null = () => null;

  watch(read: () => WorkerReadings): void {
    this.#read = read;
  }

  *samples(): Generator<readonly [MetricKey, Iterable<Sample>]> {
    const readings = this.#read();
    const known = readings === null ? [] : [readings];
    yield ['workersServing', known.map(({ serving }) => ({ labels: [], value: serving }))];
    yield ['workerRestarts', known.map(({ restarts }) => ({ labels: [], value: restarts }))];
    yield [
      'workerRequests',
      known.flatMap(({ requests }) => requests.map((value, index) => ({ labels: [String(index + 1)], value }))),
    ];
  }
}
