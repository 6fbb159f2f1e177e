/** Periodically removes expired rows from the store, in small batches, without keeping the process alive. */
import type { AuthStore, CredentialEnded } from './auth-store.ts';

const batchRows = 500;

export interface Sweeper {
  /** Waits for the current sweep. */
  close(): Promise<void>;
}

export interface SweeperOptions {
  readonly intervalMs: number;
  readonly now: () => number;
  /** Called with the error of a failed sweep. The next one still runs. */
  readonly failed: (error: unknown) => void;
  /** Called for each verified credential that a sweep found expired. */
  readonly ended?: CredentialEnded;
}

export function startSweeper(store: AuthStore, options: SweeperOptions): Sweeper {
  let closed = false;
  let underWay: Promise<void> | null = null;

  async function sweep(): Promise<void> {
    try {
      // Lets requests run between two batches.
      while (!closed && (await store.sweep(options.now(), batchRows, options.ended)) >= batchRows) await yieldTurn();
    } catch (error) {
      options.failed(error);
    }
  }

  const timer = setInterval(() => {
    underWay ??= sweep().finally(() => {
      underWay = null;
    });
  }, options.intervalMs);
  timer.unref();
  return {
    async close() {
      closed = true;
      clearInterval(timer);
      await underWay;
    },
  };
}

function yieldTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
