/** Sweeps ended rows out of the store now and then, in small batches, without keeping the process alive. */
import type { AuthStore, CredentialEnded } from './auth-store.ts';

const batchRows = 500;

export interface Sweeper {
  /** Waits for a sweep under way. */
  close(): Promise<void>;
}

export interface SweeperOptions {
  readonly intervalMs: number;
  readonly now: () => number;
  /** Hears why a sweep did not work; the next one comes all the same. */
  readonly failed: (error: unknown) => void;
  /** Hears of each verified credential that a sweep found ended. */
  readonly ended?: CredentialEnded;
}

export function startSweeper(store: AuthStore, options: SweeperOptions): Sweeper {
  let closed = false;
  let underWay: Promise<void> | null = null;

  async function sweep(): Promise<void> {
    try {
      // Requests take their turn between two batches.
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
