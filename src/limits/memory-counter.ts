/**
 * Counts in this process. Memory is bounded per kind; beyond it, the key with the fewest attempts is evicted, the oldest first. So a flood
 * of made-up keys, which have one attempt each, evicts itself and no key near its limit.
 */
import type { AttemptCounter } from './attempt-counter.ts';

interface Window {
  endsAtMs: number;
  readonly lengthMs: number;
  attempts: number;
}

/** Keys with this many attempts or more are one level. */
const levels = 8;

/** `maxWindows` per kind: some hundred bytes each. `now`: milliseconds since the epoch. */
export function createMemoryCounter(now: () => number, maxWindows = 20_000): AttemptCounter {
  const kinds = new Map<string, AttemptWindows>();
  const windowsOf = (kind: string): AttemptWindows => {
    const known = kinds.get(kind) ?? new AttemptWindows(maxWindows);
    kinds.set(kind, known);
    return known;
  };
  return {
    async add(kind, key, windowMs) {
      const nowMs = now();
      const { attempts, endsAtMs } = windowsOf(kind).add(key, nowMs, windowMs);
      return { attempts, endsInMs: endsAtMs - nowMs };
    },
    async remove(kind, key) {
      windowsOf(kind).remove(key, now());
    },
    async forget(kind, key) {
      windowsOf(kind).take(key);
    },
    async attempts(kind, key) {
      return windowsOf(kind).attempts(key, now());
    },
  };
}

/** After the clock was set back, it is open no longer than a new one would be, not until the clock catches up. */
function isOpen(window: Window, nowMs: number): boolean {
  window.endsAtMs = Math.min(window.endsAtMs, nowMs + window.lengthMs);
  return window.endsAtMs > nowMs;
}

/** The windows of one kind. */
export class AttemptWindows {
  readonly #max: number;
  /** By attempts, the fewest first; within a level in order of arrival. */
  readonly #levels: readonly Map<string, Window>[] = Array.from({ length: levels }, () => new Map<string, Window>());
  #size = 0;

  constructor(max: number) {
    this.#max = max;
  }

  add(key: string, nowMs: number, windowMs: number): Window {
    const known = this.take(key);
    const live = known !== null && isOpen(known, nowMs);
    const window = live ? known : { endsAtMs: nowMs + windowMs, lengthMs: windowMs, attempts: 0 };
    window.attempts += 1;
    if (this.#size >= this.#max) this.#makeRoom(nowMs);
    this.#put(key, window);
    return window;
  }

  remove(key: string, nowMs: number): void {
    const known = this.take(key);
    if (known === null || !isOpen(known, nowMs) || known.attempts <= 1) return;
    known.attempts -= 1;
    this.#put(key, known);
  }

  /** In the open window; 0: there is none. */
  attempts(key: string, nowMs: number): number {
    for (const level of this.#levels) {
      const window = level.get(key);
      if (window !== undefined) return isOpen(window, nowMs) ? window.attempts : 0;
    }
    return 0;
  }

  take(key: string): Window | null {
    for (const level of this.#levels) {
      const window = level.get(key);
      if (window === undefined) continue;
      level.delete(key);
      this.#size -= 1;
      return window;
    }
    return null;
  }

  #put(key: string, window: Window): void {
    this.#levels[Math.min(window.attempts, levels) - 1]!.set(key, window);
    this.#size += 1;
  }

  /**
   * Expired windows first: otherwise keys of an earlier flood would leave no room for new ones. Several at once, because finding the first
   * key of a map skips over all deleted ones.
   */
  #makeRoom(nowMs: number): void {
    const enough = this.#max - Math.ceil(this.#max / 20);
    for (const level of this.#levels) {
      for (const [key, { endsAtMs }] of level) {
        if (endsAtMs > nowMs) break;
        this.take(key);
      }
    }
    for (const level of this.#levels) {
      for (const key of level.keys()) {
        if (this.#size <= enough) return;
        this.take(key);
      }
    }
  }
}
