/**
 * Counts attempts in this process: fixed windows, a bounded number of them for each limit, the oldest forgotten first.
 * Limits are apart, so that a flood of one kind (checks of keys that nobody has) does not open the others.
 */
import type { AttemptLimit, AttemptLimiter } from './attempt-limiter.ts';

interface Window {
  readonly endsAtMs: number;
  attempts: number;
}

/** `maxWindows` of each limit bounds the memory: some hundred bytes each. */
export function createMemoryLimiter(now: () => number, maxWindows = 20_000): AttemptLimiter {
  const byLimit = new Map<AttemptLimit, Map<string, Window>>();
  const windowsOf = (limit: AttemptLimit) => {
    const windows = byLimit.get(limit) ?? new Map<string, Window>();
    byLimit.set(limit, windows);
    return windows;
  };
  return {
    async attempt(key, limit) {
      const windows = windowsOf(limit);
      const nowMs = now();
      const known = windows.get(key);
      if (known !== undefined && known.endsAtMs > nowMs) {
        if (known.attempts >= limit.attempts) return Math.max(1, Math.ceil((known.endsAtMs - nowMs) / 1000));
        known.attempts += 1;
        return null;
      }
      // Removed before it is set again, so that a new window stands behind older ones.
      windows.delete(key);
      windows.set(key, { endsAtMs: nowMs + limit.windowMs, attempts: 1 });
      if (windows.size > maxWindows) forgetOldest(windows);
      return null;
    },
  };
}

function forgetOldest(windows: Map<string, Window>): void {
  const oldest = windows.keys().next();
  if (!oldest.done) windows.delete(oldest.value);
}
