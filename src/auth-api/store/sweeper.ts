/** Sweeps ended rows out of the store now and then, in small batches, without keeping the process alive. */
import type { AuthStore } from './auth-store.ts';

const batchRows = 500;

export interface Sweeper {
  /** Waits for a sweep under way. */
  close(): Promise<void>;
}

/** `failed` hears why a sweep did not work; the next one comes all the same. */
export function startSweeper(
  store: AuthStore,
  options: { readonly intervalMs: number; readonly now: () => number; readonly failed: (error: unknown) => void },
): Sweeper {
  let closed = false;
  let underWay: Promise<void> | null = null;

  async function sweep(): Promise<void> {
    try {
      // Requests take their turn between two batches.
      while (!closed && (await store.sweep(options.now(), batchRows)) >= batchRows) await yieldTurn();
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
