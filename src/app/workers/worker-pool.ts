/**
 * The workers of a gateway: started together, each restarted when it ends, queried together, ended together. If one repeatedly ends at
 * once, the gateway gives up.
 */
import type { z } from 'zod';
import type { Address } from '../../config/config.ts';
import type { Logger } from '../../telemetry/log/logger.ts';
import { type Command, type Start, started } from './worker-messages.ts';
import { WorkerProcess, type WorkerProcessOptions } from './worker-process.ts';

export interface WorkerPoolOptions extends Omit<WorkerProcessOptions, 'lines' | 'killed'> {
  readonly count: number;
  readonly lines: (text: string) => void;
  readonly log: Logger;
  /** The start message of a worker, created when it starts; it also receives all later commands. */
  readonly begin: (number: number) => Start;
  /** Resolves when a worker may be started. */
  readonly settled: () => Promise<void>;
  /** A worker has ended. */
  readonly gone: (worker: WorkerProcess, number: number) => void;
  /** The gateway cannot continue; `why` is one line. */
  readonly giveUp: (why: string) => void;
}

/** The worker with this number, from 1, in any process. */
interface Slot {
  readonly number: number;
  readonly policy: RestartPolicy;
  worker: WorkerProcess | null;
  serving: boolean;
  timer: NodeJS.Timeout | null;
}

interface Responded<T> {
  readonly number: number;
  readonly worker: WorkerProcess;
  readonly response: T;
}

/** A worker that could not begin; `message` is for the person at the terminal. */
export class WorkerStartError extends Error {
  override readonly name = 'WorkerStartError';
}

const startMs = 30_000;

export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #slots: readonly Slot[];
  #restarts = 0;
  #ending = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#slots = Array.from({ length: options.count }, (_, index) => ({
      number: index + 1,
      policy: new RestartPolicy(),
      worker: null,
      serving: false,
      timer: null,
    }));
  }

  get restarts(): number {
    return this.#restarts;
  }

  get serving(): number {
    return this.#slots.filter(({ serving }) => serving).length;
  }

  /** Resolves when all of them listen; rejects with `WorkerStartError` if one cannot. */
  async start(): Promise<readonly Address[]> {
    const places = await Promise.all(this.#slots.map((slot) => this.#launch(slot)));
    for (const slot of this.#slots) void this.#watch(slot, performance.now());
    return places[0]!;
  }

  /** Sends a command to each worker, except `except`. Those that end before their response have none. */
  async requestAll<T>(
    command: Command,
    form: z.ZodType<T>,
    waitMs: number | null,
    except: WorkerProcess | null = null,
  ): Promise<Responded<T>[]> {
    return await this.#requestOf(this.#slots, command, form, waitMs, except);
  }

  /** The same for serving workers: a starting one has no data yet, and may take long to load. */
  async requestServing<T>(command: Command, form: z.ZodType<T>, waitMs: number): Promise<Responded<T>[]> {
    const serving = this.#slots.filter((slot) => slot.serving);
    return await this.#requestOf(serving, command, form, waitMs, null);
  }

  async #requestOf<T>(
    slots: readonly Slot[],
    command: Command,
    form: z.ZodType<T>,
    waitMs: number | null,
    except: WorkerProcess | null,
  ): Promise<Responded<T>[]> {
    const responses = slots.flatMap(({ number, worker }) => {
      if (worker === null || worker === except) return [];
      return [
        worker.request(command, form, waitMs).then(
          (response) => [{ number, worker, response }],
          () => [],
        ),
      ];
    });
    return (await Promise.all(responses)).flat();
  }

  /** From here on, their responses announce the end of their connections. */
  announceEnd(): void {
    for (const { worker } of this.#slots) worker?.announceEnd();
  }

  /** Ends all of them within a time, then kills the rest. False: some were killed. */
  async drain(withinMs: number): Promise<boolean> {
    this.#ending = true;
    for (const slot of this.#slots) if (slot.timer !== null) clearTimeout(slot.timer);
    const workers = this.#slots.flatMap(({ worker }) => (worker === null ? [] : [worker]));
    let clean = true;
    const timer = setTimeout(() => {
      clean = false;
      for (const worker of workers) worker.kill('it does not end');
    }, withinMs);
    for (const worker of workers) worker.drain();
    await Promise.all(workers.map(({ ended }) => ended));
    clearTimeout(timer);
    return clean;
  }

  killNow(): void {
    for (const { worker } of this.#slots) worker?.killNow();
  }

  /** Resolves when it listens. */
  async #launch(slot: Slot): Promise<readonly Address[]> {
    const { log, begin, gone } = this.#options;
    const { number } = slot;
    const worker = new WorkerProcess({
      ...this.#options,
      killed: (why, cause) => {
        const err = cause === undefined ? {} : { err: cause };
        log.error({ worker: number, pid: worker.pid, why, ...err }, 'worker killed');
      },
    });
    slot.worker = worker;
    void worker.ended.then(() => {
      slot.worker = null;
      slot.serving = false;
      gone(worker, number);
    });
    const response = await worker.request(begin(number), started, startMs).catch(async () => ({
      failed: `rolegate: worker ${number} ended before it could serve (${await worker.ended})`,
    }));
    if ('failed' in response) throw new WorkerStartError(response.failed);
    slot.serving = true;
    log.info({ worker: number, pid: worker.pid }, 'worker serves');
    return response.listening;
  }

  async #watch(slot: Slot, since: number): Promise<void> {
    const how = (await slot.worker?.ended) ?? 'at once';
    if (this.#ending) return;
    this.#next(slot, performance.now() - since, how);
  }

  #next(slot: Slot, livedMs: number, how: string): void {
    const { log, giveUp } = this.#options;
    const { number, policy } = slot;
    const delayMs = policy.ended(livedMs);
    if (delayMs === null) {
      const why = `worker ${number} ends at once, again and again (last: ${how})`;
      log.error({ worker: number, how }, 'a worker ends at once, again and again: giving up');
      giveUp(`rolegate: ${why}: the log says why`);
      return;
    }
    this.#restarts += 1;
    log.error({ worker: number, how, livedMs: Math.round(livedMs), restartInMs: delayMs }, 'worker ended');
    slot.timer = setTimeout(() => void this.#again(slot), delayMs);
  }

  async #again(slot: Slot): Promise<void> {
    slot.timer = null;
    await this.#options.settled();
    if (this.#ending) return;
    const since = performance.now();
    try {
      await this.#launch(slot);
    } catch (error) {
      const how = error instanceof WorkerStartError ? error.message : String(error);
      slot.worker?.kill('it cannot begin');
      await slot.worker?.ended;
      if (!this.#ending) this.#next(slot, performance.now() - since, how);
      return;
    }
    await this.#watch(slot, since);
  }
}

export interface RestartPolicyOptions {
  /** A worker that lived this long counts as stable. */
  readonly goodMs: number;
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** Number of consecutive short lives at which the gateway gives up. */
  readonly maxShort: number;
}

const usual: RestartPolicyOptions = { goodMs: 10_000, firstDelayMs: 100, maxDelayMs: 5_000, maxShort: 6 };

/** When an ended worker is restarted: at once after a stable life, with growing delays after short ones, then never. */
export class RestartPolicy {
  readonly #options: RestartPolicyOptions;
  #short = 0;

  constructor(options: RestartPolicyOptions = usual) {
    this.#options = options;
  }

  /** `livedMs`: since its start. Returns milliseconds to wait; null: do not restart it. */
  ended(livedMs: number): number | null {
    const { goodMs, firstDelayMs, maxDelayMs, maxShort } = this.#options;
    if (livedMs >= goodMs) this.#short = 0;
    this.#short += 1;
    if (this.#short >= maxShort) return null;
    return this.#short === 1 && livedMs >= goodMs ? 0 : Math.min(firstDelayMs * 2 ** (this.#short - 1), maxDelayMs);
  }
}
